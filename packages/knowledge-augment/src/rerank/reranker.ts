import {
  ArtifactError,
  checkRanking,
  InvalidInputError,
  type Query,
  RandomStream,
  type Ranker,
  type RetrieveOptions,
  type ScoredItem,
} from '@palate/core';
import {
  type BatchTensors,
  type EpochReport,
  ForwardPass,
  fitNetwork,
  type Parameters,
  shuffledBatches,
} from '@palate/nn';
import * as tf from '@tensorflow/tfjs-core';
import { ctrBatch } from '../ctr/ctr-batch.js';
import type { CtrInput } from '../ctr/ctr-input.js';
import type { CtrEntities } from '../ctr/entities.js';
import { EntityInput } from '../ctr/entity-input.js';
import {
  beginFit,
  EntityModel,
  type EntityModelKind,
  entityTraining,
  loadTrained,
} from '../ctr/entity-model.js';
import { flatInput, flatWidth } from '../ctr/flat-input.js';
import { bestOf, requestOf } from '../ctr/rank-requests.js';
import { RequestRows } from '../ctr/score-request.js';
import { scoreRows } from '../ctr/score-rows.js';
import { ServedStep } from '../ctr/served-step.js';
import type { TrainedNetwork } from '../ctr/trained-network.js';
import { type Upserts, withUpserts } from '../ctr/upsert-entities.js';
import type { CtrSamples } from '../features/ctr-samples.js';
import { LIST_MODELS, type ListModelName } from './list-models.js';
import type { RerankLists } from './rerank-lists.js';
import { type RerankResult, rerankMetrics } from './rerank-metrics.js';
import { RERANKER, type RerankerConfig, type RerankerOptions } from './reranker-options.js';

/** A list model over embedded features and augmented vectors. */
class ListNetwork {
  readonly parameters: Parameters;
  /** Width of an entry. */
  readonly width: number;
  readonly input: EntityInput;
  readonly #model: ReturnType<(typeof LIST_MODELS)[ListModelName]>;
  readonly #length: number;
  readonly #served: ServedStep;

  constructor(parameters: Parameters, config: RerankerConfig, entities: CtrEntities, seed: number) {
    const random = new RandomStream(seed).fork('reranker');
    const { dropout, length } = config;
    this.parameters = parameters;
    this.input = new EntityInput(this.parameters, config, entities, random);
    this.width = flatWidth(this.input.shape);
    const { itemWidth } = this.input.shape;
    this.#model = LIST_MODELS[config.model](
      this.parameters,
      { width: this.width, itemWidth, length },
      random.fork('model'),
      dropout,
    );
    this.#length = length;
    this.#served = new ServedStep(this.input, (batch) =>
      this.#scores(batch, this.input.serve(batch), ForwardPass.inference()),
    );
  }

  /** Scores of lists whose entries are the batch's rows, `[lists, length]`. */
  scores(batch: BatchTensors, pass: ForwardPass): tf.Tensor2D {
    return this.#scores(batch, this.input.apply(batch, pass), pass);
  }

  /** As {@link scores} without dropout, from stored vectors. */
  serve(batch: BatchTensors): tf.Tensor {
    return this.#served.scores(batch);
  }

  #scores(batch: BatchTensors, input: CtrInput, pass: ForwardPass): tf.Tensor2D {
    const length = this.#length;
    const [, met = 0] = input.present.shape;
    const { itemWidth } = this.input.shape;
    // All entries of a list have one history.
    const first = (x: tf.Tensor, shape: readonly number[]): tf.Tensor =>
      tf.squeeze(tf.slice(tf.reshape(x, [-1, length, ...shape]), [0, 0], [-1, 1]), [1]);
    return this.#model.scores(
      {
        entries: tf.reshape(flatInput(input), [-1, length, this.width]),
        present: tf.reshape(batch.weight as tf.Tensor, [-1, length]),
        items: tf.reshape(input.target, [-1, length, itemWidth]),
        history: first(input.history, [met, itemWidth]),
        met: first(input.present, [met]) as tf.Tensor2D,
      },
      pass,
    );
  }
}

const KIND: EntityModelKind<RerankerConfig, ListNetwork> = {
  artifact: 'reranker',
  noun: 're-ranker',
  Network: ListNetwork,
  saved: ({ length, ...settings }) => ({ settings: RERANKER.saved(settings), length }),
  restored,
  widthsOf: ({ dimension }) => [dimension],
};

