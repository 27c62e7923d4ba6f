import {
  checkValidationUnseen,
  type Dataset,
  defineOptions,
  edgePriorOf,
  edgePriorOptions,
  InvalidInputError,
  type LongCallOptions,
  type OptionsOf,
  option,
  type Provenance,
  type RandomStream,
  restoredWithEdges,
  type SettingsOf,
  withEdgeProvenance,
} from '@palate/core';
import {
  type Batch,
  type BatchTensors,
  batchByLength,
  binaryCrossEntropy,
  bucketLengths,
  catalogueCrossEntropy,
  crossEntropyAmong,
  type ForwardPass,
  generalisedBce,
  sampledSoftmax,
} from '@palate/nn';
import * as tf from '@tensorflow/tfjs-core';
import { EDGE_STRENGTH, TaskWithEdges } from './edge-prior.js';
import type { SequenceKind } from './encode-histories.js';
import { type EncoderTask, fitEncoder } from './fit-encoder.js';
import { SEQUENTIAL } from './options.js';
import type { SequenceEncoder } from './sequence-encoder.js';
import { SequenceModel } from './sequence-model.js';
import { loadEncoder, type TrainedEncoder } from './stored-encoder.js';

/** How SASRec learns what comes next. */
export type SasRecLoss = 'cross-entropy' | 'bce' | 'gbce' | 'sampled-softmax';

const LOSSES: readonly SasRecLoss[] = ['cross-entropy', 'bce', 'gbce', 'sampled-softmax'];

/** Options of {@link SasRec.fit}. */
export const SASREC = defineOptions('SasRec.fit', {
  ...SEQUENTIAL,
  loss: option.choice(LOSSES)({
    default: 'cross-entropy',
    doc: "`'cross-entropy'` ranks the next item against the whole catalogue; `'bce'` is the original paper's, against one random item; `'gbce'` calibrates BCE for sampling (Petrov and Macdonald 2023); `'sampled-softmax'` ranks against random items",
  }),
  negatives: option.integer({ min: 1, max: 65_536 })({
    default: ({ loss }) => (loss === 'bce' ? 1 : 128),
    defaultText: "1 for `'bce'`, 128 for the others",
    doc: 'random items a position, for the sampled losses',
  }),
  calibration: option.number({ min: 0, max: 1 })({
    default: 0.75,
    doc: 'calibration of gBCE, from 0 (BCE) to 1',
  }),
  windows: option.choice(['newest', 'random'])({
    default: 'newest',
    doc: "what a pass reads of a history longer than `maxLength`: its `'newest'` items, or a stretch at a `'random'` position, another in each pass, so that old items teach too",
  }),
  competitors: option.choice(['all', 'unseen'])({
    default: 'all',
    doc: "what the next item is ranked against by `'cross-entropy'`: `'all'` items, or those `'unseen'` by the user, since lists leave the others out",
  }),
  ...edgePriorOptions({
    strength:
      'weight of the mean of `w |e_i - e_j|^2` over the edges, which draws the vectors of joined items together',
    default: EDGE_STRENGTH,
  }),
});

/** Options of {@link SasRec.fit}; {@link SASREC} says what each does. */
export type SasRecOptions = OptionsOf<typeof SASREC.declarations> & LongCallOptions;

type Config = SettingsOf<typeof SASREC.declarations>;

const KIND: SequenceKind = { artifact: 'sasrec', name: 'SASRec', causal: true, hasEndToken: false };

/**
 * SASRec (Kang and McAuley 2018): a causal transformer over a user's items that predicts, at every position, the next
 * one; scores are inner products with the item vectors.
 *
 * With full cross-entropy it is the strong baseline of later studies; with `'bce'` the original. Edges between items
 * are a prior on the item vectors: `edgeStrength` times the mean of `w |e_i - e_j|^2` joins the loss.
 */
export class SasRec extends SequenceModel {
  readonly name: string;
  readonly provenance?: Provenance;

  private constructor(trained: TrainedEncoder<Config>, provenance: Provenance | undefined) {
    const { loss, edgeStrength = EDGE_STRENGTH } = trained.config;
    super(KIND, trained, withEdgeProvenance(SASREC.saved(trained.config), provenance, edgeStrength));
    if (provenance) this.provenance = provenance;
    this.name = loss === 'cross-entropy' ? 'SASRec' : `SASRec (${loss})`;
  }

  /**
   * Trains on the histories of the data set.
   *
   * @throws InvalidInputError for unknown options or losses, or if no user has two interactions
   * @throws LeakError for a validation that the edges know, or edges that do not say what they know
   */
  static async fit(dataset: Dataset, options: SasRecOptions = {}): Promise<SasRec> {
    const config = SASREC.settings(options);
    if (config.competitors === 'unseen' && config.loss !== 'cross-entropy')
      throw new InvalidInputError({
        expected: "competitors to be 'all' or, with the loss 'cross-entropy', 'unseen'",
        received: `"unseen" with ${config.loss}`,
        hint: "Leave competitors out: sampled losses never draw an item of the user. Or use the loss 'cross-entropy'.",
      });
    const given = edgePriorOf(config, dataset.log.items, EDGE_STRENGTH);
    const prior = given && given.edges.length > 0 ? given : undefined;
    checkValidationUnseen('the edges', prior?.edges.provenance, dataset.log, config.validation);
    const trained = await fitEncoder(KIND, dataset, SASREC, config, options, (encoder) => {
      const task = new NextItemTask(dataset, encoder, config);
      return prior ? new TaskWithEdges(task, encoder, prior) : task;
    });
    return new SasRec(trained, prior?.edges.provenance);
  }

