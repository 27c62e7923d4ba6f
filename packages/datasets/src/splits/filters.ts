import {
  checkNumber,
  defineOptions,
  type InteractionLog,
  InvalidInputError,
  type OptionsOf,
  option,
} from '@palate/core';

function rowsWhere(log: InteractionLog, keep: (row: number) => boolean): Int32Array {
  const rows = new Int32Array(log.length);
  let count = 0;
  for (let row = 0; row < log.length; row++) if (keep(row)) rows[count++] = row;
  return rows.slice(0, count);
}

/** Least counts of {@link kCore}. */
export const K_CORE = defineOptions(
  'kCore',
  {
    users: option.integer({ min: 0 })({ default: 5, doc: 'least interactions of a user' }),
    items: option.integer({ min: 0 })({ default: 5, doc: 'least interactions of an item' }),
  },
  [],
);

/** Options of {@link kCore}; {@link K_CORE} says what each does. */
export type KCoreOptions = OptionsOf<typeof K_CORE.declarations>;

/**
 * The iterated k-core: drops users and items with too few interactions, again and again until every one left
 * has enough. Costs one pass over the log for each round, a handful in practice.
 *
 * @returns a compacted log: users and items that are gone have no dense index
 */
export function kCore(log: InteractionLog, options: KCoreOptions = {}): InteractionLog {
  const { users: leastUsers, items: leastItems } = K_CORE.settings(options);
  const userCounts = log.userCounts();
  const itemCounts = log.itemCounts();
  const alive = new Uint8Array(log.length).fill(1);
  for (let changed = true; changed; ) {
    changed = false;
    for (let row = 0; row < log.length; row++) {
      if (!alive[row]) continue;
      const user = log.user[row]!;
      const item = log.item[row]!;
      if (userCounts[user]! >= leastUsers && itemCounts[item]! >= leastItems) continue;
      alive[row] = 0;
      userCounts[user]! -= 1;
      itemCounts[item]! -= 1;
      changed = true;
    }
  }
  return log.select(rowsWhere(log, (row) => alive[row] === 1)).compact();
}

/** The log of the items with at least `least` interactions, counted once. */
export function minimumItemCount(log: InteractionLog, least: number): InteractionLog {
  checkNumber('least', least, { min: 0, integer: true });
  const counts = log.itemCounts();
  return log.select(rowsWhere(log, (row) => counts[log.item[row]!]! >= least)).compact();
}

/**
 * The interactions rated at least `least`.
 *
 * @throws InvalidInputError if the log has no ratings
 */
export function ratingThreshold(log: InteractionLog, least: number): InteractionLog {
  checkNumber('least', least);
  const { rating } = log;
  if (!rating)
    throw new InvalidInputError({
      expected: 'a log with ratings',
      received: 'one without',
      hint: 'Load a rating column, or leave the threshold out.',
    });
  return log.select(rowsWhere(log, (row) => rating[row]! >= least)).compact();
}

/**
 * One interaction for each pair of user and item: the earliest, and among equal times the first one.
 * To be applied before k-core and splits.
 */
export function keepFirst(log: InteractionLog): InteractionLog {
  const { offsets, row } = log.byUser();
  const lastUser = new Int32Array(log.items.size).fill(-1);
  const keep = new Uint8Array(log.length);
  for (let user = 0; user < log.users.size; user++)
    for (let p = offsets[user]!; p < offsets[user + 1]!; p++) {
      const item = log.item[row[p]!]!;
      if (lastUser[item] === user) continue;
      lastUser[item] = user;
      keep[row[p]!] = 1;
    }
  return log.select(rowsWhere(log, (r) => keep[r] === 1)).compact();
}
