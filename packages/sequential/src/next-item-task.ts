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
  sampledSoftmax,
} from '@palate/nn';
import * as tf from '@tensorflow/tfjs-core';
import type { EncoderTask } from './fit-encoder.js';
import { NegativeSampler, type SAMPLING } from './negatives.js';
import type { SequenceEncoder } from './sequence-encoder.js';

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

/** Batches and loss of predicting the next item at every position. */
export class NextItemTask implements EncoderTask {
  readonly #dataset: Dataset;
  readonly #encoder: SequenceEncoder;
  readonly #settings: NextItemSettings;
  readonly #sampler: NegativeSampler;
  readonly #buckets: readonly number[];
  readonly #lengths: Int32Array;
  /** Positions of a mean batch: batches of long histories weigh more than those of short ones, position by position alike. */
  readonly #meanPositions: number;

  constructor(dataset: Dataset, encoder: SequenceEncoder, settings: NextItemSettings) {
    this.#dataset = dataset;
    this.#encoder = encoder;
    this.#settings = settings;
    this.#buckets = bucketLengths(settings.maxLength);
    this.#sampler = new NegativeSampler(dataset.log, settings.sampling);
    this.#lengths = inputLengths(dataset.log, settings.maxLength);
    const batches = batchByLength(this.#lengths, settings.batchSize, this.#buckets).length;
    this.#meanPositions = this.#lengths.reduce((sum, length) => sum + length, 0) / batches;
  }

  batches(random: RandomStream): (() => Batch)[] {
    const { batchSize, windows } = this.#settings;
    return batchByLength(this.#lengths, batchSize, this.#buckets, random.fork('order')).map(
      ({ length, rows }, index) =>
        () =>
          this.#batch(
            rows,
            length,
            random.fork(`negatives ${index}`),
            windows === 'random' ? random.fork(`windows ${index}`) : undefined,
          ),
    );
  }

  /** @param windows - draws where the stretch of a long history lies; the newest stretch if left out */
  #batch(users: Int32Array, length: number, random: RandomStream, windows?: RandomStream): Batch {
    const { batchSize, loss } = this.#settings;
    const { log } = this.#dataset;
    const ids = new Int32Array(batchSize * length);
    const present = new Float32Array(batchSize * length);
    const targets = new Int32Array(batchSize * length);
    for (const [k, user] of users.entries()) {
      const history = log.history(user);
      const taken = this.#lengths[user]!;
      const newest = history.length - 1 - taken;
      const from = windows && newest > 0 ? windows.integer(newest + 1) : newest;
      const start = (k + 1) * length - taken;
      for (let i = 0; i < taken; i++) {
        ids[start + i] = history[from + i]!;
        targets[start + i] = history[from + i + 1]!;
        present[start + i] = 1;
      }
    }
    const shape = [batchSize, length];
    return {
      ids: { shape, values: ids },
      present: { shape, values: present },
      targets: { shape: [batchSize * length], values: targets },
      ...(loss === 'cross-entropy'
        ? this.#unavailable(users)
        : this.#negatives(users, length, targets, present, random)),
    };
  }

  /** For each user 1 at what does not compete with the next item: of the catalogue, or of some items, if asked for. */
  #unavailable(users: Int32Array, items?: Int32Array): Batch {
    if (this.#settings.competitors === 'all') return {};
    const { batchSize } = this.#settings;
    const { log } = this.#dataset;
    const count = items?.length ?? log.items.size;
    const excluded = new Float32Array(batchSize * count);
    for (const [k, user] of users.entries()) {
      const history = log.history(user);
      if (!items) for (const item of history) excluded[k * count + item] = 1;
      else {
        const own = new Set(history);
        for (const [j, item] of items.entries()) if (own.has(item)) excluded[k * count + j] = 1;
      }
    }
    return { excluded: { shape: [batchSize, count], values: excluded } };
  }

  /** Negatives of a step: some for each position, or the same for all. */
  #negatives(
    users: Int32Array,
    length: number,
    targets: Int32Array,
    present: Float32Array,
    random: RandomStream,
  ): Batch {
    const { batchSize, negatives, shareNegatives, logQ } = this.#settings;
    const next = targets.filter((_, at) => present[at] === 1);
    const count = shareNegatives ? negatives : batchSize * length * negatives;
    const drawn = new Int32Array(count);
    if (shareNegatives) for (let s = 0; s < count; s++) drawn[s] = this.#sampler.draw(random, next);
    else this.#drawForPositions(users, length, present, next, random, drawn);
    const shape = shareNegatives ? [negatives] : [batchSize * length, negatives];
    return {
      negatives: { shape, values: drawn },
      ...(shareNegatives ? this.#unavailable(users, drawn) : {}),
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
    users: Int32Array,
    length: number,
    present: Float32Array,
    next: Int32Array,
    random: RandomStream,
    drawn: Int32Array,
  ): void {
    const { log } = this.#dataset;
    const { negatives } = this.#settings;
    for (const [k, user] of users.entries()) {
      const own = new Set(log.history(user));
      if (own.size >= log.items.size) continue;
      for (let at = k * length; at < (k + 1) * length; at++)
        if (present[at] === 1)
          for (let s = 0; s < negatives; s++)
            drawn[at * negatives + s] = this.#sampler.drawOther(random, next, own);
    }
  }

  loss(batch: BatchTensors, pass: ForwardPass): tf.Scalar {
    const { loss, dimension, calibration } = this.#settings;
    const { ids, present, targets, excluded } = batch as Record<
      'ids' | 'present' | 'targets' | 'excluded',
      tf.Tensor
    >;
    const all = this.#encoder.items.of(pass);
    const states = this.#encoder.encode(ids, present, pass, true, { table: all });
    const { hidden: rows, table } = this.#encoder.scored(
      tf.reshape(states, [-1, dimension]) as tf.Tensor2D,
      all,
    );
    const weights = tf.reshape(present, [-1]) as tf.Tensor1D;
    const next = targets as tf.Tensor1D;
    const total = this.#meanPositions;
    if (loss === 'cross-entropy')
      return excluded
        ? crossEntropyAmong(rows, table, next, weights, excluded as tf.Tensor2D, { total })
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
    const { negatives, targets, excluded, logExpected } = batch as Record<
      'negatives' | 'targets' | 'excluded' | 'logExpected',
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
    const [users, count] = excluded.shape as [number, number];
    const byUser = tf.reshape(among, [users, -1, count]);
    return tf.reshape(tf.sub(byUser, tf.expandDims(tf.mul(excluded, EXCLUDED), 1)), [
      -1,
      count,
    ]) as tf.Tensor2D;
  }
}
