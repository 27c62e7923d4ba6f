import { InvalidInputError } from '@palate/core';
import { checkValues } from './check-values.js';
import { exponentialGains, normalisedGain } from './discounted-gain.js';

/**
 * Input of the metrics of one user: the ranks of the relevant items.
 *
 * `ranks` count from 1 and increase; an item that was not ranked has rank `Infinity`. `gains[i]` is the grade of
 * the item at `ranks[i]`, 1 throughout where relevance is binary.
 */
export interface RankedRelevant {
  readonly ranks: ArrayLike<number>;
  readonly gains: ArrayLike<number>;
}

/**
 * Checks what a metric is given.
 *
 * @throws InvalidInputError for ranks that do not increase from 1, gains that are negative or not finite, or a cut-off
 *   below 1
 */
function check({ ranks, gains }: RankedRelevant, k: number): void {
  if (!(k >= 1) || (Number.isFinite(k) && !Number.isInteger(k)))
    throw new InvalidInputError({
      expected: 'a cut-off k that is a whole number from 1',
      received: String(k),
      hint: 'Pass how many positions of the list count.',
    });
  if (gains.length !== ranks.length)
    throw new InvalidInputError({
      expected: 'as many gains as ranks',
      received: `${gains.length} gains and ${ranks.length} ranks`,
      hint: 'Give every relevant item its rank and its gain.',
    });
  checkValues('ranks', ranks, { min: 1, infinite: true });
  checkValues('gains', gains, { min: 0 });
  for (let i = 1; i < ranks.length; i++)
    if (ranks[i]! < ranks[i - 1]!)
      throw new InvalidInputError({
        expected: 'ranks in ascending order',
        received: `${ranks[i]} after ${ranks[i - 1]}`,
        hint: 'Sort the relevant items by rank, best first.',
      });
}

/** Counts the relevant items within the first `k`. */
function hits(user: RankedRelevant, k: number): number {
  check(user, k);
  const { ranks } = user;
  let count = 0;
  for (let i = 0; i < ranks.length; i++) if (ranks[i]! <= k) count++;
  return count;
}

/** Hit rate: 1 if any relevant item is within the first `k`, else 0. Equals recall where one item is relevant. */
export function hitRate(user: RankedRelevant, k: number): number {
  return hits(user, k) > 0 ? 1 : 0;
}

/** Recall: relevant items within the first `k` over all relevant items (Manning et al. 2008, 8.3). */
export function recall(user: RankedRelevant, k: number): number {
  return user.ranks.length === 0 ? 0 : hits(user, k) / user.ranks.length;
}

/** Precision: relevant items within the first `k` over `k` (Manning et al. 2008, 8.3). */
export function precision(user: RankedRelevant, k: number): number {
  return hits(user, k) / k;
}

/** F1: harmonic mean of precision and recall at `k`; 0 where both are 0. */
export function f1(user: RankedRelevant, k: number): number {
  const p = precision(user, k);
  const r = recall(user, k);
  return p + r === 0 ? 0 : (2 * p * r) / (p + r);
}

/**
 * Normalised discounted cumulative gain (Järvelin and Kekäläinen 2002): sum of `gain / log2(rank + 1)` over the
 * relevant items within the first `k`, over the same sum for the ideal order of at most `k` items. With one
 * binary relevant item it is `1 / log2(rank + 1)`.
 *
 * @param gain - `'linear'` takes grades as they are; `'exponential'` takes `2^grade - 1` (Burges et al. 2005), of
 *   grades of any size
 */
export function ndcg(user: RankedRelevant, k: number, gain: 'linear' | 'exponential' = 'linear'): number {
  check(user, k);
  return normalisedGain(user.ranks, gain === 'linear' ? user.gains : exponentialGains(user.gains), k);
}

/** Reciprocal rank of the first relevant item, 0 if it is not within the first `k` (Voorhees 1999). */
export function reciprocalRank(user: RankedRelevant, k: number = Number.POSITIVE_INFINITY): number {
  check(user, k);
  const first = user.ranks[0];
  return first === undefined || first > k ? 0 : 1 / first;
}

/**
 * Average precision at `k`: the mean, over the relevant items that could be within the first `k`, of the
 * precision at each one's rank; items beyond `k` count 0 (Manning et al. 2008, 8.4, cut at `k`).
 */
export function averagePrecision(user: RankedRelevant, k: number): number {
  check(user, k);
  let sum = 0;
  for (let i = 0; i < user.ranks.length; i++) if (user.ranks[i]! <= k) sum += (i + 1) / user.ranks[i]!;
  const possible = Math.min(k, user.ranks.length);
  return possible === 0 ? 0 : sum / possible;
}

const RANK_METRICS = {
  hr: hitRate,
  recall,
  precision,
  f1,
  ndcg: (user: RankedRelevant, k: number) => ndcg(user, k),
  'ndcg-exp': (user: RankedRelevant, k: number) => ndcg(user, k, 'exponential'),
  mrr: reciprocalRank,
  map: averagePrecision,
} as const;

/** Metrics over whole lists of all users, that no single user has. */
const LIST_METRICS = ['coverage', 'gini', 'novelty', 'popularity', 'diversity', 'serendipity'] as const;
/** A metric of whole recommendation lists. */
export type ListMetricName = (typeof LIST_METRICS)[number];

/** A metric name such as `ndcg@10`, taken apart. */
export type ParsedMetric =
  | {
      readonly kind: 'rank';
      readonly name: string;
      readonly k: number;
      readonly of: (user: RankedRelevant) => number;
    }
  | { readonly kind: 'auc'; readonly name: string }
  | { readonly kind: 'list'; readonly name: string; readonly k: number; readonly metric: ListMetricName };

/**
 * Takes a metric's name apart: `hr@10`, `recall@20`, `precision@5`, `f1@10`, `ndcg@10`, `ndcg-exp@10`, `mrr@10`,
 * `mrr`, `map@10`, `auc`, and of whole lists `coverage@10`, `gini@10`, `novelty@10`, `popularity@10`,
 * `diversity@10`, `serendipity@10`.
 *
 * @throws InvalidInputError for any other name
 */
export function parseMetric(name: string): ParsedMetric {
  if (name === 'auc') return { kind: 'auc', name };
  if (name === 'mrr')
    return { kind: 'rank', name, k: Number.POSITIVE_INFINITY, of: (user) => reciprocalRank(user) };
  const [, base = '', cutoff = ''] = /^([a-z0-9-]+)@([1-9]\d*)$/.exec(name) ?? [];
  const k = Number(cutoff);
  if (Object.hasOwn(RANK_METRICS, base)) {
    const metric = RANK_METRICS[base as keyof typeof RANK_METRICS];
    return { kind: 'rank', name, k, of: (user) => metric(user, k) };
  }
  const metric = LIST_METRICS.find((each) => each === base);
  if (metric) return { kind: 'list', name, k, metric };
  throw new InvalidInputError({
    expected: `a metric such as ${[...Object.keys(RANK_METRICS), ...LIST_METRICS].map((each) => `${each}@10`).join(', ')}, mrr or auc`,
    received: JSON.stringify(name),
    hint: 'Correct the name; cut-offs are whole numbers from 1.',
  });
}

/**
 * Which end of a metric is better: lower for `gini` (and errors), higher for what is found, covered or new; neither for
 * `popularity`, which describes.
 */
export function betterOf(name: string): 'higher' | 'lower' | 'neither' {
  const [base = ''] = name.split('@');
  if (['gini', 'rmse', 'mae', 'logLoss'].includes(base)) return 'lower';
  return base === 'popularity' ? 'neither' : 'higher';
}
