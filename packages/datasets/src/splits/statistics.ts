import type { InteractionLog } from '@palate/core';
import { granularityOf, type TimeGranularity } from '../tables/times.js';

/** Size and density of a log, in numbers. */
export interface Statistics {
  /** Users with at least one interaction. */
  readonly users: number;
  /** Items with at least one interaction. */
  readonly items: number;
  readonly interactions: number;
  /** Interactions over users times items. */
  readonly density: number;
  readonly historyLength: {
    readonly mean: number;
    readonly median: number;
    readonly min: number;
    readonly max: number;
  };
  /** Gini coefficient of the items' interaction counts: 0 when all are equally popular. */
  readonly popularityGini: number;
  /** Interactions beyond the first of a pair of user and item. */
  readonly repeatedPairs: number;
  /** Interactions of a user at the same time as the one before. */
  readonly equalTimes: number;
  /** First and last time in seconds since 1970; left out where times are positions. */
  readonly time?: { readonly first: number; readonly last: number } | undefined;
  /**
   * Coarsest step of which all times are multiples: with `'day'` nothing says which of a user's interactions of one
   * day came first. Left out where times are positions.
   */
  readonly timeGranularity?: TimeGranularity | undefined;
  readonly meanRating?: number | undefined;
}

/** Counts a log. Costs a few passes and the user-major view. */
export function statistics(log: InteractionLog): Statistics {
  const lengths = log
    .userCounts()
    .filter((count) => count > 0)
    .sort();
  const counts = log
    .itemCounts()
    .filter((count) => count > 0)
    .sort();
  const { offsets, row } = log.byUser();
  const lastUser = new Int32Array(log.items.size).fill(-1);
  let repeatedPairs = 0;
  let equalTimes = 0;
  for (let user = 0; user < log.users.size; user++)
    for (let p = offsets[user]!; p < offsets[user + 1]!; p++) {
      const item = log.item[row[p]!]!;
      if (lastUser[item] === user) repeatedPairs++;
      lastUser[item] = user;
      if (p > offsets[user]! && log.timestamp[row[p]!] === log.timestamp[row[p - 1]!]) equalTimes++;
    }
  let first = Number.POSITIVE_INFINITY;
  let last = Number.NEGATIVE_INFINITY;
  let ratings = 0;
  for (let r = 0; r < log.length; r++) {
    first = Math.min(first, log.timestamp[r]!);
    last = Math.max(last, log.timestamp[r]!);
    ratings += log.rating?.[r] ?? 0;
  }
  // Gini over sorted counts: sum_i (2i - n - 1) x_i / (n sum x), i from 1.
  let weighted = 0;
  for (let i = 0; i < counts.length; i++) weighted += (2 * (i + 1) - counts.length - 1) * counts[i]!;
  const users = lengths.length;
  const items = counts.length;
  const middle = users >> 1;
  const isTimed = log.timeUnit === 'seconds' && log.length > 0;
  return {
    users,
    items,
    interactions: log.length,
    density: users * items === 0 ? 0 : log.length / (users * items),
    historyLength: {
      mean: users === 0 ? 0 : log.length / users,
      median:
        users === 0 ? 0 : users % 2 === 1 ? lengths[middle]! : (lengths[middle - 1]! + lengths[middle]!) / 2,
      min: lengths[0] ?? 0,
      max: lengths[users - 1] ?? 0,
    },
    popularityGini: log.length === 0 ? 0 : weighted / (items * log.length),
    repeatedPairs,
    equalTimes,
    time: isTimed ? { first, last } : undefined,
    timeGranularity: isTimed ? granularityOf(log.timestamp) : undefined,
    meanRating: log.rating && log.length > 0 ? ratings / log.length : undefined,
  };
}
