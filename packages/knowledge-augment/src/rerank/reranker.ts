import { createHash } from 'node:crypto';
import {
  checkNumber,
  checkOptions,
  fingerprint,
  InvalidInputError,
  LONG_CALL_OPTIONS,
  type LongCallOptions,
  RandomStream,
  readArtifact,
  type Saveable,
  writeArtifact,
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
import { CtrEmbedding, ctrBatch } from '../ctr/ctr-input.js';
import {
  type CtrEntities,
  checkEntities,
  checkSameShape,
  entityContents,
  readEntities,
  withAdaptorOf,
} from '../ctr/entities.js';
import { type CtrKnowledge, KnowledgeInput } from '../ctr/knowledge-input.js';
import { scoreRows } from '../ctr/score-rows.js';
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
  readonly #embedding: CtrEmbedding;
  readonly #augmented: KnowledgeInput;
  readonly #model: ReturnType<(typeof LIST_MODELS)[ListModelName]>;
  readonly #config: RerankConfig;

  constructor(config: RerankConfig, entities: CtrEntities, seed: number) {
    const random = new RandomStream(seed).fork('reranker');
    const { parameters } = this;
    const { dimension, historyLength, dropout, length } = config;
    this.#config = config;
    this.#embedding = new CtrEmbedding(
      parameters,
      entities.features,
      dimension,
      historyLength,
      random.fork('features'),
    );
    this.#augmented = new KnowledgeInput(parameters, entities, entities.knowledge, random.fork('adaptor'));
    this.width = flatWidth({ ...this.#embedding.shape, extra: this.#augmented.width });
    this.#model = LIST_MODELS[config.model](parameters, this.width, length, random.fork('model'), dropout);
  }

  /** Scores of lists whose entries are the batch's rows, `[lists, length]`. */
  scores(batch: BatchTensors, pass: ForwardPass): tf.Tensor2D {
    const input = this.#embedding.apply(
      batch,
      pass,
      this.#config.dropout,
      this.#augmented.apply(batch, pass),
    );
    return this.#model.scores(tf.reshape(flatInput(input), [-1, this.#config.length, this.width]), pass);
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
  readonly #network: ListNetwork;
  readonly #config: RerankConfig;
  readonly #entities: CtrEntities;
  readonly #dataFingerprint: string;

  private constructor(
    network: ListNetwork,
    config: RerankConfig,
    entities: CtrEntities,
    history: readonly EpochReport[],
    dataFingerprint: string,
  ) {
    this.history = history;
    this.features = entities.features;
    this.#network = network;
    this.#config = config;
    this.#entities = entities;
    this.#dataFingerprint = dataFingerprint;
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
    const isKnown = Object.hasOwn(LIST_MODELS, options.model);
    if (!isKnown || lists.user.length === 0)
      throw new InvalidInputError({
        expected: `lists to train on and a model among ${Object.keys(LIST_MODELS).join(', ')}`,
        received: isKnown ? 'no lists' : JSON.stringify(options.model),
        mend: 'Check the split, or choose another model.',
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
      new Reranker(network, config, entities, history, fingerprint(log));
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
    const { length, batchSize, historyLength } = this.#config;
    if (lists.length !== length)
      throw new InvalidInputError({
        expected: `lists of ${length} items, as in training`,
        received: `lists of ${lists.length}`,
        mend: 'Cut or fill the lists, or train on such.',
      });
    checkEntities(lists.log, this.#entities);
    await selectBackend();
    const entries = entriesOf(lists);
    return scoreRows(
      lists.user.length,
      batchSize,
      length,
      (positions, size) => ctrBatch(entries, expand(positions, length), size * length, historyLength),
      (batch) => this.#network.scores(batch, ForwardPass.inference()),
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
    const whole = withAdaptorOf(this.#entities, entities);
    checkSameShape(this.#entities, whole);
    await selectBackend();
    const network = new ListNetwork(this.#config, whole, 0);
    network.parameters.assign(await this.#network.parameters.values(), 'the re-ranker that is extended');
    return new Reranker(network, this.#config, whole, this.history, this.#dataFingerprint);
  }

  async save(dir: string): Promise<void> {
    const { tensors, files } = entityContents(this.#entities);
    await writeArtifact(dir, {
      kind: KIND,
      version: 1,
      config: this.#config,
      dataFingerprint: this.#dataFingerprint,
      tensors: { ...tensors, ...(await this.#network.parameters.values()) },
      files,
    });
  }

  /** @throws ArtifactError if the folder is missing, foreign or damaged */
  static async load(dir: string): Promise<Reranker> {
    const artifact = await readArtifact(dir, KIND, 1);
    const config = artifact.manifest.config as RerankConfig;
    const entities = readEntities(dir, artifact);
    await selectBackend();
    const network = new ListNetwork(config, entities, 0);
    network.parameters.assign(artifact.tensors, dir);
    return new Reranker(network, config, entities, [], artifact.manifest.dataFingerprint ?? '');
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
