import type { ScoredItem } from '@palate/core';
import { fuseLists } from '@palate/retrievers';
import { rangeOf } from '../range-of.js';

/**
 * The best `k` of some candidates by new scores of the first of them; those beyond stay behind in their order.
 *
 * @param given - candidates, best first
 * @param scores - of the first candidates
 * @param orderWeight - share of the given order in the new one; 0 for the new scores alone
 * @param by - how the two are brought together: by reciprocal ranks, or by scores from 0 to 1
 */
export function reorder(
  given: readonly ScoredItem[],
  scores: ArrayLike<number>,
  orderWeight: number,
  k: number,
  by: 'ranks' | 'scores' = 'ranks',
): ScoredItem[] {
  const depth = scores.length;
  const scored =
    by === 'scores' && orderWeight > 0
      ? mixed(
          scores,
          given.slice(0, depth).map(({ score }) => score),
          orderWeight,
        )
      : scores;
  const order = Array.from({ length: depth }, (_, at) => at).sort((a, b) => scored[b]! - scored[a]! || a - b);
  // Positions in the given order stand for the candidates: of equal ones the first stays first.
  const byScore = order.map((at) => ({ item: at, score: scored[at]! }));
  const ordered =
    orderWeight === 0 || by === 'scores'
      ? byScore
      : fuseLists([byScore, [...byScore].sort((a, b) => a.item - b.item)], [1 - orderWeight, orderWeight]);
  const first = ordered.map(({ item: at, score }) => ({ item: given[at]?.item as number, score }));
  const least = first.at(-1)?.score ?? 0;
  const rest = given.slice(depth).map(({ item }, at) => ({ item, score: least - 1 - at }));
  return [...first, ...rest].slice(0, k);
}

/** Two rows of scores, each brought to 0 to 1, the second with a share of the sum. */
function mixed(first: ArrayLike<number>, second: ArrayLike<number>, share: number): number[] {
  const [a, b] = [first, second].map(scaled) as [number[], number[]];
  return a.map((score, at) => (1 - share) * score + share * b[at]!);
}

/** Scores brought to 0 to 1 by their least and their greatest; 0 where all are alike. */
function scaled(scores: ArrayLike<number>): number[] {
  const { low, high } = rangeOf(scores);
  return Array.from(scores, (score) => (high > low ? (score - low) / (high - low) : 0));
}
