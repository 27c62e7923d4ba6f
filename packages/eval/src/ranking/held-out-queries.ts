import type { InteractionLog, Query } from '@palate/core';

/** Queries of users with held-out items, and those items, in the same order. */
export interface HeldOutQueries {
  /** User and training history of each, with its times where the log has some. */
  readonly queries: readonly Query[];
  /** Held-out items of each, at least one. */
  readonly targets: readonly Int32Array[];
}

/**
 * Asks for the held-out items of every user who has any, for validation while training; `ndcgOfLists` measures the
 * answers.
 *
 * @param log - training interactions
 * @param held - held-out interactions over the same ids
 * @param includes - which users are asked; all if left out
 */
export function heldOutQueries(
  log: InteractionLog,
  held: InteractionLog,
  includes: (user: number) => boolean = () => true,
): HeldOutQueries {
  const users = Array.from({ length: log.users.size }, (_, user) => user).filter(
    (user) => includes(user) && held.history(user).length > 0,
  );
  const { offsets, row } = log.byUser();
  const timesOf = (user: number): Float64Array =>
    Float64Array.from(row.subarray(offsets[user], offsets[user + 1]), (r) => log.timestamp[r] as number);
  return {
    queries: users.map((user) => ({
      user: log.users.idOf(user),
      history: log.history(user),
      historyTimestamps: log.timeUnit === 'seconds' ? timesOf(user) : undefined,
    })),
    targets: users.map((user) => held.history(user)),
  };
}
