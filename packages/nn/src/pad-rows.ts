/** Rows of tokens side by side. */
export interface PaddedRows {
  /** Row-major, `rows x length`. */
  readonly ids: Int32Array;
  /** 1 for tokens, 0 for padding. */
  readonly present: Float32Array;
}

/**
 * Pads rows of tokens behind, to one length; longer rows lose their end.
 *
 * @param padding - token that stands where there is none. Default 0
 * @param count - rows of the result, where it is to have more than there are
 */
export function padRows(
  rows: readonly ArrayLike<number>[],
  length: number,
  { padding = 0, count = rows.length }: { readonly padding?: number; readonly count?: number } = {},
): PaddedRows {
  const ids = new Int32Array(count * length).fill(padding);
  const present = new Float32Array(count * length);
  for (const [at, row] of rows.entries()) {
    const kept = Math.min(length, row.length);
    for (let k = 0; k < kept; k++) ids[at * length + k] = row[k]!;
    present.fill(1, at * length, at * length + kept);
  }
  return { ids, present };
}
