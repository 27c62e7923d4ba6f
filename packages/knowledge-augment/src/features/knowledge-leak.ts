import { type KnowledgeEntry, LeakError } from '@palate/core';
import type { CtrSamples } from './ctr-samples.js';

/**
 * Refuses samples that a text about their user has seen: a text written from the first `n` interactions may serve from
 * the place `n` on, and one that knows up to a time only samples after it.
 *
 * @param entries - texts about users, with `facts.n` or `knowsUntil`
 * @throws LeakError naming the first user whose text knows a sample
 */
export function checkKnowledgeLeak(samples: CtrSamples, entries: Iterable<KnowledgeEntry>): void {
  const { log } = samples;
  const firstPlace = new Map<number, number>();
  for (let at = 0; at < samples.user.length; at++) {
    const user = samples.user[at]!;
    firstPlace.set(user, Math.min(firstPlace.get(user) ?? Number.POSITIVE_INFINITY, samples.place[at]!));
  }
  const { offsets, row } = log.byUser();
  for (const { entity, entityType, facts, knowsUntil } of entries) {
    if (entityType !== 'user') continue;
    const user = log.users.find(entity);
    const place = user === undefined ? undefined : firstPlace.get(user);
    if (user === undefined || place === undefined) continue;
    const n = typeof facts?.n === 'number' ? facts.n : undefined;
    const time = log.timestamp[row[offsets[user]! + place]!]!;
    const knows =
      (n !== undefined && place < n) ||
      // Equal times are allowed where the count shows that the sample comes after.
      (knowsUntil !== undefined && (n === undefined ? time <= knowsUntil : time < knowsUntil));
    if (knows)
      throw new LeakError({
        expected: `samples of user ${JSON.stringify(entity)} after what the text about the user was written from`,
        received: `one at place ${place}${n === undefined ? '' : `, while the writer saw ${n} interactions`}`,
        hint: 'Make samples from after what the language model was shown (option from of ctrSamples).',
      });
  }
}
