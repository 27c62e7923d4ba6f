import { createHash } from 'node:crypto';
import {
  checkChoice,
  checkNumber,
  checkOptions,
  fingerprint,
  InvalidInputError,
  LONG_CALL_OPTIONS,
  type LongCallOptions,
  RandomStream,
  type Saveable,
} from '@palate/core';
import {
  AdamW,
  type BatchTensors,
  type CheckpointOptions,
  cosineSchedule,
  type EpochReport,
  ForwardPass,
  Parameters,
  selectBackend,
  train,
} from '@palate/nn';
import * as tf from '@tensorflow/tfjs-core';
import { flatInput, flatWidth } from '../ctr/backbone.js';
import { ctrBatch } from '../ctr/ctr-input.js';
import { type CtrEntities, checkEntities } from '../ctr/entities.js';
import type { CtrKnowledge } from '../ctr/knowledge-input.js';
import { scoreRows } from '../ctr/score-rows.js';
import {
  EntityInput,
  extendNetwork,
  loadNetwork,
  saveNetwork,
  type TrainedNetwork,
} from '../ctr/trained-network.js';
import type { CtrSamples } from '../features/ctr-samples.js';
import type { FeatureSet } from '../features/feature-set.js';
import { LIST_MODELS, type ListModelName } from './list-models.js';
import type { RerankLists } from './rerank-lists.js';
import { type RerankResult, rerankMetrics } from './rerank-metrics.js';

const KIND = 'reranker';

/** Options of {@link Reranker.fit}. */
export interface RerankerOptions extends LongCallOptions {
  readonly model: ListModelName;
  readonly features: FeatureSet;
  /** Knowledge for KAR; the list model alone without. */
  readonly knowledge?: CtrKnowledge;
  readonly validation?: RerankLists;
  /** Items of a history. Default 4. */
  readonly historyLength?: number;
  /** Width of a field's vector. Default 32. */
  readonly dimension?: number;
  /** Default 0.2. */
  readonly dropout?: number;
  /** Default 1e-3. */
  readonly learningRate?: number;
  /** Default 0.01. */
  readonly weightDecay?: number;
  /** Lists a step. Default 64. */
  readonly batchSize?: number;
  /** Most passes. Default 15. */
  readonly epochs?: number;
  /** Default 3. */
  readonly patience?: number;
  readonly checkpoint?: CheckpointOptions;
}

/** What a network is built from beside its entities. */
interface RerankConfig {
  readonly model: ListModelName;
  /** Entries of a list. */
  readonly length: number;
  readonly historyLength: number;
  readonly dimension: number;
  readonly dropout: number;
  readonly batchSize: number;
}

/** A list model over embedded features and augmented vectors. */
class ListNetwork {
  readonly parameters = new Parameters();
  /** Width of an entry. */
  readonly width: number;
  readonly #input: EntityInput;
  readonly #model: ReturnType<(typeof LIST_MODELS)[ListModelName]>;
  readonly #length: number;

  constructor(config: RerankConfig, entities: CtrEntities, seed: number) {
    const random = new RandomStream(seed).fork('reranker');
    const { dropout, length } = config;
    this.#input = new EntityInput(this.parameters, config, entities, random);
    this.width = flatWidth(this.#input.shape);
    this.#model = LIST_MODELS[config.model](
      this.parameters,
      this.width,
      length,
      random.fork('model'),
      dropout,
    );
    this.#length = length;
  }

  /** Scores of lists whose entries are the batch's rows, `[lists, length]`. */
  scores(batch: BatchTensors, pass: ForwardPass): tf.Tensor2D {
    const entries = flatInput(this.#input.apply(batch, pass));
    return this.#model.scores(tf.reshape(entries, [-1, this.#length, this.width]), pass);
  }
}

/**
 * A list-wise re-ranker on the features of click-through models, with or without KAR's augmented vectors: the softmax
 * over the list's scores is drawn towards its liked items.
 */
export class Reranker implements Saveable {
  /** Loss and validation of each epoch of the fit; empty after loading. */
  readonly history: readonly EpochReport[];
  /** Encoded features of the users and items that it knows. */
  readonly features: FeatureSet;
  readonly #trained: TrainedNetwork<RerankConfig, ListNetwork>;

  private constructor(trained: TrainedNetwork<RerankConfig, ListNetwork>, history: readonly EpochReport[]) {
    this.history = history;
    this.features = trained.entities.features;
    this.#trained = trained;
  }

