import { byScore, type ScoredItem } from '@palate/core';

/**
 * Puts candidates into the order of a model's log-chances and, by a weight, of the order they came in.
 *
 * The order they came in counts as `-ln(rank)`, the log-chances of Zipf's law: what scale a retriever's scores have
 * changes nothing. Equal scores share the mean of their ranks. What the model did not read follows behind, as it came.
 *
 * @param given - candidates by falling score
 * @param own - the model's scores of the first of them
 * @param weight - of the order they came in; 0 for the model's alone
 */
export function mixedOrder(
  given: readonly ScoredItem[],
  own: readonly number[],
  weight: number,
  k: number,
): ScoredItem[] {
  const read = given.slice(0, own.length);
  const [chances, ranks] = [logChances(own), meanRanks(read)];
  const mixed = read
    .map(({ item }, at) => ({ item, score: chances[at]! - weight * Math.log(ranks[at]!) }))
    .sort(byScore);
  const lowest = mixed.at(-1)?.score ?? 0;
  const rest = given.slice(own.length, Math.max(own.length, k));
  return [...mixed, ...rest.map(({ item }, at) => ({ item, score: lowest - 1 - at }))].slice(0, k);
}

/** Ranks from 1 of falling scores; equal ones get their mean. */
function meanRanks(given: readonly ScoredItem[]): number[] {
  const ranks: number[] = [];
  for (let from = 0; from < given.length; ) {
    let to = from + 1;
    while (to < given.length && given[to]?.score === given[from]?.score) to++;
    for (; ranks.length < to; ) ranks.push((from + 1 + to) / 2);
    from = to;
  }
  return ranks;
}

/** Log-softmax of scores. */
function logChances(scores: readonly number[]): number[] {
  const most = scores.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const total = Math.log(scores.reduce((sum, score) => sum + Math.exp(score - most), 0));
  return scores.map((score) => score - most - total);
}
