import { readFile } from 'node:fs/promises';

/** The text of a file, or undefined where there is none. What cannot be read for another reason is an error. */
export function readTextIfThere(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
}
