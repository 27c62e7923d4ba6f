import { createHash } from 'node:crypto';
import {
  checkNumber,
  checkOptions,
  fingerprint,
  type InteractionLog,
  InvalidInputError,
  LONG_CALL_OPTIONS,
  type LongCallOptions,
  RandomStream,
} from '@palate/core';
import {
  AdamW,
  type Batch,
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
import { batchTensors, CtrEmbedding, ctrBatch } from '../ctr/ctr-input.js';
import { type CtrKnowledge, KnowledgeInput } from '../ctr/knowledge-input.js';
import type { CtrSamples } from '../features/ctr-samples.js';
import type { FeatureSet } from '../features/feature-set.js';
import { LIST_MODELS, type ListModelName } from './list-models.js';
import type { RerankLists } from './rerank-lists.js';
import { type RerankResult, rerankMetrics } from './rerank-metrics.js';

/** Options of {@link Reranker.fit}. */
export interface RerankerOptions extends LongCallOptions {
  readonly model: ListModelName;
  readonly features: FeatureSet;
  /** Knowledge for KAR; the list model alone without. */
  readonly knowledge?: CtrKnowledge;
  readonly validation?: RerankLists;
  /** For each row of the log 1 where it counts as liked, for histories. */
  readonly liked: Uint8Array;
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

/**
 * A list-wise re-ranker on the features of click-through models, with or without KAR's augmented vectors: the softmax
 * over the list's scores is drawn towards its liked items.
 */
export class Reranker {
  /** Loss and validation of each epoch. */
  readonly history: readonly EpochReport[];
  readonly #score: (lists: RerankLists) => Promise<Float32Array>;

  private constructor(history: readonly EpochReport[], score: (lists: RerankLists) => Promise<Float32Array>) {
    this.history = history;
    this.#score = score;
  }

  /**
   * @param log - what lists and histories refer to
   * @throws InvalidInputError for unknown options or no lists
   */
  static async fit(log: InteractionLog, lists: RerankLists, options: RerankerOptions): Promise<Reranker> {
    checkOptions('Reranker.fit', options, [
      ...LONG_CALL_OPTIONS,
      'model',
      'features',
      'knowledge',
      'validation',
      'liked',
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
    const { length } = lists;
    const historyLength = whole('historyLength', 4);
    const dropout = checkNumber('dropout', options.dropout ?? 0.2, { min: 0, max: 0.9 });
    const batchSize = whole('batchSize', 64);
    const epochs = whole('epochs', 15);
    const { validation, liked, signal } = options;
    await selectBackend();
    const random = new RandomStream(options.seed ?? 0).fork('reranker');
    const parameters = new Parameters();
    const embedding = new CtrEmbedding(
      parameters,
      options.features,
      whole('dimension', 32),
      historyLength,
      random.fork('features'),
    );
    const augmented = new KnowledgeInput(parameters, log, options.knowledge, random.fork('adaptor'));
    const width = flatWidth({ ...embedding.shape, extra: augmented.width });
    const model = LIST_MODELS[options.model](parameters, width, length, random.fork('model'), dropout);
    const scores = (batch: BatchTensors, pass: ForwardPass): tf.Tensor2D => {
      const input = embedding.apply(batch, pass, dropout, augmented.apply(batch, pass));
      return model.scores(tf.reshape(flatInput(input), [-1, length, width]), pass);
    };
    const batchOf = (given: RerankLists, positions: ArrayLike<number>): Batch =>
      ctrBatch(entriesOf(log, given), expand(positions, length), batchSize * length, historyLength, liked);
    const score = (given: RerankLists) => scoreAll(given, batchOf, scores, batchSize, length);
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
          .update(JSON.stringify([options.knowledge?.adaptor ?? null, width]))
          .update(new Uint8Array(lists.item.buffer, lists.item.byteOffset, lists.item.byteLength))
          .digest('hex'),
        batches: (_, stream) => {
          const order = stream.fork('order').shuffle(Int32Array.from(lists.user.keys()));
          return Array.from(
            { length: steps },
            (__, index) => () => batchOf(lists, order.subarray(index * batchSize, (index + 1) * batchSize)),
          );
        },
        loss: (batch, pass) => listLoss(scores(batch, pass), batch, length),
        ...(validation
          ? {
              validate: async () => {
                const { map, ndcg } = rerankMetrics(await score(validation), validation.label, length);
                return { 'map@7': map[7] ?? 0, 'ndcg@7': ndcg[7] ?? 0 };
              },
              earlyStopping: { metric: 'ndcg@7', patience: whole('patience', 3) },
            }
          : {}),
        ...(signal ? { signal } : {}),
        ...(options.onProgress ? { onProgress: options.onProgress } : {}),
        ...(options.checkpoint ? { checkpoint: options.checkpoint } : {}),
      });
      return new Reranker(history, score);
    } finally {
      optimiser.dispose();
    }
  }

  /** Scores of every entry, row-major. */
  score(lists: RerankLists): Promise<Float32Array> {
    return this.#score(lists);
  }

  /** MAP and NDCG at 1, 3, 5 and 7. */
  async evaluate(lists: RerankLists): Promise<RerankResult> {
    return rerankMetrics(await this.#score(lists), lists.label, lists.length);
  }
}

/** Entries of lists as samples, one after the other. */
function entriesOf(log: InteractionLog, lists: RerankLists): CtrSamples {
  const at = (values: Int32Array): Int32Array =>
    Int32Array.from({ length: lists.item.length }, (_, entry) => values[Math.floor(entry / lists.length)]!);
  return { log, user: at(lists.user), place: at(lists.place), item: lists.item, label: lists.label };
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

async function scoreAll(
  lists: RerankLists,
  batchOf: (lists: RerankLists, positions: ArrayLike<number>) => Batch,
  scores: (batch: BatchTensors, pass: ForwardPass) => tf.Tensor2D,
  batchSize: number,
  length: number,
): Promise<Float32Array> {
  const result = new Float32Array(lists.item.length);
  for (let from = 0; from < lists.user.length; from += batchSize) {
    const positions = Int32Array.from(
      { length: Math.min(batchSize, lists.user.length - from) },
      (_, k) => from + k,
    );
    const batch = batchOf(lists, positions);
    const values = tf.tidy(() => scores(batchTensors(batch), ForwardPass.inference()));
    result.set((await values.data<'float32'>()).subarray(0, positions.length * length), from * length);
    values.dispose();
  }
  return result;
}
