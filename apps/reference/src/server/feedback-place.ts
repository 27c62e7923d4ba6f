import { join } from 'node:path';
import { type FeedbackStore, MemoryFeedbackStore, userDataFolder } from '@palate/core';
import { openFeedbackStore } from '@palate/postgres';

/** Data set that feedback belongs to. */
export interface FeedbackOf {
  readonly name: string;
  readonly fingerprint: string;
}

/** The store of feedback in a place: a folder, a `postgres:` URL, or `memory`; a folder of the data by default. */
export async function openFeedbackPlace(
  place: string | undefined,
  { name, fingerprint }: FeedbackOf,
): Promise<FeedbackStore> {
  if (place === 'memory') return new MemoryFeedbackStore();
  const plain = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
    .slice(0, 40);
  return openFeedbackStore(
    place ?? join(userDataFolder(), `${plain}-${fingerprint.slice(0, 16)}`, 'feedback'),
  );
}

/** Whether several servers may keep feedback in a place at the same time: a database, and no folder. */
export function isShared(place: string | undefined): boolean {
  return place !== undefined && /^postgres(ql)?:/.test(place);
}
