import type { ScoredItem } from '@palate/core';

/** The constant of reciprocal rank fusion (Cormack et al. 2009). */
const FUSION = 60;

/**
 * The best `k` of some candidates by new scores of the first of them; those beyond stay behind in their order.
 *
 * @param given - candidates, best first
 * @param scores - of the first candidates
 * @param orderWeight - share of the given order in the new one, by reciprocal ranks; 0 for the new scores alone
 */
export function reorder(
  given: readonly ScoredItem[],
  scores: ArrayLike<number>,
  orderWeight: number,
  k: number,
): ScoredItem[] {
  const depth = scores.length;
  const order = Array.from({ length: depth }, (_, at) => at).sort((a, b) => scores[b]! - scores[a]! || a - b);
  let first: ScoredItem[];
  if (orderWeight === 0) {
    first = order.map((at) => ({ item: given[at]?.item as number, score: scores[at]! }));
  } else {
    const fused = new Float64Array(depth);
    for (const [rank, at] of order.entries())
      fused[at] = (1 - orderWeight) / (FUSION + rank + 1) + orderWeight / (FUSION + at + 1);
    first = order
      .sort((a, b) => fused[b]! - fused[a]! || a - b)
      .map((at) => ({ item: given[at]?.item as number, score: fused[at]! }));
  }
  const least = first.at(-1)?.score ?? 0;
  const rest = given.slice(depth).map(({ item }, at) => ({ item, score: least - 1 - at }));
  return [...first, ...rest].slice(0, k);
}
