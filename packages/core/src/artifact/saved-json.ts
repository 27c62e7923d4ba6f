import { ArtifactError } from '../basics/errors.js';

/** Files of an artifact by name, as `readArtifact` gives them or `writeArtifact` takes them. */
export interface SavedFiles {
  readonly files: Readonly<Record<string, Uint8Array | string>>;
}

/**
 * Content of a text file of an artifact.
 *
 * @param dir - the artifact, for the message
 * @param what - what the file holds, for the message
 * @throws ArtifactError if there is no such file
 */
export function savedText(dir: string, { files }: SavedFiles, file: string, what = 'text'): string {
  const content = Object.hasOwn(files, file) ? files[file] : undefined;
  if (content === undefined) throw refused(dir, `${what} in ${file}`, 'no such file');
  return typeof content === 'string' ? content : new TextDecoder().decode(content);
}

/**
 * Content of a JSON file of an artifact.
 *
 * @param dir - the artifact, for the message
 * @param what - what the file holds, for the message
 * @throws ArtifactError if there is no such file, or it is no JSON
 */
export function savedJson(dir: string, artifact: SavedFiles, file: string, what = 'JSON'): unknown {
  const text = savedText(dir, artifact, file, what);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw refused(dir, `${what} in ${file}`, 'something else', cause);
  }
}

/**
 * A list of texts in a JSON file of an artifact.
 *
 * @param what - what the texts are, for the message
 * @param count - how many there are; any number if left out
 * @throws ArtifactError if the file is missing, or is no list of so many texts
 */
export function savedTexts(
  dir: string,
  artifact: SavedFiles,
  file: string,
  what = 'texts',
  count?: number,
): readonly string[] {
  const expected = `a list of ${count === undefined ? '' : `${count} `}${what}`;
  const list = savedJson(dir, artifact, file, expected);
  if (!Array.isArray(list)) throw refused(dir, `${expected} in ${file}`, 'something else');
  const wrong = list.findIndex((text) => typeof text !== 'string');
  if (wrong >= 0) throw refused(dir, `${expected} in ${file}`, `${typeof list[wrong]} at position ${wrong}`);
  if (count !== undefined && list.length !== count)
    throw refused(dir, `${expected} in ${file}`, `${list.length} entries`);
  return list as string[];
}

const refused = (dir: string, expected: string, received: string, cause?: unknown): ArtifactError =>
  new ArtifactError(dir, {
    expected,
    received,
    hint: 'The artifact was changed or not written by this class: restore it, or fit and save again.',
    cause,
  });
