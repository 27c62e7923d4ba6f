/**
 * Folders in the way of an artifact: which folders may be replaced, and how they are taken away.
 *
 * Nothing here deletes a file that Palate did not write: a folder is replaced only where its manifest is ours, of the
 * same kind, and names every file in it.
 */
import { readdir, readlink, realpath, rename, rmdir, stat, unlink } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { ArtifactError } from '../basics/errors.js';
import { MANIFEST, readForeignManifest } from './artifact-manifest.js';

/** Whether anything is at a path. */
export async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/**
 * Makes sure that a folder may be replaced by an artifact of a kind, and returns whether there is anything to replace.
 *
 * @throws ArtifactError if it is something else, an artifact of another kind, or holds files that Palate did not write
 */
export async function checkReplaceable(dir: string, kind: string): Promise<boolean> {
  if (!(await exists(dir))) return false;
  const refuse = (received: string): ArtifactError =>
    new ArtifactError(dir, {
      expected: `a new folder, an empty one, or an artifact of kind ${JSON.stringify(kind)} to replace`,
      received,
      hint: 'Choose another folder: nothing was written.',
    });
  const names = await readdir(dir).catch(() => {
    throw refuse('a file');
  });
  if (names.length === 0) return true;
  const manifest = await readForeignManifest(dir).catch(() => {
    throw refuse('a folder or file of something else');
  });
  if (manifest.kind !== kind) throw refuse(`an artifact of kind ${JSON.stringify(manifest.kind)}`);
  const foreign = names.find((name) => name !== MANIFEST && !Object.hasOwn(manifest.sha256, name));
  if (foreign !== undefined) throw refuse(`a folder that also holds ${JSON.stringify(foreign)}`);
  return true;
}

/** Takes away an artifact folder: the files of its manifest, and the folder once it is empty. */
export async function removeArtifact(dir: string, kind: string): Promise<void> {
  if (!(await checkReplaceable(dir, kind))) return;
  const names = await readdir(dir);
  // The manifest goes last: a folder without one would be nobody's.
  for (const name of names.filter((each) => each !== MANIFEST)) await unlink(join(dir, name));
  if (names.includes(MANIFEST)) await unlink(join(dir, MANIFEST));
  await rmdir(dir);
}

/** The folder itself where a path is a link to one, also while that folder is missing for a moment. */
export async function throughLink(dir: string): Promise<string> {
  const path = resolve(dir);
  return realpath(path).catch(() =>
    readlink(path).then(
      (target) => resolve(dirname(path), target),
      () => path,
    ),
  );
}

/** Where the old artifact is kept while the new one replaces it. */
export function previousOf(target: string): string {
  return `${target}.previous`;
}

/** Puts an old artifact back whose writer was killed between its two renames. */
export async function recoverPrevious(target: string): Promise<void> {
  const previous = previousOf(target);
  if (!(await exists(target)) && (await exists(join(previous, MANIFEST))))
    // Another reader may have been first.
    await rename(previous, target).catch(() => undefined);
}
