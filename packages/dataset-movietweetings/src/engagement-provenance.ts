import { fingerprint, type InteractionLog, madeFrom, type Provenance } from '@palate/core';
import { leaveOneOut } from '@palate/datasets';

/** Newest interactions of each user that the graph of the engagement-guided texts lacks. */
const LEFT_OUT = 2;

/**
 * Knowledge of interactions in the engagement-guided texts: the graph in which the films' neighbours were found holds
 * all but the last two of every user, the training part of leave-one-out. For a random split or one in time it holds
 * interactions of the test, so that evaluation refuses them there.
 *
 * @param log - of the bundled 5-core, in which the interactions are counted
 */
export function engagementProvenance(log: InteractionLog): Provenance {
  const { offsets, row } = log.byUser();
  const users = Object.fromEntries(
    Array.from(log.users, (id, user) => {
      const from = offsets[user] as number;
      const n = Math.max(0, (offsets[user + 1] as number) - from - LEFT_OUT);
      const until = log.timestamp[row[from + n - 1] as number];
      return [id, { n, ...(n > 0 && until !== undefined ? { until } : {}) }];
    }),
  );
  return madeFrom({ users, log: fingerprint(leaveOneOut(log).train) });
}
