import type { Dataset, InteractionLog, RandomStream } from '@palate/core';
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
  type PackedShape,
  packedShape,
  packSequences,
  sampledSoftmax,
} from '@palate/nn';
import * as tf from '@tensorflow/tfjs-core';
import type { EncoderTask } from './fit-encoder.js';
import { NegativeSampler, type SAMPLING } from './negatives.js';
import type { SequenceEncoder } from './sequence-encoder.js';
import { LogGaps } from './time-gaps.js';

/** Taken from the score of a negative that does not compete: its part of every loss is exactly zero. */
const EXCLUDED = 1e9;

/** How SASRec learns what comes next. */
export type SasRecLoss = 'cross-entropy' | 'bce' | 'gbce' | 'sampled-softmax';

/** Settings that decide batches and loss of predicting the next item. */
export interface NextItemSettings {
  readonly dimension: number;
  readonly maxLength: number;
  readonly batchSize: number;
  readonly windows: 'newest' | 'random';
  readonly packs: boolean;
  readonly timeGaps?: boolean | undefined;
  readonly loss: SasRecLoss;
  readonly competitors: 'all' | 'unseen';
  readonly negatives: number;
  readonly sampling: (typeof SAMPLING)[number];
  readonly shareNegatives: boolean;
  readonly logQ: boolean;
  readonly calibration: number;
}

/** Input length of each user: all but the last item, at most the longest that is read. */
export const inputLengths = (log: InteractionLog, maxLength: number): Int32Array =>
  Int32Array.from({ length: log.users.size }, (_, user) =>
    Math.max(0, Math.min(maxLength, log.history(user).length - 1)),
  );

/** Histories of a step, and where each begins among its `rows * length` positions. */
interface Step {
  readonly users: Int32Array;
  readonly starts: Int32Array;
  readonly rows: number;
  readonly length: number;
  /** Most users of a step of this shape. */
  readonly most: number;
}

/** Batches and loss of predicting the next item at every position. */
export class NextItemTask implements EncoderTask {
  /** Positions of a mean batch: batches of long histories weigh more than those of short ones, position by position alike. */
  readonly meanPositions: number;
  readonly #dataset: Dataset;
  readonly #encoder: SequenceEncoder;
  readonly #settings: NextItemSettings;
  readonly #sampler: NegativeSampler;
  readonly #buckets: readonly number[];
  readonly #lengths: Int32Array;
  readonly #packed: PackedShape | undefined;
  readonly #gaps: LogGaps | undefined;

  constructor(dataset: Dataset, encoder: SequenceEncoder, settings: NextItemSettings) {
    const { maxLength, batchSize, packs, sampling, timeGaps } = settings;
    this.#dataset = dataset;
    this.#encoder = encoder;
    this.#settings = settings;
    this.#buckets = bucketLengths(maxLength);
    this.#sampler = new NegativeSampler(dataset.log, sampling);
    this.#lengths = inputLengths(dataset.log, maxLength);
    this.#gaps = timeGaps ? new LogGaps(dataset.log) : undefined;
    this.#packed = packs ? packedShape(this.#lengths, batchSize) : undefined;
    this.meanPositions = this.#lengths.reduce((sum, length) => sum + length, 0) / this.#steps().length;
  }