/**
 * A list-wise re-ranker on the features of click-through models, with or without KAR's augmented vectors: the softmax
 * over the list's scores is drawn towards its liked items.
 */
export class Reranker extends EntityModel<RerankerConfig, ListNetwork> implements Ranker {
  /** Name of the list model, and whether it has knowledge. */
  readonly name: string;

  private constructor(trained: TrainedNetwork<RerankerConfig, ListNetwork>, history: readonly EpochReport[]) {
    super(KIND, trained, history);
    this.name = `${trained.config.model}${trained.entities.knowledge ? ' with KAR' : ''}`;
  }

  /**
   * @throws InvalidInputError for unknown options, no lists, or features and vectors that do not fit the log
   * @throws LeakError for knowledge that knows a list that it helps to order; with a validation also for knowledge that
   * does not say what it knows
   */
  static async fit(lists: RerankLists, options: RerankerOptions): Promise<Reranker> {
    const settings = RERANKER.settings(options);
    const { log, length, user } = lists;
    const [unread] = settings.features.context;
    if (unread)
      throw new InvalidInputError({
        expected: 'features of users and items',
        received: `the context ${unread.declaration.name}`,
        hint: 'Lists have no context: give re-rankers features without it.',
      });
    const config: RerankerConfig = { ...settings, length };
    const { validation, historyLength, batchSize } = config;
    const trained = await beginFit(
      KIND,
      config,
      {
        log,
        count: user.length,
        of: 'lists',
        met: metBy(lists),
        validation: validation && metBy(validation),
      },
      options,
    );
    const { network } = trained;
    const entries = entriesOf(lists);
    const history = await fitNetwork({
      parameters: network.parameters,
      settings: config,
      options,
      identity: RERANKER.identity(settings, options.seed ?? 0, lists),
      ...entityTraining(config),
      batches: (_, random) =>
        shuffledBatches(Int32Array.from(user.keys()), batchSize, random, (rows) =>
          ctrBatch(entries, expand(rows, length), batchSize * length, historyLength),
        ),
      loss: (batch, pass) => listLoss(network.scores(batch, pass), batch, length),
      validation: validation && {
        measure: async () => {
          const { map, ndcg } = await new Reranker(trained, []).evaluate(validation);
          network.input.forget();
          return { 'map@7': map[7] ?? 0, 'ndcg@7': ndcg[7] ?? 0 };
        },
        stopBy: 'ndcg@7',
      },
    });
    return new Reranker(trained, history);
  }

  /**
   * Scores of every entry, row-major.
   *
   * @throws InvalidInputError if the lists are of another length, or their log has other users or items
   */
  async score(lists: RerankLists): Promise<Float32Array> {
    const { network, config } = this.trained;
    const { length, batchSize, historyLength } = config;
    if (lists.length !== length)
      throw new InvalidInputError({
        expected: `lists of ${length} items, as in training`,
        received: `lists of ${lists.length}`,
        hint: 'Cut or fill the lists, or train on lists of this length.',
      });
    await this.prepare(lists.log);
    const entries = entriesOf(lists);
    return scoreRows(
      lists.user.length,
      batchSize,
      length,
      (positions, size) => ctrBatch(entries, expand(positions, length), size * length, historyLength),
      (batch) => network.serve(batch),
    );
  }

  /**
   * Orders the first candidates of each query, as many as the lists of the training had; what comes behind them stays
   * behind. Ratings of a query's history say what was liked where the samples of the fit were told `above`; all of it was
   * clicked otherwise.
   */
  async rank(
    queries: readonly Query[],
    candidates: readonly (readonly ScoredItem[])[],
    k: number,
    options: RetrieveOptions = {},
  ): Promise<ScoredItem[][]> {
    const { network, config, entities, above } = this.trained;
    checkRanking({ name: this.name, itemCount: entities.items.size }, queries, candidates, k, options);
    await this.store();
    const { length, batchSize, historyLength } = config;
    const requests = queries.map((query, at) =>
      requestOf(query, (candidates[at] ?? []).slice(0, length), above),
    );
    const rows = new RequestRows(requests, entities, []);
    const scores = await scoreRows(
      requests.length,
      batchSize,
      length,
      (positions, size) => rows.lists(positions, size, length, historyLength),
      (batch) => network.serve(batch),
    );
    return requests.map((request, at) => {
      const own = scores.slice(at * length, at * length + request.candidates.length);
      const ordered = bestOf(request.candidates, own, length);
      const last = ordered.at(-1)?.score ?? 0;
      const behind = (candidates[at] ?? [])
        .slice(length)
        .map(({ item }, rank): ScoredItem => ({ item, score: last - 1 - rank }));
      return [...ordered, ...behind].slice(0, k);
    });
  }