  /** @throws InvalidInputError for unknown options or no lists */
  static async fit(lists: RerankLists, options: RerankerOptions): Promise<Reranker> {
    checkOptions('Reranker.fit', options, [
      ...LONG_CALL_OPTIONS,
      'model',
      'features',
      'knowledge',
      'validation',
      'historyLength',
      'dimension',
      'dropout',
      'learningRate',
      'weightDecay',
      'batchSize',
      'epochs',
      'patience',
      'checkpoint',
    ]);
    checkChoice('model', options.model, Object.keys(LIST_MODELS));
    if (lists.user.length === 0)
      throw new InvalidInputError({
        expected: 'lists to train on',
        received: 'none',
        hint: 'Check the split.',
      });
    const whole = (
      name: 'historyLength' | 'dimension' | 'batchSize' | 'epochs' | 'patience',
      fallback: number,
    ) => checkNumber(name, options[name] ?? fallback, { min: 1, integer: true });
    const { log, length } = lists;
    const config: RerankConfig = {
      model: options.model,
      length,
      historyLength: whole('historyLength', 4),
      dimension: whole('dimension', 32),
      dropout: checkNumber('dropout', options.dropout ?? 0.2, { min: 0, max: 0.9 }),
      batchSize: whole('batchSize', 64),
    };
    const { historyLength, batchSize } = config;
    const epochs = whole('epochs', 15);
    const { validation, signal, features, knowledge } = options;
    await selectBackend();
    const entities: CtrEntities = { users: log.users, items: log.items, features, knowledge };
    const network = new ListNetwork(config, entities, options.seed ?? 0);
    const { parameters } = network;
    const reranker = (history: readonly EpochReport[]): Reranker =>
      new Reranker({ network, config, entities, dataFingerprint: fingerprint(log) }, history);
    const entries = entriesOf(lists);
    const steps = Math.ceil(lists.user.length / batchSize);
    const optimiser = new AdamW({ weightDecay: options.weightDecay ?? 0.01 });
    try {
      const { history } = await train({
        parameters,
        optimiser,
        schedule: cosineSchedule(options.learningRate ?? 1e-3, steps * epochs, {
          warmUp: Math.ceil(steps / 4),
        }),
        epochs,
        clipNorm: 5,
        seed: options.seed ?? 0,
        identity: createHash('sha256')
          .update(JSON.stringify([fingerprint(log), options.model, epochs, batchSize, options.seed ?? 0]))
          .update(JSON.stringify([knowledge?.adaptor ?? null, network.width]))
          .update(new Uint8Array(lists.item.buffer, lists.item.byteOffset, lists.item.byteLength))
          .digest('hex'),
        batches: (_, stream) => {
          const order = stream.fork('order').shuffle(Int32Array.from(lists.user.keys()));
          return Array.from(
            { length: steps },
            (__, index) => () =>
              ctrBatch(
                entries,
                expand(order.subarray(index * batchSize, (index + 1) * batchSize), length),
                batchSize * length,
                historyLength,
              ),
          );
        },
        loss: (batch, pass) => listLoss(network.scores(batch, pass), batch, length),
        ...(validation
          ? {
              validate: async () => {
                const { map, ndcg } = await reranker([]).evaluate(validation);
                return { 'map@7': map[7] ?? 0, 'ndcg@7': ndcg[7] ?? 0 };
              },
              earlyStopping: { metric: 'ndcg@7', patience: whole('patience', 3) },
            }
          : {}),
        ...(signal ? { signal } : {}),
        ...(options.onProgress ? { onProgress: options.onProgress } : {}),
        ...(options.checkpoint ? { checkpoint: options.checkpoint } : {}),
      });
      return reranker(history);
    } finally {
      optimiser.dispose();
    }
  }

  /**
   * Scores of every entry, row-major.
   *
   * @throws InvalidInputError if the lists are of another length, or their log has other users or items
   */
  async score(lists: RerankLists): Promise<Float32Array> {
    const { network, config, entities } = this.#trained;
    const { length, batchSize, historyLength } = config;
    if (lists.length !== length)
      throw new InvalidInputError({
        expected: `lists of ${length} items, as in training`,
        received: `lists of ${lists.length}`,
        hint: 'Cut or fill the lists, or train on such.',
      });
    checkEntities(lists.log, entities);
    await selectBackend();
    const entries = entriesOf(lists);
    return scoreRows(
      lists.user.length,
      batchSize,
      length,
      (positions, size) => ctrBatch(entries, expand(positions, length), size * length, historyLength),
      (batch) => network.scores(batch, ForwardPass.inference()),
    );
  }

  /** MAP and NDCG at 1, 3, 5 and 7. */
  async evaluate(lists: RerankLists): Promise<RerankResult> {
    return rerankMetrics(await this.score(lists), lists.label, lists.length);
  }

  /**
   * The same weights over other users and items, so that new ones are served without training again.
   *
   * @param entities - all that shall be known; features by `encodeFeaturesLike`, knowledge of the widths of the fit
   * @throws InvalidInputError if features or knowledge are of another shape
   */
  async extend(entities: CtrEntities): Promise<Reranker> {
    return new Reranker(await extendNetwork(this.#trained, entities, ListNetwork), this.history);
  }

  save(dir: string): Promise<void> {
    return saveNetwork(dir, KIND, this.#trained);
  }

  /** @throws ArtifactError if the folder is missing, foreign or damaged */
  static async load(dir: string): Promise<Reranker> {
    return new Reranker(await loadNetwork<RerankConfig, ListNetwork>(dir, KIND, ListNetwork), []);
  }
}

/** Entries of lists as samples, one after the other. */
function entriesOf({ log, liked, user, place, item, label, length }: RerankLists): CtrSamples {
  const at = (values: Int32Array): Int32Array =>
    Int32Array.from({ length: item.length }, (_, entry) => values[Math.floor(entry / length)]!);
  return { log, liked, user: at(user), place: at(place), item, label };
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
