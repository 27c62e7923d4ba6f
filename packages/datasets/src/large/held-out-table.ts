import type { LongCallOptions } from '@palate/core';
import { type DuckDbSession, numbersIn } from './duckdb-session.js';

/**
 * Keeps the values of a query that have a part of their own in a table, with their parts.
 *
 * @param of - the query, of one column
 * @param part - a part for each of its rows; 0 for those that are not held out
 * @returns name of the table, whose columns are `held` and `part`
 */
export async function heldOutTable(
  session: DuckDbSession,
  of: string,
  part: Uint8Array,
  options: LongCallOptions,
): Promise<string> {
  const count = part.reduce((sum, each) => sum + (each > 0 ? 1 : 0), 0);
  const values = new Float64Array(count);
  const parts = new Uint8Array(count);
  let [at, kept] = [0, 0];
  for await (const chunk of session.chunks(of, options.signal)) {
    const given = numbersIn(chunk, 0);
    for (let row = 0; row < chunk.rowCount; row++, at++) {
      const own = part[at] as number;
      if (own === 0) continue;
      values[kept] = given[row] as number;
      parts[kept++] = own;
    }
  }
  return session.keep({ held: values, part: parts }, options.signal);
}
