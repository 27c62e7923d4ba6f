import {
  type CatalogueScorer,
  distinctHistory,
  type LongCallOptions,
  type Query,
  throwIfCancelled,
} from '@palate/core';

/** Scores the whole catalogue for one query into `row`, one entry an item. */
export type RowScorer = (query: Query, row: Float32Array) => void;

/**
 * Scores every query into one block: the `scoreAll` of a scorer. Its favourites are the answer where all items of a row have
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

/** Scores by the sum of what each item of a history adds: rows of `weights`, items x items, row-major. */
export function sumOfHistoryRows(weights: Float32Array, items: number): RowScorer {
  const sum = new Float64Array(items);
  return (query, row) => {
    sum.fill(0);
    for (const item of distinctHistory(query, items)) {
      const from = item * items;
      for (let other = 0; other < items; other++) sum[other]! += weights[from + other]!;
    }
    row.set(sum);
  };
}
