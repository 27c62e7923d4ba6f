import { checkProvenance, IdMap, InteractionLog, type Provenance, trainingOf } from '@palate/core';
import type { NearColdStartUser } from './preferences.js';

/**
 * Refuses texts or vectors that know a rating of a study's pools. Ratings whose time or position a pool does not tell
 * count as unseen only where nothing of their user was seen, or where all was made from `train`.
 *
 * @param what - how the message calls them
 * @param items - the items that pools name by dense index; their numbers if left out
 * @param train - what baselines were fitted on, without the users of the study
 * @throws LeakError naming the first rating, or that they do not say what they know
 */
export function checkStudyUnseen(
  what: string,
  provenance: Provenance | undefined,
  users: readonly NearColdStartUser[],
  items?: IdMap,
  train?: InteractionLog,
): void {
  if (!provenance || provenance.kind === 'world') return;
  const pools = users.flatMap(({ user, pool }) => pool.map((entry) => ({ user, ...entry })));
  const ids = items ?? new IdMap(new Set(pools.map(({ item }) => String(item))));
  const people = new IdMap(new Set(users.map(({ user }) => user)), 'user');
  const timed = pools.every(({ timestamp }) => timestamp !== undefined);
  checkProvenance(what, provenance, {
    rows: new InteractionLog({
      users: people,
      items: ids,
      user: Int32Array.from(pools, ({ user }) => people.indexOf(user)),
      item: Int32Array.from(pools, ({ item }) => (items ? item : ids.indexOf(String(item)))),
      timestamp: Float64Array.from(pools, ({ timestamp, position }) => (timed ? timestamp : position) ?? 0),
      timeUnit: timed ? 'seconds' : 'position',
    }),
    positions: pools.map(({ position }) => position ?? -1),
    training: train ? trainingOf(train) : [],
  });
}
