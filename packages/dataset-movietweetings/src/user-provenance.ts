import { madeFrom, type Provenance } from '@palate/core';
import type { UserKnowledge } from './knowledge.js';

/**
 * Knowledge of interactions in recorded texts about users: the first `n` of each user's time-ordered 5-core
 * interactions.
 *
 * @param records - those that are used
 */
export function userProvenance(records: readonly Pick<UserKnowledge, 'user' | 'n'>[]): Provenance {
  return madeFrom({ users: Object.fromEntries(records.map(({ user, n }) => [user, { n }])) });
}
