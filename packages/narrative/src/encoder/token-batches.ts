import { type PaddedRows, padRows } from '@palate/nn';
import { CUT_STEP } from './token-lengths.js';

/** Rows of tokens, padded to one length. */
export interface TokenRows extends PaddedRows {
  readonly length: number;
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
  return { length, ...padRows(tokens, length, { count: rows }) };
}