  /** The steps of an epoch; in order without randomness. */
  #steps(random?: RandomStream): Step[] {
    const lengths = this.#lengths;
    if (this.#packed) {
      const { rows, length, most } = this.#packed;
      return packSequences(lengths, this.#packed, random).map(({ sequences: users, starts }) => ({
        users,
        starts,
        rows,
        length,
        most,
      }));
    }
    const { batchSize } = this.#settings;
    return batchByLength(lengths, batchSize, this.#buckets, random).map(({ length, rows: users }) => ({
      users,
      starts: users.map((user, k) => (k + 1) * length - lengths[user]!),
      rows: batchSize,
      length,
      most: batchSize,
    }));
  }

  batches(random: RandomStream): (() => Batch)[] {
    const { windows } = this.#settings;
    return this.#steps(random.fork('order')).map(
      (step, index) => () =>
        this.#batch(
          step,
          random.fork(`negatives ${index}`),
          windows === 'random' ? random.fork(`windows ${index}`) : undefined,
          this.#gaps && random.fork(`gaps ${index}`),
        ),
    );
  }

  /**
   * @param windows - draws where the stretch of a long history lies; the newest stretch if left out
   * @param unknown - draws whose times are left out
   */
  #batch(step: Step, random: RandomStream, windows?: RandomStream, unknown?: RandomStream): Batch {
    const { loss, maxLength } = this.#settings;
    const { log } = this.#dataset;
    const { users, starts, rows, length } = step;
    const ids = new Int32Array(rows * length);
    const present = new Float32Array(rows * length);
    const targets = new Int32Array(rows * length);
    const histories = new Int32Array(this.#packed ? rows * length : 0);
    const positions = new Int32Array(histories.length);
    const gaps = new Int32Array(this.#gaps ? rows * length : 0);
    for (const [k, user] of users.entries()) {
      const history = log.history(user);
      const taken = this.#lengths[user]!;
      const newest = history.length - 1 - taken;
      const from = windows && newest > 0 ? windows.integer(newest + 1) : newest;
      const start = starts[k]!;
      for (let i = 0; i < taken; i++) {
        ids[start + i] = history[from + i]!;
        targets[start + i] = history[from + i + 1]!;
        present[start + i] = 1;
      }
      const before = unknown && this.#gaps?.draw(user, () => unknown.uniform());
      if (before) gaps.set(before.subarray(from, from + taken), start);
      if (!this.#packed) continue;
      histories.fill(k + 1, start, start + taken);
      for (let i = 0; i < taken; i++) positions[start + i] = maxLength - taken + i;
    }
    const shape = [rows, length];
    return {
      ids: { shape, values: ids },
      present: { shape, values: present },
      targets: { shape: [rows * length], values: targets },
      ...(this.#packed
        ? { histories: { shape, values: histories }, positions: { shape, values: positions } }
        : {}),
      ...(this.#gaps ? { gaps: { shape, values: gaps } } : {}),
      ...(loss === 'cross-entropy'
        ? this.#unavailable(step)
        : this.#negatives(step, targets, present, random)),
    };
  }

  /** For each user 1 at what does not compete with the next item: of the catalogue, or of some items, if asked for. */
  #unavailable({ users, most }: Step, items?: Int32Array): Batch {
    if (this.#settings.competitors === 'all') return {};
    const { log } = this.#dataset;
    const count = items?.length ?? log.items.size;
    const excluded = new Float32Array(most * count);
    for (const [k, user] of users.entries()) {
      const history = log.history(user);
      if (!items) for (const item of history) excluded[k * count + item] = 1;
      else {
        const own = new Set(history);
        for (const [j, item] of items.entries()) if (own.has(item)) excluded[k * count + j] = 1;
      }
    }
    return { excluded: { shape: [most, count], values: excluded } };
  }

  /** Negatives of a step: some for each position, or the same for all. */
  #negatives(step: Step, targets: Int32Array, present: Float32Array, random: RandomStream): Batch {
    const { negatives, shareNegatives, logQ } = this.#settings;
    const next = targets.filter((_, at) => present[at] === 1);
    const count = shareNegatives ? negatives : targets.length * negatives;
    const drawn = new Int32Array(count);
    if (shareNegatives) for (let s = 0; s < count; s++) drawn[s] = this.#sampler.draw(random, next);
    else this.#drawForPositions(step, next, random, drawn);
    const shape = shareNegatives ? [negatives] : [targets.length, negatives];
    return {
      negatives: { shape, values: drawn },
      ...(shareNegatives ? this.#unavailable(step, drawn) : {}),
      ...(logQ
        ? {
            logExpected: {
              shape,
              values: Float32Array.from(drawn, (item) => this.#sampler.logExpected(item, negatives)),
            },
          }
        : {}),
    };
  }

  #drawForPositions(
    { users, starts }: Step,
    next: Int32Array,
    random: RandomStream,
    drawn: Int32Array,
  ): void {
    const { log } = this.#dataset;
    const { negatives } = this.#settings;
    for (const [k, user] of users.entries()) {
      const own = new Set(log.history(user));
      if (own.size >= log.items.size) continue;
      const from = starts[k]! * negatives;
      const to = from + this.#lengths[user]! * negatives;
      for (let at = from; at < to; at++) drawn[at] = this.#sampler.drawOther(random, next, own);
    }
  }

  /**
   * States after each position of a batch, `[rows, length, dimension]`.
   *
   * @param table - vectors of the items
   */
  states(batch: BatchTensors, pass: ForwardPass, table: tf.Tensor2D): tf.Tensor {
    const { ids, present, histories, positions, gaps } = batch as Record<
      'ids' | 'present' | 'histories' | 'positions' | 'gaps',
      tf.Tensor
    >;
    const packed = histories && { histories, positions };
    return this.#encoder.encode(ids, present, pass, true, { table, packed, gaps });
  }

  loss(batch: BatchTensors, pass: ForwardPass): tf.Scalar {
    const { loss, dimension, calibration } = this.#settings;
    const { present, targets, excluded, histories } = batch as Record<
      'present' | 'targets' | 'excluded' | 'histories',
      tf.Tensor
    >;
    const all = this.#encoder.items.of(pass);
    const states = this.states(batch, pass, all);
    const { hidden: rows, table } = this.#encoder.scored(
      tf.reshape(states, [-1, dimension]) as tf.Tensor2D,
      all,
    );
    const weights = tf.reshape(present, [-1]) as tf.Tensor1D;
    const next = targets as tf.Tensor1D;
    const total = this.meanPositions;
    if (loss === 'cross-entropy')
      return excluded
        ? crossEntropyAmong(rows, table, next, weights, excluded as tf.Tensor2D, {
            total,
            groupOf: histories && ownersOf(histories),
          })
        : catalogueCrossEntropy(rows, table, next, weights, { total });
    const positive = tf.sum(tf.mul(rows, tf.gather(table, next)), 1) as tf.Tensor1D;
    const negative = this.#negativeScores(rows, table, batch);
    switch (loss) {
      case 'bce': {
        const liked = binaryCrossEntropy(positive, tf.onesLike(positive), weights);
        const everywhere = tf.mul(tf.expandDims(weights, 1), tf.onesLike(negative));
        return tf.add(liked, binaryCrossEntropy(negative, tf.zerosLike(negative), everywhere)) as tf.Scalar;
      }
      case 'gbce':
        return generalisedBce(positive, negative, weights, this.#dataset.log.items.size, calibration);
      case 'sampled-softmax':
        return sampledSoftmax(positive, negative, weights, total);
    }
  }

  /** Scores of the negatives, `[positions, negatives]`, corrected for how often they are drawn where that is asked. */
  #negativeScores(rows: tf.Tensor2D, table: tf.Tensor2D, batch: BatchTensors): tf.Tensor2D {
    const { negatives, targets, excluded, logExpected, histories } = batch as Record<
      'negatives' | 'targets' | 'excluded' | 'logExpected' | 'histories',
      tf.Tensor
    >;
    const corrected = (scores: tf.Tensor): tf.Tensor2D =>
      (logExpected ? tf.sub(scores, logExpected) : scores) as tf.Tensor2D;
    const others = tf.gather(table as tf.Tensor, negatives);
    if (!this.#settings.shareNegatives)
      return corrected(
        tf.squeeze(tf.matMul(others as tf.Tensor3D, tf.expandDims(rows, 2) as tf.Tensor3D), [2]),
      );
    const scores = corrected(tf.matMul(rows, others as tf.Tensor2D, false, true));
    // The next item is no negative of itself.
    const isNext = tf.cast(tf.equal(tf.expandDims(targets, 1), tf.expandDims(negatives, 0)), 'float32');
    const among = tf.sub(scores, tf.mul(isNext, EXCLUDED)) as tf.Tensor2D;
    if (!excluded) return among;
    if (histories)
      return tf.sub(
        among,
        tf.gather(tf.mul(excluded as tf.Tensor, EXCLUDED), ownersOf(histories)),
      ) as tf.Tensor2D;
    const [users, count] = excluded.shape as [number, number];
    const byUser = tf.reshape(among, [users, -1, count]);
    return tf.reshape(tf.sub(byUser, tf.expandDims(tf.mul(excluded, EXCLUDED), 1)), [
      -1,
      count,
    ]) as tf.Tensor2D;
  }
}

/** The user of each position of packed rows, by its number in the step, int32 `[positions]`; the first where there is none. */
const ownersOf = (histories: tf.Tensor): tf.Tensor1D =>
  tf.maximum(
    tf.sub(tf.reshape(histories, [-1]), tf.scalar(1, 'int32')),
    tf.scalar(0, 'int32'),
  ) as tf.Tensor1D;
