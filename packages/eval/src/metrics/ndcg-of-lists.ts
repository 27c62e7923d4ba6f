import { checkNumber, InvalidInputError, type ScoredItem } from '@palate/core';
import { normalisedGain } from './discounted-gain.js';

/**
 * NDCG@k of lists against the relevant items, as a mean over those that have any: gains of 1, discount
 * `1 / log2(rank + 1)`, an ideal of as many as there are. For validation while training, where the lists exist already;
 * `evaluateRanking` is for results.
 *
 * @param lists - best first, without repetitions
 * @param targets - the right items of each list
 * @throws InvalidInputError if `k` is no whole number from 1, there is not one list for each of the targets, or one holds within the first `k` an item twice,
 *   or what is no index
 */
export function ndcgOfLists(
  lists: readonly (readonly Pick<ScoredItem, 'item'>[])[],
  targets: readonly ArrayLike<number>[],
  k: number,
): number {
  checkNumber('k', k, { min: 1, integer: true });
  if (lists.length !== targets.length)
    throw new InvalidInputError({
      expected: `${targets.length} lists, one for each query's targets`,
      received: String(lists.length),
      hint: 'Pass an empty list for a query that was not answered.',
    });
  let sum = 0;
  let counted = 0;
  for (const [q, list] of lists.entries()) {
    const right = new Set(Array.from(targets[q] ?? []));
    if (right.size === 0) continue;
    counted++;
    const ranks = new Map([...right].map((item) => [item, Number.POSITIVE_INFINITY]));
    const met = new Set<number>();
    for (let rank = 1; rank <= Math.min(k, list.length); rank++) {
      const { item } = list[rank - 1] as Pick<ScoredItem, 'item'>;
      if (!Number.isInteger(item) || item < 0)
        throw new InvalidInputError({
          expected: 'lists of items by their dense indexes',
          received: `${String(item)} at position ${rank} of list ${q}`,
          hint: 'Correct the retriever: an entry has the index of an item.',
        });
      if (met.has(item))
        throw new InvalidInputError({
          expected: 'lists of different items',
          received: `the item ${item} more than once in list ${q}`,
          hint: 'Correct the retriever: a list holds each item once.',
        });
      met.add(item);
      if (right.has(item)) ranks.set(item, rank);
    }
    sum += normalisedGain(
      [...ranks.values()],
      Array.from(right, () => 1),
      k,
    );
  }
  return counted === 0 ? 0 : sum / counted;
}
