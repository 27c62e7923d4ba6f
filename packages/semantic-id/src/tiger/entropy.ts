import type { ScoredItem } from '@palate/core';

/**
 * Entropy@K (TIGER, section 4.4): how mixed the lists are by a category of their items, in nats, as a mean over lists.
 *
 * @param category - category of an item, for example its first code or its genre
 */
export function entropyAtK(
  lists: readonly (readonly ScoredItem[])[],
  k: number,
  category: (item: number) => string | number,
): number {
  let sum = 0;
  let counted = 0;
  for (const list of lists) {
    const head = list.slice(0, k);
    if (head.length === 0) continue;
    const counts = new Map<string | number, number>();
    for (const { item } of head) counts.set(category(item), (counts.get(category(item)) ?? 0) + 1);
    for (const count of counts.values()) sum -= (count / head.length) * Math.log(count / head.length);
    counted++;
  }
  return counted === 0 ? 0 : sum / counted;
}
