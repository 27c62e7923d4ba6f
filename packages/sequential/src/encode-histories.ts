import { distinctHistory, type Favourites, type Query, throwIfCancelled } from '@palate/core';
import { normalisedGain } from '@palate/eval';
import { batchByLength, bucketLengths, ForwardPass } from '@palate/nn';
import { exportOnnx } from '@palate/tfjs-backend-ort';
import * as tf from '@tensorflow/tfjs-core';

import type { SequenceEncoder } from './sequence-encoder.js';

/** Sizes to which batches of queries are padded, so that few graphs serve all. */
const BATCH_SIZES = [1, 32, 256] as const;

/** What {@link scoreHistories} needs to know. */
export interface HistoryScoring {
  readonly encoder: SequenceEncoder;
  readonly itemCount: number;
  readonly maxLength: number;
  readonly causal: boolean;
  /** Token put behind every history, whose place the answer is read from (BERT4Rec's mask). */
  readonly endToken?: number | undefined;
  /** What a query without a history gets, since the model has learned from histories of at least one item. */
  readonly favourites: Favourites;
  readonly name: string;
}

/**
 * Scores the catalogue after each history: the model's vector at the last position times every item's vector.
 *
 * @param histories - dense items, oldest first; only the newest that fit are read
 * @returns row-major, `histories.length` x `itemCount`
 */
function scoreHistories(
  histories: readonly ArrayLike<number>[],
  scoring: HistoryScoring,
  signal?: AbortSignal,
): Float32Array {
  const { itemCount, maxLength, endToken, name } = scoring;
  const scores = new Float32Array(histories.length * itemCount);
  const extra = endToken === undefined ? 0 : 1;
  const lengths = histories.map((history) => Math.max(1, Math.min(maxLength, history.length + extra)));
  for (const { length, rows } of batchByLength(lengths, BATCH_SIZES[2], bucketLengths(maxLength, 2))) {
    throwIfCancelled(signal, name);
    const size = BATCH_SIZES.find((each) => each >= rows.length) ?? rows.length;
    const ids = new Int32Array(size * length);
    const present = new Float32Array(size * length);
    for (const [k, row] of rows.entries()) {
      const history = histories[row] as ArrayLike<number>;
      const taken = Math.min(history.length, length - extra);
      const start = (k + 1) * length - extra - taken;
      for (let i = 0; i < taken; i++) {
        ids[start + i] = history[history.length - taken + i]!;
        present[start + i] = 1;
      }
      if (endToken !== undefined) {
        ids[(k + 1) * length - 1] = endToken;
        present[(k + 1) * length - 1] = 1;
      }
    }
    const product = tf.tidy(() =>
      scoresAtEnd(scoring, tf.tensor2d(ids, [size, length], 'int32'), tf.tensor2d(present, [size, length])),
    );
    // Read outside of tidy, which would walk through the numbers in search of tensors.
    const block = product.dataSync<'float32'>();
    product.dispose();
    for (const [k, row] of rows.entries())
      scores.set(block.subarray(k * itemCount, (k + 1) * itemCount), row * itemCount);
  }
  return scores;
}

/** Scores of the catalogue from the model's vector at the last position, `[batch, itemCount]`. */
function scoresAtEnd(scoring: HistoryScoring, ids: tf.Tensor2D, present: tf.Tensor2D): tf.Tensor2D {
  const { encoder, itemCount, causal } = scoring;
  const hidden = encoder.encode(ids, present, ForwardPass.inference(), causal, 'newest');
  const [size = 0, , width = 0] = hidden.shape;
  const last = tf.reshape(hidden, [size, width]) as tf.Tensor2D;
  const catalogue = tf.slice(encoder.items.table as tf.Tensor2D, [0, 0], [itemCount, width]);
  return tf.matMul(last, catalogue, false, true) as tf.Tensor2D;
}

/**
 * The serving graph as an ONNX model with any batch size: `items`, int32 `[batch, places]`, the newest at the right end
 * and -1 where there is none; gives `scores`, `[batch, itemCount]`, the favourites for a row without items.
 */
export function exportScoring(scoring: HistoryScoring): Uint8Array {
  const { maxLength, endToken, itemCount } = scoring;
  const places = endToken === undefined ? maxLength : maxLength - 1;
  const items = tf.fill([1, places], -1, 'int32') as tf.Tensor2D;
  const favourites = tf.tensor2d(scoring.favourites.scores, [1, itemCount]);
  try {
    return exportOnnx(
      ({ items: given }) => {
        const history = given as tf.Tensor2D;
        const there = tf.cast(tf.greaterEqual(history, tf.scalar(0, 'int32')), 'float32') as tf.Tensor2D;
        const isKnown = tf.max(there, 1, true);
        const answer = (scores: tf.Tensor2D): tf.Tensor2D =>
          tf.add(tf.mul(scores, isKnown), tf.mul(tf.sub(1, isKnown), favourites));
        const ids = tf.maximum(history, tf.scalar(0, 'int32')) as tf.Tensor2D;
        if (endToken === undefined) return { scores: answer(scoresAtEnd(scoring, ids, there)) };
        // A column of end tokens of whatever height the batch has.
        const column = tf.mul(tf.slice(ids, [0, 0], [history.shape[0], 1]), tf.scalar(0, 'int32'));
        return {
          scores: answer(
            scoresAtEnd(
              scoring,
              tf.concat([ids, tf.add(column, tf.scalar(endToken, 'int32'))], 1) as tf.Tensor2D,
              tf.concat([there, tf.add(tf.cast(column, 'float32'), 1)], 1) as tf.Tensor2D,
            ),
          ),
        };
      },
      { items },
      { dynamicBatch: true },
    );
  } finally {
    items.dispose();
    favourites.dispose();
  }
}

/**
 * Scores the catalogue for queries: {@link scoreHistories} of their histories, checked; the favourites where there is
 * none.
 */
export function scoreQueries(
  queries: readonly Query[],
  scoring: HistoryScoring,
  signal?: AbortSignal,
): Float32Array {
  const { itemCount, favourites } = scoring;
  for (const query of queries) distinctHistory(query, itemCount);
  const scores = scoreHistories(
    queries.map((query) => query.history ?? []),
    scoring,
    signal,
  );
  for (const [q, { history }] of queries.entries())
    if (!history?.length) scores.set(favourites.scores, q * itemCount);
  return scores;
}

/**
 * NDCG@10 of held-out items after training histories, ranked against the whole catalogue without the history; equal
 * scores count against the item.
 */
export function validationNdcg(
  histories: readonly ArrayLike<number>[],
  targets: readonly (readonly number[])[],
  scoring: HistoryScoring,
  signal?: AbortSignal,
): number {
  let sum = 0;
  let users = 0;
  const block = Math.max(256, Math.floor(2 ** 26 / scoring.itemCount));
  for (let from = 0; from < histories.length; from += block) {
    const chunk = histories.slice(from, from + block);
    const scores = scoreHistories(chunk, scoring, signal);
    for (const [k, history] of chunk.entries()) {
      const row = scores.subarray(k * scoring.itemCount, (k + 1) * scoring.itemCount);
      for (let i = 0; i < history.length; i++) row[history[i]!] = Number.NEGATIVE_INFINITY;
      for (const target of targets[from + k] ?? []) {
        const own = row[target]!;
        let rank = 0;
        for (let item = 0; item < row.length; item++) if (row[item]! >= own) rank++;
        users++;
        if (own > Number.NEGATIVE_INFINITY) sum += normalisedGain([rank], [1], 10);
      }
    }
  }
  return users === 0 ? 0 : sum / users;
}
