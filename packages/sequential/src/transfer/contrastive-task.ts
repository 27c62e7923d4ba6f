import type { Dataset, RandomStream } from '@palate/core';
import {
  type Batch,
  type BatchTensors,
  batchByLength,
  bucketLengths,
  crossEntropyAmong,
  type ForwardPass,
  softmaxCrossEntropy,
} from '@palate/nn';
import * as tf from '@tensorflow/tfjs-core';
import type { EncoderTask } from '../fit-encoder.js';
import { CodeVectors } from '../items/text-vectors.js';
import { inputLengths } from '../next-item-task.js';
import type { SequenceEncoder } from '../sequence-encoder.js';

/** Added to scores of what is no negative. */
const CLOSED = -1e9;

/** Settings that decide batches and losses of contrastive pre-training. */
export interface ContrastiveSettings {
  readonly dimension: number;
  readonly maxLength: number;
  readonly batchSize: number;
  readonly sequenceWeight: number;
  readonly itemDrop: number;
  /** Share of the codes of an item that are another's in a made-up negative; no such negatives if left out. */
  readonly mixShare?: number | undefined;
}

/**
 * The two losses of UniSRec (Hou et al. 2022, eq. 8 and 9). Histories against items: every position's next item against the
 * distinct items of the step, of whatever catalogue; each is there once, so that none is its own negative. Histories
 * against histories: the newest position against that of a view with items dropped, and the other users' views. Every
 * prefix of a history counts, as the augmented sequences of the paper do.
 *
 * Items with codes get negatives whose codes are mixed with those of others as well (VQ-Rec, Hou et al. 2023).
 */
export class ContrastiveTask implements EncoderTask {
  readonly #dataset: Dataset;
  readonly #encoder: SequenceEncoder;
  readonly #settings: ContrastiveSettings;
  readonly #buckets: readonly number[];
  readonly #lengths: Int32Array;

  constructor(dataset: Dataset, encoder: SequenceEncoder, settings: ContrastiveSettings) {
    this.#dataset = dataset;
    this.#encoder = encoder;
    this.#settings = settings;
    this.#buckets = bucketLengths(settings.maxLength);
    this.#lengths = inputLengths(dataset.log, settings.maxLength);
  }

  batches(random: RandomStream): (() => Batch)[] {
    return batchByLength(this.#lengths, this.#settings.batchSize, this.#buckets, random.fork('order')).map(
      ({ length, rows }, index) =>
        () =>
          this.#batch(rows, length, random.fork(`views ${index}`)),
    );
  }

  #batch(users: Int32Array, length: number, random: RandomStream): Batch {
    const { batchSize, itemDrop } = this.#settings;
    const { log } = this.#dataset;
    const size = batchSize * length;
    // As many rows as all users could have different items: the shape is the same in every batch of a bucket.
    const most = Math.min(log.items.size, batchSize * (length + 1));
    const rows = new Int32Array(most);
    const rowOf = new Map<number, number>();
    const row = (item: number): number => {
      const known = rowOf.get(item);
      if (known !== undefined) return known;
      rows[rowOf.size] = item;
      rowOf.set(item, rowOf.size);
      return rowOf.size - 1;
    };
    const [ids, targets, viewIds] = [new Int32Array(size), new Int32Array(size), new Int32Array(size)];
    const [present, viewPresent] = [new Float32Array(size), new Float32Array(size)];
    for (const [k, user] of users.entries()) {
      const history = log.history(user);
      const taken = this.#lengths[user]!;
      const from = history.length - 1 - taken;
      const start = (k + 1) * length - taken;
      for (let i = 0; i < taken; i++) {
        ids[start + i] = row(history[from + i]!);
        targets[start + i] = row(history[from + i + 1]!);
        present[start + i] = 1;
      }
      const kept = ids.slice(start, start + taken).filter(() => random.uniform() >= itemDrop);
      const view = kept.length > 0 ? kept : ids.slice(start, start + 1);
      const viewStart = (k + 1) * length - view.length;
      viewIds.set(view, viewStart);
      viewPresent.fill(1, viewStart, (k + 1) * length);
    }
    // Rows behind those in use are the first item again, and do not compete.
    const closed = Float32Array.from({ length: most }, (_, k) => (k < rowOf.size ? 0 : 1));
    const shape = [batchSize, length];
    return {
      ids: { shape, values: ids },
      present: { shape, values: present },
      targets: { shape: [size], values: targets },
      viewIds: { shape, values: viewIds },
      viewPresent: { shape, values: viewPresent },
      rows: { shape: [most], values: rows },
      closed: { shape: [1, most], values: closed },
      ...this.#mixed(rows, random),
    };
  }

  /** Codes of each row with a share of them from other items of the step. */
  #mixed(rows: Int32Array, random: RandomStream): Batch {
    const { items } = this.#encoder;
    const { mixShare } = this.#settings;
    if (mixShare === undefined || !(items instanceof CodeVectors)) return {};
    const { codes, positions } = items.codes;
    const mixed = new Int32Array(rows.length * positions);
    for (const [k, item] of rows.entries())
      for (let position = 0; position < positions; position++) {
        const source = random.uniform() < mixShare ? rows[random.integer(rows.length)]! : item;
        mixed[k * positions + position] = codes[source * positions + position]!;
      }
    return { mixed: { shape: [rows.length, positions], values: mixed } };
  }

  loss(batch: BatchTensors, pass: ForwardPass): tf.Scalar {
    const { dimension, sequenceWeight } = this.#settings;
    const { ids, present, targets, viewIds, viewPresent, rows, closed, mixed } = batch as Record<
      'ids' | 'present' | 'targets' | 'viewIds' | 'viewPresent' | 'rows' | 'closed' | 'mixed',
      tf.Tensor
    >;
    const { items } = this.#encoder;
    const table = items.of(pass, rows as tf.Tensor1D);
    const made =
      mixed && items instanceof CodeVectors ? items.ofCodes(mixed as tf.Tensor2D, pass) : undefined;
    const competing = made ? tf.concat2d([table, made], 0) : table;
    const states = this.#encoder.encode(ids, present, pass, true, { table });
    const scored = this.#encoder.scored(tf.reshape(states, [-1, dimension]) as tf.Tensor2D, competing);
    const among = made ? tf.concat2d([closed as tf.Tensor2D, closed as tf.Tensor2D], 1) : closed;
    const [users = 0, length = 0] = ids.shape;
    const next = crossEntropyAmong(
      scored.hidden,
      scored.table,
      targets as tf.Tensor1D,
      tf.reshape(present, [-1]) as tf.Tensor1D,
      tf.tile(among as tf.Tensor2D, [users, 1]),
    );
    if (sequenceWeight === 0) return next;
    const newest = (of: tf.Tensor): tf.Tensor2D =>
      tf.reshape(tf.slice(of as tf.Tensor3D, [0, length - 1, 0], [users, 1, dimension]), [users, dimension]);
    const views = newest(this.#encoder.encode(viewIds, viewPresent, pass, true, { table }));
    const pair = this.#encoder.scored(newest(states), views);
    // A row without a user has nothing at its newest position.
    const there = tf.reshape(tf.slice(present, [0, length - 1], [users, 1]), [users]) as tf.Tensor1D;
    const logits = tf.add(
      tf.matMul(pair.hidden, pair.table, false, true),
      tf.mul(tf.sub(1, there), CLOSED),
    ) as tf.Tensor2D;
    const together = softmaxCrossEntropy(logits, tf.range(0, users, 1, 'int32'), there);
    return tf.add(next, tf.mul(together, sequenceWeight)) as tf.Scalar;
  }
}
