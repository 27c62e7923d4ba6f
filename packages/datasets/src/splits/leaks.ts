import type { InteractionLog } from '@palate/core';

/** Counts of what a training log sees that it would not know when the test interactions happen. */
export interface LeakReport {
  /** Share of test interactions that are older than the newest training interaction of anybody. */
  readonly testBeforeTrainingEnd: number;
  /** Share of test users who have a training interaction later than one of their own test interactions. */
  readonly usersTrainedOnTheirFuture: number;
  /** Test interactions whose pair of user and item is in training too. */
  readonly repeatedPairs: number;
}

/**
 * Looks for leaks from the future and from the test set into training. Both logs share their id maps. Where
 * times are positions, `testBeforeTrainingEnd` is unknown and 0.
 */
export function findLeaks(train: InteractionLog, test: InteractionLog): LeakReport {
  let newest = Number.NEGATIVE_INFINITY;
  for (let row = 0; row < train.length; row++) newest = Math.max(newest, train.timestamp[row]!);
  let before = 0;
  if (train.timeUnit === 'seconds')
    for (let row = 0; row < test.length; row++) if (test.timestamp[row]! < newest) before++;

  const trained = train.byUser();
  const tested = test.byUser();
  const seenBy = new Int32Array(train.items.size).fill(-1);
  let users = 0;
  let early = 0;
  let repeated = 0;
  for (let user = 0; user < test.users.size; user++) {
    const from = tested.offsets[user]!;
    const to = tested.offsets[user + 1]!;
    if (from === to) continue;
    users++;
    const start = trained.offsets[user]!;
    const end = trained.offsets[user + 1]!;
    if (end > start && train.timestamp[trained.row[end - 1]!]! > test.timestamp[tested.row[from]!]!) early++;
    for (let p = start; p < end; p++) seenBy[trained.item[p]!] = user;
    for (let p = from; p < to; p++) if (seenBy[tested.item[p]!] === user) repeated++;
  }
  return {
    testBeforeTrainingEnd: test.length === 0 ? 0 : before / test.length,
    usersTrainedOnTheirFuture: users === 0 ? 0 : early / users,
    repeatedPairs: repeated,
  };
}
