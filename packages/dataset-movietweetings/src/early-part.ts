import type { InteractionLog, SeenOfUser } from '@palate/core';

/**
 * All but the last interactions of users, as a provenance tells it.
 *
 * @param users - dense user indexes
 * @param leftOut - newest interactions of each that are not known
 */
export function earlyPart(
  log: InteractionLog,
  users: readonly number[],
  leftOut = 2,
): Readonly<Record<string, SeenOfUser>> {
  const { offsets, row } = log.byUser();
  return Object.fromEntries(
    users.map((user) => {
      const from = offsets[user] as number;
      const n = Math.max(0, (offsets[user + 1] as number) - from - leftOut);
      const until = log.timestamp[row[from + n - 1] as number];
      return [log.users.idOf(user), { n, until: n > 0 && until !== undefined ? until : undefined }];
    }),
  );
}
