import type { ScoredItem } from '@palate/core';

/** Outcome of the numbers that a model answered with. */
export interface AnswerCounts {
  /** Entries of the answer. */
  readonly answered: number;
  /** Numbers that no candidate has. */
  readonly invented: number;
  /** Numbers that had been given before. */
  readonly repeated: number;
}

/**
 * Reads an order out of an answer: numbers of candidates, from 1 as they were shown.
 *
 * @param shown - candidates in the order in which they were shown
 * @returns positions in `shown`, each at most once, in the order of the answer
 */
export function readOrder(
  numbers: readonly number[],
  shown: number,
): { readonly order: number[]; readonly counts: AnswerCounts } {
  const order: number[] = [];
  const seen = new Set<number>();
  let invented = 0;
  let repeated = 0;
  for (const number of numbers) {
    if (!Number.isInteger(number) || number < 1 || number > shown) invented++;
    else if (seen.has(number)) repeated++;
    else {
      seen.add(number);
      order.push(number - 1);
    }
  }
  return { order, counts: { answered: numbers.length, invented, repeated } };
}

/**
 * The best `k` by ranked positions, filled up in the retriever's order.
 *
 * @param ranked - items best first
 * @returns the list with descending scores `k, k - 1, …`, and how many entries were filled in
 */
export function fillList(
  ranked: readonly number[],
  given: readonly ScoredItem[],
  k: number,
): { readonly list: ScoredItem[]; readonly filled: number } {
  const chosen = new Set(ranked.slice(0, k));
  const rest = given.map(({ item }) => item).filter((item) => !chosen.has(item));
  const items = [...chosen, ...rest].slice(0, k);
  return {
    list: items.map((item, rank) => ({ item, score: items.length - rank })),
    filled: Math.max(0, items.length - chosen.size),
  };
}
