import type { ScoredItem } from '@palate/core';

/**
 * NDCG@k of lists against the items that turned out right, as a mean over those that have any: gains of 1, discount
 * `1 / log2(rank + 1)`, an ideal of as many as there are. For validation while training, where the lists are at hand;
 * `evaluateRanking` is for results.
 *
 * @param lists - best first
 * @param targets - the right items of each list
 */
export function ndcgOfLists(
  lists: readonly (readonly Pick<ScoredItem, 'item'>[])[],
  targets: readonly ArrayLike<number>[],
  k: number,
): number {
  let sum = 0;
  let counted = 0;
  for (const [q, list] of lists.entries()) {
    const right = new Set(Array.from(targets[q] ?? []));
    if (right.size === 0) continue;
    counted++;
    let gain = 0;
    let ideal = 0;
    for (let rank = 0; rank < k; rank++) {
      const discount = 1 / Math.log2(rank + 2);
      if (rank < right.size) ideal += discount;
      const entry = list[rank];
      if (entry && right.has(entry.item)) gain += discount;
    }
    sum += gain / ideal;
  }
  return counted === 0 ? 0 : sum / counted;
}
