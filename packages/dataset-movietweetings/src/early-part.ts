import type { InteractionLog, SeenOfUser } from '@palate/core';

/** Newest interactions of each user that recorded texts made from interactions do not know. */
const LEFT_OUT = 2;

/**
 * All but the last two interactions of users, as a provenance tells it.
 *
 * @param users - dense user indexes
 */
export function earlyPart(
  log: InteractionLog,
  users: readonly number[],
): Readonly<Record<string, SeenOfUser>> {
  const { offsets, row } = log.byUser();
  return Object.fromEntries(
    users.map((user) => {
      const from = offsets[user] as number;
      const n = Math.max(0, (offsets[user + 1] as number) - from - LEFT_OUT);
      const until = log.timestamp[row[from + n - 1] as number];
      return [log.users.idOf(user), { n, until: n > 0 && until !== undefined ? until : undefined }];
    }),
  );
}
