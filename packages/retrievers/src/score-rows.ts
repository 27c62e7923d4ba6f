import { type CatalogueScorer, type LongCallOptions, type Query, throwIfCancelled } from '@palate/core';

/** Scores the whole catalogue for one query into `row`, one entry an item. */
export type RowScorer = (query: Query, row: Float32Array) => void;

/**
 * Scores every query into one block: the `scoreAll` of a scorer. Its favourites stand in where all items of a row have
 * one score.
 */
export function scoreRows(
  { name, items, favourites }: CatalogueScorer,
  queries: readonly Query[],
  options: LongCallOptions,
  score: RowScorer,
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
