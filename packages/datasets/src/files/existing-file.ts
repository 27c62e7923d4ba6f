import { access } from 'node:fs/promises';
import { ParseError } from '@palate/core';

/** Whether a file or folder exists. */
export async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/**
 * The first of some paths that exists, each also tried with `.gz` behind it.
 *
 * @throws ParseError naming all of them if none does
 */
export async function existing(...paths: readonly string[]): Promise<string> {
  for (const path of paths)
    for (const candidate of [path, `${path}.gz`]) if (await isThere(candidate)) return candidate;
  throw new ParseError(
    { file: paths[0] ?? '', line: 1, column: 1 },
    {
      expected: `the file ${paths.join(' or ')} (plain or .gz)`,
      received: 'nothing there',
      hint: 'Check the folder, and that the data set was unpacked completely.',
    },
  );
}