  /** @throws ArtifactError if the folder is missing, foreign or damaged */
  static async load(dir: string): Promise<SasRec> {
    const trained = await loadEncoder(dir, KIND, {
      restored: (from, saved) => {
        const { settings, provenance } = restoredWithEdges(from, saved, SASREC);
        return { ...settings, provenance };
      },
    });
    const { provenance, ...config } = trained.config;
    return new SasRec({ ...trained, config }, provenance);
  }
}

/** Batches and loss of predicting the next item at every position. */
class NextItemTask implements EncoderTask {
  readonly #dataset: Dataset;
  readonly #encoder: SequenceEncoder;
  readonly #config: Config;
  readonly #buckets: readonly number[];
  /** Input length of each user: all but the last item, at most the longest that is read. */
  readonly #lengths: Int32Array;
  /** Positions of a mean batch: batches of long histories weigh more than those of short ones, position by position alike. */
  readonly #meanPositions: number;

  constructor(dataset: Dataset, encoder: SequenceEncoder, config: Config) {
    this.#dataset = dataset;
    this.#encoder = encoder;
    this.#config = config;
    this.#buckets = bucketLengths(config.maxLength);
    const { log } = dataset;
    this.#lengths = Int32Array.from({ length: log.users.size }, (_, user) =>
      Math.max(0, Math.min(config.maxLength, log.history(user).length - 1)),
    );
    const batches = batchByLength(this.#lengths, config.batchSize, this.#buckets).length;
    this.#meanPositions = this.#lengths.reduce((sum, length) => sum + length, 0) / batches;
  }

  batches(random: RandomStream): (() => Batch)[] {
    const { batchSize } = this.#config;
    return batchByLength(this.#lengths, batchSize, this.#buckets, random.fork('order')).map(
      ({ length, rows }, index) =>
        () =>
          this.#batch(
            rows,
            length,
            random.fork(`negatives ${index}`),
            this.#config.windows === 'random' ? random.fork(`windows ${index}`) : undefined,
          ),
    );
  }

  /** @param windows - draws where the stretch of a long history lies; the newest stretch if left out */
  #batch(users: Int32Array, length: number, random: RandomStream, windows?: RandomStream): Batch {
    const { batchSize, loss, negatives, competitors } = this.#config;
    const { log } = this.#dataset;
    const ids = new Int32Array(batchSize * length);
    const present = new Float32Array(batchSize * length);
    const targets = new Int32Array(batchSize * length);
    const sampled = loss === 'cross-entropy' ? undefined : new Int32Array(batchSize * length * negatives);
    const n = log.items.size;
    const excluded = competitors === 'unseen' ? new Float32Array(batchSize * n) : undefined;
    for (const [k, user] of users.entries()) {
      const history = log.history(user);
      const taken = this.#lengths[user]!;
      const newest = history.length - 1 - taken;
      const from = windows && newest > 0 ? windows.integer(newest + 1) : newest;
      const start = (k + 1) * length - taken;
      const own = sampled ? new Set(history) : undefined;
      if (excluded) for (const item of history) excluded[k * n + item] = 1;
      for (let i = 0; i < taken; i++) {
        ids[start + i] = history[from + i]!;
        targets[start + i] = history[from + i + 1]!;
        present[start + i] = 1;
        if (!sampled || !own || own.size >= n) continue;
        for (let s = 0; s < negatives; s++) {
          let item = random.integer(n);
          while (own.has(item)) item = random.integer(n);
          sampled[(start + i) * negatives + s] = item;
        }
      }
    }
    const shape = [batchSize, length];
    return {
      ids: { shape, values: ids },
      present: { shape, values: present },
      targets: { shape: [batchSize * length], values: targets },
      ...(excluded ? { excluded: { shape: [batchSize, n], values: excluded } } : {}),
      ...(sampled ? { negatives: { shape: [batchSize * length, negatives], values: sampled } } : {}),
    };
  }

  loss(batch: BatchTensors, pass: ForwardPass): tf.Scalar {
    const { loss, dimension, calibration, competitors } = this.#config;
    const { ids, present, targets, negatives, excluded } = batch as Record<
      'ids' | 'present' | 'targets' | 'negatives' | 'excluded',
      tf.Tensor
    >;
    const hidden = this.#encoder.encode(ids, present, pass, true);
    const rows = tf.reshape(hidden, [-1, dimension]) as tf.Tensor2D;
    const weights = tf.reshape(present, [-1]) as tf.Tensor1D;
    const table = this.#encoder.items.table as tf.Tensor as tf.Tensor2D;
    const next = targets as tf.Tensor1D;
    if (competitors === 'unseen')
      return crossEntropyAmong(rows, table, next, weights, excluded as tf.Tensor2D, {
        total: this.#meanPositions,
      });
    if (loss === 'cross-entropy')
      return catalogueCrossEntropy(rows, table, next, weights, { total: this.#meanPositions });
    const positive = tf.sum(tf.mul(rows, tf.gather(table, next)), 1) as tf.Tensor1D;
    const others = tf.gather(table as tf.Tensor, negatives) as tf.Tensor3D;
    const negative = tf.squeeze(
      tf.matMul(others, tf.reshape(rows, [-1, dimension, 1]) as tf.Tensor3D),
      [2],
    ) as tf.Tensor2D;
    switch (loss) {
      case 'bce': {
        const liked = binaryCrossEntropy(positive, tf.onesLike(positive), weights);
        const everywhere = tf.mul(tf.expandDims(weights, 1), tf.onesLike(negative));
        return tf.add(liked, binaryCrossEntropy(negative, tf.zerosLike(negative), everywhere)) as tf.Scalar;
      }
      case 'gbce':
        return generalisedBce(positive, negative, weights, this.#dataset.log.items.size, calibration);
      case 'sampled-softmax':
        return sampledSoftmax(positive, negative, weights);
    }
  }
}
