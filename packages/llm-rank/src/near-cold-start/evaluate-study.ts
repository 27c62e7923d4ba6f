import { InvalidInputError } from '@palate/core';
import { bootstrapInterval } from '@palate/eval';
import type { NearColdStartUser, RatedItem } from './preferences.js';

/** Gain of a rated item: 0 below the threshold, else `2^(rating - threshold)`. */
export function gainAbove(threshold: number): (rating: number) => number {
  return (rating) => (rating < threshold ? 0 : 2 ** (rating - threshold));
}

/** Results of a study. */
export interface StudyResult {
  readonly name: string;
  /** Mean graded NDCG@k over users, with its 95 % interval. */
  readonly ndcg: number;
  readonly low: number;
  readonly high: number;
  readonly users: number;
}

/**
 * Graded NDCG@k of scored pools: `sum gain / log2(rank + 1)` over that of the best order; equal scores share the mean
 * of their ranks' discounts. Users without any gain are left out.
 *
 * @param scores - for each user one score an item of the pool
 * @param slice - items of the pool that count, for example unseen ones
 */
export function evaluateStudy(
  name: string,
  users: readonly NearColdStartUser[],
  scores: readonly (readonly number[])[],
  gain: (rating: number) => number,
  k = 10,
  slice: (item: RatedItem) => boolean = () => true,
): StudyResult {
  const values: number[] = [];
  for (const [u, { user, pool }] of users.entries()) {
    const own = scores[u] ?? [];
    if (own.length !== pool.length)
      throw new InvalidInputError({
        expected: `a score for each of ${pool.length} items of user ${JSON.stringify(user)}`,
        received: String(own.length),
        hint: 'Score the whole pool.',
      });
    const entries = pool
      .map((item, at) => ({ gain: gain(item.rating), score: own[at] as number, item }))
      .filter(({ item }) => slice(item));
    const best = [...entries].sort((a, b) => b.gain - a.gain);
    const ideal = discounted(
      best.map((entry) => entry.gain),
      k,
    );
    if (ideal === 0) continue;
    entries.sort((a, b) => b.score - a.score);
    const gains: number[] = [];
    for (let from = 0; from < entries.length; ) {
      let to = from;
      while (to < entries.length && entries[to]?.score === entries[from]?.score) to++;
      const tied = entries.slice(from, to);
      const mean = tied.reduce((sum, entry) => sum + entry.gain, 0) / tied.length;
      for (let at = from; at < to; at++) gains.push(mean);
      from = to;
    }
    values.push(discounted(gains, k) / ideal);
  }
  const { low, high } = bootstrapInterval(values);
  return {
    name,
    ndcg: values.reduce((sum, value) => sum + value, 0) / values.length,
    low,
    high,
    users: values.length,
  };
}

const discounted = (gains: readonly number[], k: number): number =>
  gains.slice(0, k).reduce((sum, gain, rank) => sum + gain / Math.log2(rank + 2), 0);
