import { readdir, rmdir, unlink } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { isAlive } from '../basics/process-alive.js';
import { writerOf } from './atomic-file.js';

/**
 * Removes what writers that were killed left beside an artifact folder: `NAME.writing-PID-HEX`, of processes that are
 * gone. What a living process is writing stays, and so does everything with another name.
 *
 * @param dir - the artifact folder, whether it is there or not
 * @returns the names that were removed
 */
export async function sweepLeftoverWrites(dir: string): Promise<string[]> {
  const target = resolve(dir);
  const names = await readdir(dirname(target)).catch(() => [] as string[]);
  const removed: string[] = [];
  for (const name of names) {
    const writer = writerOf(name);
    if (writer?.target !== basename(target) || isAlive(writer.pid)) continue;
    const left = join(dirname(target), name);
    // A writer leaves plain files: whatever else is in there stays, and the folder with it.
    for (const file of await readdir(left).catch(() => [] as string[]))
      await unlink(join(left, file)).catch(() => undefined);
    await rmdir(left).then(
      () => removed.push(name),
      () => undefined,
    );
  }
  return removed;
}
