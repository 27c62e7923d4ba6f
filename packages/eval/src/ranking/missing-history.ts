import { type InteractionLog, withheldFrom } from '@palate/core';
import type { RankingData } from './ranking-options.js';

/**
 * Tells when histories lack what would be known at the test: interactions that the split held back from them, such as
 * validation, that come after the history and before the test. Next-item systems lose most by it.
 *
 * @returns a warning in words, or nothing
 */
export function missingHistory({ history, test }: RankingData): string | undefined {
  const withheld = withheldFrom(history);
  if (!withheld || withheld === test || withheld.users !== test.users) return undefined;
  let tested = 0;
  let missing = 0;
  for (let user = 0; user < test.users.size; user++) {
    const last = newest(test, user);
    if (last === undefined) continue;
    tested++;
    const held = newest(withheld, user, last);
    if (held !== undefined && held >= (newest(history, user, last) ?? Number.NEGATIVE_INFINITY)) missing++;
  }
  return missing === 0
    ? undefined
    : `${missing} of ${tested} test users have a history without their newest known interaction (the split's validation part): pass history: split.known`;
}

/** Time of a user's newest interaction, up to a time where one is given. */
function newest(log: InteractionLog, user: number, until = Number.POSITIVE_INFINITY): number | undefined {
  const { offsets, row } = log.byUser();
  for (let p = offsets[user + 1]! - 1; p >= offsets[user]!; p--) {
    const time = log.timestamp[row[p]!]!;
    if (time <= until) return time;
  }
  return undefined;
}
