import {
  checkNumber,
  type IdMap,
  InvalidInputError,
  type LongCallOptions,
  type Query,
  type RetrieveOptions,
  type ScoredItem,
  throwIfCancelled,
  topK,
  unavailableItems,
} from '@palate/core';

/** Scores the whole catalogue for one query into `row`, one entry an item. */
export type RowScorer = (query: Query, row: Float32Array) => void;

/** Scores every query into one block; what a `CatalogueScorer.scoreAll` returns. */
export function scoreRows(
  name: string,
  items: IdMap,
  queries: readonly Query[],
  options: LongCallOptions,
  score: RowScorer,
): Float32Array {
  const n = items.size;
  const scores = new Float32Array(queries.length * n);
  for (const [q, query] of queries.entries()) {
    throwIfCancelled(options.signal, name);
    score(query, scores.subarray(q * n, (q + 1) * n));
  }
  return scores;
}

/**
 * Turns catalogue scores into lists as the contract of `Retriever` has them, a few queries at a time so that
 * memory stays bounded.
 *
 * @param scoreBlock - the retriever's own `scoreAll`
 */
export async function listsFromScores(
  name: string,
  items: IdMap,
  queries: readonly Query[],
  k: number,
  options: RetrieveOptions,
  scoreBlock: (queries: readonly Query[], options: LongCallOptions) => Promise<Float32Array>,
): Promise<ScoredItem[][]> {
  checkNumber('k', k, { min: 1, integer: true });
  const n = items.size;
  const block = Math.max(1, Math.min(256, Math.floor(2 ** 23 / n)));
  const unavailable = new Uint8Array(n);
  // Bad indexes are refused before any work is done.
  for (const query of queries) unavailableItems(query, n, options, unavailable);
  throwIfCancelled(options.signal, name);
  const lists: ScoredItem[][] = [];
  for (let from = 0; from < queries.length; from += block) {
    throwIfCancelled(options.signal, name);
    const chunk = queries.slice(from, from + block);
    const scores = await scoreBlock(chunk, options);
    for (const [q, query] of chunk.entries())
      lists.push(
        topK(scores.subarray(q * n, (q + 1) * n), k, unavailableItems(query, n, options, unavailable)),
      );
    options.onProgress?.({ phase: `retrieve with ${name}`, done: lists.length, total: queries.length });
  }
  return lists;
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
        mend: 'Use dense indexes of the id map of the retriever that is asked.',
      });
    seen.add(item);
  }
  return [...seen];
}
