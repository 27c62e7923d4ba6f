import { fingerprint, type InteractionLog, madeFrom, type Provenance } from '@palate/core';
import { leaveOneOut } from '@palate/datasets';
import { earlyPart } from './early-part.js';

/**
 * Knowledge of interactions in recorded rankings, and in what is learned from them: all but the last interaction of each
 * user, since the model read them in histories and the retriever of the candidates may have learned from them. They
 * serve the test of leave-one-out, and no other split.
 *
 * @param log - of the bundled 5-core, in which the interactions are counted
 */
export function rankingProvenance(log: InteractionLog): Provenance {
  const users = Array.from(log.users, (_, user) => user);
  return madeFrom({ users: earlyPart(log, users, 1), log: fingerprint(leaveOneOut(log).known) });
}
