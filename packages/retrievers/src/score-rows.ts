import {
  type Favourites,
  type IdMap,
  type LongCallOptions,
  type Query,
  throwIfCancelled,
} from '@palate/core';

/** Scores the whole catalogue for one query into `row`, one entry an item. */
export type RowScorer = (query: Query, row: Float32Array) => void;

/**
 * Scores every query into one block; what a `CatalogueScorer.scoreAll` returns.
 *
 * @param favourites - stand in where all items of a row have one score
 */
export function scoreRows(
  name: string,
  items: IdMap,
  queries: readonly Query[],
  options: LongCallOptions,
  score: RowScorer,
  favourites?: Favourites,
): Float32Array {
  const n = items.size;
  const scores = new Float32Array(queries.length * n);
  for (const [q, query] of queries.entries()) {
    throwIfCancelled(options.signal, name);
    const row = scores.subarray(q * n, (q + 1) * n);
    score(query, row);
    favourites?.standIn(row);
  }
  return scores;
}
