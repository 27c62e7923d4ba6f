import { fingerprint, type InteractionLog, madeFrom, type Provenance } from '@palate/core';
import { leaveOneOut } from '@palate/datasets';
import { earlyPart } from './early-part.js';
import type { NarrativeRequest } from './knowledge.js';

/**
 * Knowledge of interactions in recorded requests: each was written from all but the last two of its user's. Nothing is
 * known of users without a request.
 *
 * @param log - of the bundled 5-core, in which the interactions are counted
 * @param requests - those that are used
 */
export function narrativeProvenance(
  log: InteractionLog,
  requests: readonly Pick<NarrativeRequest, 'user'>[],
): Provenance {
  const users = requests.map(({ user }) => log.users.indexOf(user));
  return madeFrom({ users: earlyPart(log, users), log: fingerprint(leaveOneOut(log).train) });
}
