import { mkdtemp, rmdir, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { ArtifactError } from '@palate/core';

/**
 * Makes sure before a long work that a folder can be written, or made: tries it in the nearest folder that exists, and
 * leaves nothing there.
 *
 * @throws ArtifactError saying why it cannot
 */
export async function checkWritable(folder: string): Promise<void> {
  const target = resolve(folder);
  let nearest = target;
  for (;;) {
    const found = await stat(nearest).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
      throw refuse(target, error);
    });
    if (found?.isDirectory()) break;
    if (found) throw refuse(target, new Error(`${nearest} is a file`));
    nearest = dirname(nearest);
  }
  try {
    await rmdir(await mkdtemp(join(nearest, '.palate-')));
  } catch (error) {
    throw refuse(target, error as Error);
  }
}

function refuse(folder: string, cause: Error): ArtifactError {
  return new ArtifactError(folder, {
    expected: 'a folder that can be written',
    received: cause.message,
    hint: 'Choose another folder, or give this user the right to write there. Nothing was begun.',
    cause,
  });
}
