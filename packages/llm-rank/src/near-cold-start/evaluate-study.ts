import { InvalidInputError, type Provenance } from '@palate/core';
import { bootstrapInterval, checkValues, normalisedGain } from '@palate/eval';
import type { NearColdStartUser, RatedItem } from './preferences.js';
import { checkStudyUnseen } from './study-interactions.js';

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
  /** NDCG@k of each of these users, in the order given, for paired comparisons. */
  readonly values: readonly number[];
}

/**
 * Graded NDCG@k of scored pools: `sum gain / log2(rank + 1)` over that of the best order; equal scores share the mean
 * of their ranks' discounts. Users without any gain are left out.
 *
 * @param scores - for each user one score an item of the pool
 * @param slice - items of the pool that count, for example unseen ones
 * @param provenance - what texts and vectors behind the scores know of interactions; `rankByRetriever` compares those of
 *   its retriever by itself
 * @throws LeakError for texts and vectors that know a rating of a pool, or do not say what they know
 * @throws InvalidInputError for a score that is not a number or a gain that is negative or not finite, with user and
 *   item; for pools without a score an item; or if no user has anything to gain
 */
export function evaluateStudy(
  name: string,
  users: readonly NearColdStartUser[],
  scores: readonly (readonly number[])[],
  gain: (rating: number) => number,
  k = 10,
  slice: (item: RatedItem) => boolean = () => true,
  provenance?: Provenance,
): StudyResult {
  checkStudyUnseen(`what ${name} was built with`, provenance, users);
  const values: number[] = [];
  for (const [u, { user, pool }] of users.entries()) {
    const own = scores[u] ?? [];
    if (own.length !== pool.length)
      throw new InvalidInputError({
        expected: `a score for each of ${pool.length} items of user ${JSON.stringify(user)}`,
        received: String(own.length),
        hint: 'Score the whole pool.',
      });
    const nameOf = (at: number): string =>
      `the item ${String(pool[at]?.item)} of user ${JSON.stringify(user)} (position ${at} of the pool)`;
    checkValues('scores', own, { infinite: true }, nameOf);
    const gains = pool.map((item) => gain(item.rating));
    checkValues('gains', gains, { min: 0 }, nameOf);
    const entries = pool
      .map((item, at) => ({ gain: gains[at] as number, score: own[at] as number, item }))
      .filter(({ item }) => slice(item));
    const ideal = entries.map((entry) => entry.gain);
    if (!ideal.some((each) => each > 0)) continue;
    entries.sort((a, b) => (a.score > b.score ? -1 : a.score < b.score ? 1 : 0));
    const shared: number[] = [];
    for (let from = 0; from < entries.length; ) {
      let to = from;
      while (to < entries.length && entries[to]?.score === entries[from]?.score) to++;
      const mean = entries.slice(from, to).reduce((sum, entry) => sum + entry.gain / (to - from), 0);
      for (let at = from; at < to; at++) shared.push(mean);
      from = to;
    }
    values.push(
      normalisedGain(
        shared.map((_, at) => at + 1),
        shared,
        k,
        ideal,
      ),
    );
  }
  if (values.length === 0)
    throw new InvalidInputError({
      expected: 'at least one user with an item that has a gain',
      received: `none of ${users.length}`,
      hint: 'Lower the threshold of the gain, or choose other users.',
    });
  const { low, high } = bootstrapInterval(values);
  return {
    name,
    ndcg: values.reduce((sum, value) => sum + value, 0) / values.length,
    low,
    high,
    users: values.length,
    values,
  };
}
