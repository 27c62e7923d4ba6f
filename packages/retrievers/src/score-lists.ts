import {
  type Favourites,
  type IdMap,
  InvalidInputError,
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

/**
 * The different items of a query's history, in order of first appearance.
 *
 * @throws InvalidInputError if an index is out of range
 */
export function distinctHistory(query: Query, itemCount: number): number[] {
  const { history } = query;
  if (!history) return [];
  const seen = new Set<number>();
  for (let i = 0; i < history.length; i++) {
    const item = history[i]!;
    if (!(item >= 0 && item < itemCount && Number.isInteger(item)))
      throw new InvalidInputError({
        expected: `item indexes from 0 to ${itemCount - 1} in the query's history`,
        received: String(item),
        hint: 'Use dense indexes of the id map of the retriever that is asked.',
      });
    seen.add(item);
  }
  return [...seen];
}
