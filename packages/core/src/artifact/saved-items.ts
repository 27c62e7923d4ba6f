import { ArtifactError, InvalidInputError } from '../basics/errors.js';
import { IdMap } from '../data/id-map.js';
import { type SavedFiles, savedTexts } from './saved-json.js';

/** Name of the file that keeps the item ids of a model. */
const ITEMS = 'items.json';

/** Files of an artifact that keep an id map; {@link savedItems} reads them. */
export function itemFiles(ids: Iterable<string>, file = ITEMS): Record<string, string> {
  return { [file]: JSON.stringify([...ids]) };
}

/**
 * The id map of an artifact.
 *
 * @param dir - the artifact, for the message
 * @param what - what the ids name
 * @throws ArtifactError if it is missing, no list of ids, or holds an id twice
 */
export function savedItems(dir: string, artifact: SavedFiles, file = ITEMS, what = 'item'): IdMap {
  const ids = savedTexts(dir, artifact, file, 'ids');
  try {
    return new IdMap(ids, what);
  } catch (cause) {
    throw new ArtifactError(dir, {
      expected: `a list of ids in ${file}`,
      received: cause instanceof InvalidInputError ? cause.received : 'something else',
      hint: 'The artifact was changed: restore it, or fit and save again.',
      cause,
    });
  }
}
