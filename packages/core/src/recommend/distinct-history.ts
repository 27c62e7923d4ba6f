import { InvalidInputError } from '../basics/errors.js';
import type { Query } from './retriever.js';

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
        hint: 'Use dense indexes from the id map of the retriever.',
      });
    seen.add(item);
  }
  return [...seen];
}
