import type { Artifact } from './artifact.js';
import { ArtifactError } from './errors.js';
import { IdMap } from './id-map.js';

/** Name of the file that keeps a retriever's item ids. */
const ITEMS = 'items.json';

/** Files of an artifact that keep an id map. */
export function itemFiles(items: Iterable<string>): Record<string, string> {
  return { [ITEMS]: JSON.stringify([...items]) };
}

/**
 * The id map of an artifact.
 *
 * @throws ArtifactError if it is missing or no list of ids
 */
export function savedItems(dir: string, artifact: Artifact, file = ITEMS, what = 'item'): IdMap {
  const bytes = artifact.files[file];
  try {
    const ids: unknown = JSON.parse(Buffer.from(bytes ?? []).toString('utf8'));
    if (!Array.isArray(ids)) throw new TypeError('not a list');
    return new IdMap(ids as string[], what);
  } catch (cause) {
    throw new ArtifactError(dir, {
      expected: `a list of ids in ${file}`,
      received: bytes ? 'something else' : 'no such file',
      hint: 'The artifact was not written by this class: fit and save again.',
      cause,
    });
  }
}
