import { fingerprint, type InteractionLog, madeFrom, type Provenance } from '@palate/core';
import { leaveOneOut } from '@palate/datasets';
import { earlyPart } from './early-part.js';

/**
 * Knowledge of interactions in the engagement-guided texts: the graph in which the films' neighbours were found holds
 * all but the last two of every user, the training part of leave-one-out. For a random split or one in time it holds
 * interactions of the test, so that evaluation refuses them there.
 *
 * @param log - of the bundled 5-core, in which the interactions are counted
 */
export function engagementProvenance(log: InteractionLog): Provenance {
  const users = Array.from(log.users, (_, user) => user);
  return madeFrom({ users: earlyPart(log, users), log: fingerprint(leaveOneOut(log).train) });
}
