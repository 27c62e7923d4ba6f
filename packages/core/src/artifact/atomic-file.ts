import { randomBytes } from 'node:crypto';
import { open, rename, unlink } from 'node:fs/promises';
import { basename } from 'node:path';
import { ArtifactError } from '../basics/errors.js';

/** Writes a file and waits until it is on the disk. */
export async function writeFileDurably(path: string, bytes: Uint8Array | string): Promise<void> {
  const handle = await open(path, 'w');
  try {
    await handle.writeFile(bytes);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Name for what is being written beside `path`: it tells who writes, so that what a killed writer left can be swept. */
export function writingName(path: string): string {
  return `${path}.writing-${process.pid}-${randomBytes(4).toString('hex')}`;
}

/** Reads a name that {@link writingName} gave: name of what is written, and process that writes; undefined of any other name. */
export function writerOf(name: string): { readonly target: string; readonly pid: number } | undefined {
  const [, target, pid] = /^([\s\S]+)\.writing-(\d+)-[0-9a-f]{8}$/.exec(name) ?? [];
  return target === undefined ? undefined : { target, pid: Number(pid) };
}

/**
 * Writes a file as a whole: a kill at any moment leaves the old file or the new one.
 *
 * @throws ArtifactError if it cannot be written; the old file is as it was
 */
export async function writeFileAtomically(path: string, bytes: Uint8Array | string): Promise<void> {
  const temporary = writingName(path);
  try {
    await writeFileDurably(temporary, bytes);
    await rename(temporary, path);
  } catch (error) {
    await unlink(temporary).catch(() => undefined);
    throw writeFailure(path, error);
  }
}

const HINTS: Readonly<Record<string, string>> = {
  ENOSPC: 'The disk is full: free some space, or choose another folder. The file from before is unchanged.',
  EDQUOT: 'The quota of the disk is used up: free some space. The file from before is unchanged.',
  EFBIG: 'A limit on the size of files was met: raise it. The file from before is unchanged.',
  EACCES: 'Give this user the right to write there, or choose another folder.',
  EPERM: 'Give this user the right to write there, or choose another folder.',
  EROFS: 'The file system is read-only: choose another folder.',
  ENOTDIR: 'A part of the path is a file: choose another path.',
};

/** A failure of the file system while writing, as an error that says what to do; other errors as they are. */
export function writeFailure(path: string, error: unknown): unknown {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  if (!(error instanceof Error) || code === undefined || !/^E[A-Z0-9]+$/.test(code)) return error;
  return new ArtifactError(path, {
    expected: `${basename(path)} to be written`,
    received: error.message,
    hint: HINTS[code] ?? 'Check the path and the disk.',
    cause: error,
  });
}
