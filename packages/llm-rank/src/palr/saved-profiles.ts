import { type Artifact, savedJson } from '@palate/core';

/**
 * The profiles of an artifact, in words by external user id.
 *
 * @throws TypeError if they are no list of pairs of texts
 */
export function savedProfiles(dir: string, artifact: Artifact): Map<string, string> {
  const profiles = savedJson(dir, artifact, 'profiles.json');
  if (!Array.isArray(profiles)) throw new TypeError('profiles.json is not a list');
  return new Map(profiles.map(profileEntry));
}

function profileEntry(entry: unknown): [string, string] {
  if (Array.isArray(entry) && entry.length === 2 && entry.every((part) => typeof part === 'string'))
    return entry as [string, string];
  throw new TypeError('profiles.json has an entry that is not a pair of texts');
}
