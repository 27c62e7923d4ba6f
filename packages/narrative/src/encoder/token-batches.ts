import { CUT_STEP } from './token-lengths.js';

/** Rows of tokens, padded to one length. */
export interface TokenRows {
  readonly length: number;
  /** Row-major, `rows x length`; 0 where there is padding. */
  readonly ids: Int32Array;
  /** 1 for tokens, 0 for padding. */
  readonly present: Float32Array;
}

/**
 * Pads rows of tokens to the length of the longest, rounded up so that few graphs serve all batches.
 *
 * @param most - tokens of a row that are read; the rest is cut
 * @param rows - rows of the batch, where it is to have more than there are
 */
export function padTokens(tokens: readonly Int32Array[], most: number, rows = tokens.length): TokenRows {
  const longest = tokens.reduce((max, row) => Math.max(max, Math.min(most, row.length)), 1);
  const length = Math.min(most, Math.ceil(longest / CUT_STEP) * CUT_STEP);
  const ids = new Int32Array(rows * length);
  const present = new Float32Array(rows * length);
  for (const [at, row] of tokens.entries()) {
    const read = row.subarray(0, length);
    ids.set(read, at * length);
    present.fill(1, at * length, at * length + read.length);
  }
  return { length, ids, present };
}
