import { constants } from 'node:fs';
import { access, chmod, copyFile, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { probeSpace } from './reserve-space.js';
import { storeErrorOf } from './store-error.js';

/**
 * Copies a database that this process cannot write, or in whose folder there is no room for its lock, so that it can be
 * read all the same.
 *
 * @returns the folder of the copy, or undefined where the database is to be opened where it is
 */
export async function copyWhereNeeded(path: string): Promise<string | undefined> {
  return (await isWritable(path)) ? copyWhereFull(path) : copyOf(path);
}

/** Whether the folder and the files of its database may be written. */
async function isWritable(path: string): Promise<boolean> {
  for (const name of ['', 'data.mdb', 'lock.mdb'])
    try {
      await access(join(path, name), constants.R_OK | constants.W_OK);
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException;
      if (code === 'EACCES' || code === 'EROFS' || code === 'EPERM') return false;
      if (code !== 'ENOENT') throw cause;
    }
  return true;
}

/** A database in a folder without room for its lock is read as a copy; one that has yet to be made fails. */
async function copyWhereFull(path: string): Promise<string | undefined> {
  const [data, lock] = await Promise.all(
    ['data.mdb', 'lock.mdb'].map((name) => stat(join(path, name)).catch(() => undefined)),
  );
  if (data && lock && lock.blocks * 512 >= lock.size) return undefined;
  try {
    await probeSpace(path);
    return undefined;
  } catch (cause) {
    if (data && storeErrorOf(path, 'open', cause).code === 'store-full') return copyOf(path);
    throw cause;
  }
}

/** A folder of this process with a copy of a database that cannot be written. */
async function copyOf(path: string): Promise<string> {
  const copy = await mkdtemp(join(tmpdir(), 'palate-read-only-'));
  try {
    await copyFile(join(path, 'data.mdb'), join(copy, 'data.mdb'), constants.COPYFILE_FICLONE);
    await chmod(join(copy, 'data.mdb'), 0o600);
    return copy;
  } catch (cause) {
    await rm(copy, { recursive: true, force: true });
    throw cause;
  }
}
