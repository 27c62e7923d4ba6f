import { byScore, type ScoredItem } from '@palate/core';

/** The constant of reciprocal rank fusion (Cormack et al. 2009). */
export const RANK_CONSTANT = 60;

/**
 * Fuses lists by reciprocal ranks: an item scores the sum of `weight / (60 + rank)` over the lists that hold it, its rank
 * counted from 1. An entry may carry the rank that it had in a longer list.
 *
 * @param lists - each the best first
 * @param weights - one per list; 1 each if left out
 * @returns all items of the lists, the best first; equal scores stand by lower item
 */
export function fuseLists(
  lists: readonly (readonly { readonly item: number; readonly rank?: number | undefined }[])[],
  weights: readonly number[] = lists.map(() => 1),
): ScoredItem[] {
  const scores = new Map<number, number>();
  for (const [l, list] of lists.entries())
    for (const [position, { item, rank = position }] of list.entries())
      scores.set(item, (scores.get(item) ?? 0) + (weights[l] ?? 1) / (RANK_CONSTANT + rank + 1));
  return [...scores].map(([item, score]) => ({ item, score })).sort(byScore);
}
