import { readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { ParseError } from '@palate/core';

/** Folders below a data set's own in which its files are looked for, as archives and mirrors lay them out. */
const DEEPEST = 2;

/** Forms in which a published file may still be packed. */
const PACKED = /\.(gz|zst|zip)$/i;

/**
 * Finds a file of a data set: `path` itself if it is a file, else the first in the folder or up to two folders below
 * whose name (without `.gz`, `.zst` or `.zip`) fits one of the patterns; patterns come first, then depth, then name.
 */
export async function findFile(path: string, ...patterns: readonly RegExp[]): Promise<string | undefined> {
  return (await findFiles(path, ...patterns))[0];
}

/** All files that fit, in the order of {@link findFile}. */
export async function findFiles(path: string, ...patterns: readonly RegExp[]): Promise<string[]> {
  const stats = await stat(path).catch(() => undefined);
  if (stats?.isFile()) return patterns.some((pattern) => pattern.test(plainName(path))) ? [path] : [];
  if (!stats) return [];
  const levels: string[][] = [];
  const walk = async (folder: string, depth: number): Promise<void> => {
    const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
    levels[depth] ??= [];
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      if (entry.name.startsWith('.') || entry.name.startsWith('__MACOSX')) continue;
      if (entry.isDirectory()) {
        if (depth < DEEPEST) await walk(join(folder, entry.name), depth + 1);
      } else levels[depth]?.push(join(folder, entry.name));
    }
  };
  await walk(path, 0);
  return patterns.flatMap((pattern) => levels.flat().filter((file) => pattern.test(plainName(file))));
}

const plainName = (file: string): string => basename(file).replace(PACKED, '');

/**
 * As {@link findFile}, for a file that has to be there.
 *
 * @param what - how the message calls it: `'u.data'`
 * @throws ParseError naming it if there is none
 */
export async function needFile(path: string, what: string, ...patterns: readonly RegExp[]): Promise<string> {
  const found = await findFile(path, ...patterns);
  if (found !== undefined) return found;
  throw new ParseError(
    { file: path, line: 1, column: 1 },
    {
      expected: `${what} (plain, .gz, .zst or .zip) in the folder`,
      received: 'nothing there',
      hint: 'Check the folder, and that the data set was unpacked completely.',
    },
  );
}
