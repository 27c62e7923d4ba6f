import { type Favourites, type IdMap, type Query, throwIfCancelled } from '@palate/core';
import { batchByLength, bucketLengths, ForwardPass } from '@palate/nn';
import * as tf from '@tensorflow/tfjs-core';

import type { SequenceEncoder } from './sequence-encoder.js';
import { gapsOf } from './time-gaps.js';

/** Sizes to which batches of queries are padded, so that few graphs serve all. */
const BATCH_SIZES = [1, 32, 256] as const;

/** A model that scores histories, and how it reads them. */
export interface HistoryScoring {
  readonly encoder: SequenceEncoder;
  readonly itemCount: number;
  readonly maxLength: number;
  readonly causal: boolean;
  /** Token put behind every history, at whose position the answer is read (BERT4Rec's mask). */
  readonly endToken?: number | undefined;
  /** Answer to a query without a history, since the model has learned from histories of at least one item. */
  readonly favourites: Favourites;
  readonly name: string;
  /** True where the model reads the time that passed before each item. */
  readonly timeGaps: boolean;
}

/** A history as models read it. */
export interface ReadHistory {
  /** Dense items, oldest first; only the newest that fit are read. */
  readonly items: ArrayLike<number>;
  /** Bucket of the time that passed before each item, for models that read it. */
  readonly gaps?: Int32Array | undefined;
}

/**
 * The histories of queries.
 *
 * @throws InvalidInputError for times that a model which reads them cannot take
 */
export const readHistories = (queries: readonly Query[], { timeGaps }: HistoryScoring): ReadHistory[] =>
  queries.map((query) => ({ items: query.history ?? [], gaps: timeGaps ? gapsOf(query) : undefined }));

/** Properties in which kinds of sequential models differ, besides their training. */
export interface SequenceKind {
  /** Kind of its artifacts, such as `"sasrec"`. */
  readonly artifact: string;
  /** Name in messages. */
  readonly name: string;
  /** True where a position sees only what came before it. */
  readonly causal: boolean;
  /** True where the item table has one row more, a token put behind histories at whose position the answer is read. */
  readonly hasEndToken: boolean;
}

/** Parts of a trained model that scoring needs. */
export interface ScoringParts {
  readonly items: IdMap;
  readonly encoder: SequenceEncoder;
  readonly config: { readonly maxLength: number; readonly timeGaps?: boolean | undefined };
  readonly favourites: Favourites;
}

/** How a model of a kind scores histories. */
export const scoringOf = (
  { name, causal, hasEndToken }: SequenceKind,
  { items, encoder, config, favourites }: ScoringParts,
): HistoryScoring => ({
  encoder,
  itemCount: items.size,
  maxLength: config.maxLength,
  causal,
  endToken: hasEndToken ? items.size : undefined,
  favourites,
  name,
  timeGaps: config.timeGaps ?? false,
});

/**
 * Scores the catalogue after each history: the model's vector at the last position times every item's vector.
 *
 * @returns row-major, `histories.length` x `itemCount`
 */
export function scoreHistories(
  histories: readonly ReadHistory[],
  scoring: HistoryScoring,
  signal?: AbortSignal,
): Float32Array {
  const table = computedVectors(scoring.encoder);
  try {
    return scoresBy(table, histories, scoring, signal);
  } finally {
    table?.dispose();
  }
}

function scoresBy(
  table: tf.Tensor2D | undefined,
  histories: readonly ReadHistory[],
  scoring: HistoryScoring,
  signal?: AbortSignal,
): Float32Array {
  const { itemCount, maxLength, endToken, name } = scoring;
  const scores = new Float32Array(histories.length * itemCount);
  const extra = endToken === undefined ? 0 : 1;
  const lengths = histories.map(({ items }) => Math.max(1, Math.min(maxLength, items.length + extra)));
  for (const { length, rows } of batchByLength(lengths, BATCH_SIZES[2], bucketLengths(maxLength, 2))) {
    throwIfCancelled(signal, name);
    const size = BATCH_SIZES.find((each) => each >= rows.length) ?? rows.length;
    const ids = new Int32Array(size * length);
    const present = new Float32Array(size * length);
    const gaps = new Int32Array(scoring.timeGaps ? size * length : 0);
    for (const [k, row] of rows.entries()) {
      const { items: history, gaps: before } = histories[row] as ReadHistory;
      const taken = Math.min(history.length, length - extra);
      const start = (k + 1) * length - extra - taken;
      for (let i = 0; i < taken; i++) {
        ids[start + i] = history[history.length - taken + i]!;
        present[start + i] = 1;
      }
      if (before) gaps.set(before.subarray(before.length - taken), start);
      if (endToken !== undefined) {
        ids[(k + 1) * length - 1] = endToken;
        present[(k + 1) * length - 1] = 1;
      }
    }
    const product = tf.tidy(() =>
      scoresAtEnd(
        scoring,
        tf.tensor2d(ids, [size, length], 'int32'),
        tf.tensor2d(present, [size, length]),
        table,
        scoring.timeGaps ? tf.tensor2d(gaps, [size, length], 'int32') : undefined,
      ),
    );
    // Read outside of tidy, which would walk through the numbers in search of tensors.
    const block = product.dataSync<'float32'>();
    product.dispose();
    for (const [k, row] of rows.entries())
      scores.set(block.subarray(k * itemCount, (k + 1) * itemCount), row * itemCount);
  }
  return scores;
}

/** Item vectors that something has to be computed for, computed once; nothing where they lie there as weights. */
function computedVectors({ items }: SequenceEncoder): tf.Tensor2D | undefined {
  if (!items.given) return undefined;
  const table = tf.tidy(() => items.of(ForwardPass.inference()));
  // Reading the table computes it now, and once.
  table.dataSync();
  return table;
}

/**
 * Scores of the catalogue from the model's vector at the last position, `[batch, itemCount]`.
 *
 * @param table - vectors of the items and tokens, if they are known
 * @param gaps - buckets of the time before each item, for models that read it
 */
export function scoresAtEnd(
  scoring: HistoryScoring,
  ids: tf.Tensor2D,
  present: tf.Tensor2D,
  table = scoring.encoder.items.of(ForwardPass.inference()),
  gaps?: tf.Tensor,
): tf.Tensor2D {
  const { encoder, itemCount, causal } = scoring;
  const states = encoder.encode(ids, present, ForwardPass.inference(), causal, {
    only: 'newest',
    table,
    gaps,
  });
  const [size = 0, , width = 0] = states.shape;
  const last = tf.reshape(states, [size, width]) as tf.Tensor2D;
  if (encoder.items.scores) return encoder.items.scores(last, ForwardPass.inference());
  const { hidden, table: items } = encoder.scored(last, tf.slice(table, [0, 0], [itemCount, width]));
  return tf.matMul(hidden, items, false, true) as tf.Tensor2D;
}
