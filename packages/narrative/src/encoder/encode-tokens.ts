import { throwIfCancelled, yieldToEventLoop } from '@palate/core';
import type { EncoderParts, PreparedText } from '@palate/llm';
import * as tf from '@tensorflow/tfjs-core';
import { padTokens, type TokenRows } from './token-batches.js';
import type { TrainedEncoder } from './trained-encoder.js';

/** Tokens of a batch, padding counted. */
const BATCH_TOKENS = 2048;

/** Rows of a batch of a length: as many as memory is meant for. */
export const rowsAt = (length: number): number => Math.max(1, Math.floor(BATCH_TOKENS / length));

/** Rows of a batch that holds some texts, padded so that there are few sizes: 1, 4, 16, ... or the full one. */
export function paddedRows(count: number, longest: number): number {
  const full = Math.max(count, rowsAt(longest));
  let rows = 1;
  while (rows < count) rows = Math.min(rows * 4, full);
  return rows;
}

/** The first tokens of a text, for the front of an encoder that reads no more of it. */
export function preparedTokens(parts: EncoderParts, text: string, most: number): PreparedText {
  const ids = parts.tokenize(text);
  return {
    input: ids.subarray(0, most),
    length: Math.min(most, Math.max(1, ids.length)),
    truncated: ids.length > most,
  };
}

/**
 * Vectors of rows of tokens by an encoder as it is, for a validation while it trains.
 *
 * @param most - tokens of a row that are read
 * @returns row-major, one row of `parts.width` values each
 */
export async function encodeTokens(
  encoder: TrainedEncoder,
  tokens: readonly Int32Array[],
  most: number,
  signal?: AbortSignal,
): Promise<Float32Array> {
  const { width } = encoder.parts;
  const vectors = new Float32Array(tokens.length * width);
  const order = tokens.map((_, k) => k).sort((a, b) => (tokens[b]?.length ?? 0) - (tokens[a]?.length ?? 0));
  for (let from = 0; from < order.length; ) {
    throwIfCancelled(signal, 'encoding');
    const longest = Math.min(most, Math.max(1, tokens[order[from] as number]?.length ?? 1));
    const size = rowsAt(longest);
    const chunk = order.slice(from, from + size);
    const padded = padTokens(
      chunk.map((k) => tokens[k] as Int32Array),
      most,
      size,
    );
    const values = await encodeRows(encoder, padded);
    for (const [row, k] of chunk.entries())
      vectors.set(values.subarray(row * width, (row + 1) * width), k * width);
    from += chunk.length;
    await yieldToEventLoop(signal, 'encoding');
  }
  return vectors;
}

/**
 * Vectors of one padded batch.
 *
 * @param by - `'pool'` for the vectors of the rows, `'mean'` for the means of their states
 */
export async function encodeRows(
  encoder: TrainedEncoder,
  { ids, present, length }: TokenRows,
  by: 'pool' | 'mean' = 'pool',
): Promise<Float32Array> {
  const rows = present.length / length;
  const result = tf.tidy(() => {
    const there = tf.tensor2d(present, [rows, length]);
    const running = encoder.running();
    return running[by](running.states(tf.tensor2d(ids, [rows, length], 'int32'), there), there);
  });
  const values = await result.data<'float32'>();
  result.dispose();
  return values;
}
