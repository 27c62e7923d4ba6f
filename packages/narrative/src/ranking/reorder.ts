import type { ScoredItem } from '@palate/core';
import { fuseLists } from '@palate/retrievers';

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
  // Positions in the given order stand for the candidates: of equal ones the first stays first.
  const byScore = order.map((at) => ({ item: at, score: scores[at]! }));
  const ordered =
    orderWeight === 0
      ? byScore
      : fuseLists([byScore, [...byScore].sort((a, b) => a.item - b.item)], [1 - orderWeight, orderWeight]);
  const first = ordered.map(({ item: at, score }) => ({ item: given[at]?.item as number, score }));
  const least = first.at(-1)?.score ?? 0;
  const rest = given.slice(depth).map(({ item }, at) => ({ item, score: least - 1 - at }));
  return [...first, ...rest].slice(0, k);
}