  /**
   * MAP and NDCG at 1, 3, 5 and 7.
   *
   * @throws LeakError if the model's knowledge knows what a list asks about, or does not say what it knows
   */
  async evaluate(lists: RerankLists): Promise<RerankResult> {
    this.checkLeaks(metBy(lists));
    return rerankMetrics(await this.score(lists), lists.label, lists.length);
  }

  /**
   * The same weights over other users and items, so that new ones are served without training again.
   *
   * @param entities - all that shall be known; features by `encodeFeaturesLike`, knowledge of the widths of the fit
   * @throws InvalidInputError if features or knowledge are of another shape
   */
  async extend(entities: CtrEntities): Promise<Reranker> {
    return new Reranker(await this.extended(entities), this.history);
  }

  /**
   * The same weights with users or items added or replaced: the indexes of those known stay.
   *
   * @throws InvalidInputError for columns or vectors that do not fit
   */
  async upsert(changes: Upserts): Promise<Reranker> {
    return this.extend(withUpserts(this.trained.entities, changes));
  }

  /** @throws ArtifactError if the folder is missing, foreign or damaged */
  static async load(dir: string): Promise<Reranker> {
    return new Reranker(await loadTrained(dir, KIND), []);
  }
}

function restored(dir: string, config: unknown): RerankerConfig {
  const { settings, length } = (config ?? {}) as { readonly settings?: unknown; readonly length?: unknown };
  if (!(Number.isInteger(length) && (length as number) >= 2 && (length as number) <= 10_000))
    throw new ArtifactError(dir, {
      expected: 'the length of the lists in the manifest, from 2 to 10,000',
      received: JSON.stringify(length) ?? 'none',
      hint: 'The artifact was changed or written by another version: restore it, or fit again.',
    });
  return { ...RERANKER.restored(dir, settings), length: length as number };
}

/** Finds what of the lists their users really met, from the list's position on: the items that they are made from. */
function metBy({
  log,
  user,
  position,
  past,
  item,
  length,
  above,
}: RerankLists): Pick<CtrSamples, 'log' | 'user' | 'position' | 'above'> {
  // Lists of requests ask about candidates, whatever their users did later.
  if (past) return { log, user: new Int32Array(0), position: new Int32Array(0), above };
  const { offsets, item: met } = log.byUser();
  const users: number[] = [];
  const positions: number[] = [];
  for (const [list, own] of user.entries()) {
    const within = new Set(item.subarray(list * length, (list + 1) * length));
    for (let at = position[list]!; offsets[own]! + at < offsets[own + 1]!; at++) {
      if (!within.has(met[offsets[own]! + at]!)) continue;
      users.push(own);
      positions.push(at);
    }
  }
  return { log, user: Int32Array.from(users), position: Int32Array.from(positions), above };
}

/** Entries of lists as samples, one after the other. */
function entriesOf({ log, liked, user, position, past, item, label, length }: RerankLists): CtrSamples {
  const at = (values: Int32Array): Int32Array =>
    Int32Array.from({ length: item.length }, (_, entry) => values[Math.floor(entry / length)]!);
  return { log, liked, user: at(user), position: at(position), past: past && at(past), item, label };
}

function expand(positions: ArrayLike<number>, length: number): Int32Array {
  return Int32Array.from(
    { length: positions.length * length },
    (_, k) => positions[Math.floor(k / length)]! * length + (k % length),
  );
}

/** Cross-entropy of the list's softmax against its liked items, each with an equal share. */
function listLoss(scores: tf.Tensor2D, batch: BatchTensors, length: number): tf.Scalar {
  const { label, weight } = batch as Record<'label' | 'weight', tf.Tensor>;
  const liked = tf.mul(tf.reshape(label, [-1, length]), tf.reshape(weight, [-1, length]));
  const share = tf.div(liked, tf.maximum(tf.sum(liked, 1, true), 1));
  const lists = tf.maximum(tf.sum(tf.cast(tf.greater(tf.sum(liked, 1), 0), 'float32')), 1);
  return tf.div(tf.neg(tf.sum(tf.mul(tf.logSoftmax(scores), share))), lists) as tf.Scalar;
}
