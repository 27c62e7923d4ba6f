import { type InteractionLog, InvalidInputError, type Query } from '@palate/core';

/** Buckets of gaps: one for gaps that are not known, one for less than a second, and one a doubling up to 17 years. */
export const GAP_BUCKETS = 32;

/** Chance that a user's times are left out of a step, so that a model serves histories without times too. */
const UNKNOWN_SHARE = 0.1;

/** Bucket of a gap in seconds. */
function bucketOf(gap: number): number {
  if (Number.isNaN(gap)) return 0;
  return gap < 1 ? 1 : Math.min(GAP_BUCKETS - 1, 2 + Math.floor(Math.log2(gap)));
}

/**
 * Buckets of the time that passed before each item of a history since the one before it; 0 for the first, and where a time is
 * not a number.
 *
 * @param times - in seconds, one an item, oldest first
 */
export function gapBuckets(times: ArrayLike<number>): Int32Array {
  return Int32Array.from({ length: times.length }, (_, k) =>
    k === 0 ? 0 : bucketOf(times[k]! - times[k - 1]!),
  );
}

/**
 * Buckets of a query's history; all 0 where it says no times.
 *
 * @throws InvalidInputError for times that are not one an item, go backwards, or lie after that of the request
 */
export function gapsOf({ history = [], historyTimestamps: times, timestamp }: Query): Int32Array {
  if (!times) return new Int32Array(history.length);
  const refuse = (expected: string, received: string, hint: string): never => {
    throw new InvalidInputError({ expected, received, hint });
  };
  if (times.length !== history.length)
    refuse(
      `a time for each of the ${history.length} items of the query's history`,
      `${times.length} times`,
      'Give historyTimestamps aligned with history, NaN for what is not known, or leave them out.',
    );
  let latest = Number.NEGATIVE_INFINITY;
  for (let k = 0; k < times.length; k++) {
    if (times[k]! < latest)
      refuse(
        'times of a history in ascending order',
        `${times[k]} after ${latest}`,
        'Sort it, oldest first.',
      );
    if (!Number.isNaN(times[k])) latest = times[k]!;
  }
  if (timestamp !== undefined && latest > timestamp)
    refuse(
      `a history up to the time of the request, ${timestamp}`,
      `an item at ${latest}`,
      'Leave out the later items: they are not known yet.',
    );
  return gapBuckets(times);
}

/** Refuses a log that has no times. */
export function checkTimes({ timeUnit }: InteractionLog): void {
  if (timeUnit === 'position')
    throw new InvalidInputError({
      expected: 'interactions with times in seconds, for gaps of time',
      received: 'positions alone',
      hint: 'Leave timeGaps out: this data has an order, but no times.',
    });
}

/** Buckets of the gaps of all users' histories, in the order of the log's user-major view. */
export class LogGaps {
  readonly #offsets: Int32Array;
  readonly #buckets: Int32Array;

  constructor(log: InteractionLog) {
    const { offsets, row } = log.byUser();
    this.#offsets = offsets;
    this.#buckets = new Int32Array(row.length);
    for (let user = 0; user + 1 < offsets.length; user++) {
      const [from, to] = [offsets[user]!, offsets[user + 1]!];
      for (let at = from + 1; at < to; at++)
        this.#buckets[at] = bucketOf(log.timestamp[row[at]!]! - log.timestamp[row[at - 1]!]!);
    }
  }

  /** Buckets of a user's history, oldest first; none of them now and then, drawn. */
  draw(user: number, uniform: () => number): Int32Array | undefined {
    if (uniform() < UNKNOWN_SHARE) return undefined;
    return this.#buckets.subarray(this.#offsets[user], this.#offsets[user + 1]);
  }
}
