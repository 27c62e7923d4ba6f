import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rename, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writingName } from '../artifact/atomic-file.js';
import { type ClaimHolder, isHeld, ownClaim } from './claim-holder.js';
import { StoreError, storeErrorOf } from './store-error.js';

/** A folder that this process keeps for itself. */
export interface FolderLock {
  /** Gives the folder back; a second call does nothing. */
  release(): Promise<void>;
}

const NAME = /^palate-lock-\d+-[0-9a-f]{16}$/;
/** Two that come at the same moment both step back, and try again after different times. */
const TRIES = 5;
/** Holders on other hosts are believed for 15 minutes: a long holder says again that it is there. */
const RENEW_AFTER = 5 * 60_000;

/** Tells whether a name in a folder is that of a lock, or of one that is being written. */
export function isLockName(name: string): boolean {
  return NAME.test(name.split('.')[0] ?? '');
}

/**
 * Locks a folder, which is made if missing, against other holders in this and every other process. A lock ends when it is
 * released, and by itself when its process has ended, however it ended.
 *
 * Each holder writes a file with a name of its own first and looks for others then, so that of two at most one goes on.
 *
 * @param what - what is kept in the folder, for the message
 * @throws StoreError of code `store-locked` while somebody else holds it
 */
export async function lockFolder(dir: string, what: string): Promise<FolderLock> {
  const name = `palate-lock-${process.pid}-${randomBytes(8).toString('hex')}`;
  const path = join(dir, name);
  try {
    await mkdir(dir, { recursive: true });
    for (let attempt = 1; ; attempt++) {
      await announce(path, what);
      const other = await otherHolder(dir, name);
      if (!other) break;
      await unlink(path).catch(() => undefined);
      if (attempt === TRIES)
        throw new StoreError('store-locked', dir, {
          expected: `${what} that nobody else has open`,
          received: `one that process ${other.pid} on ${other.host} holds`,
          hint: 'Close it there, or choose another folder.',
          isRetryable: true,
        });
      await new Promise((resolve) => setTimeout(resolve, 20 + Math.random() * 60 * attempt));
    }
  } catch (cause) {
    throw storeErrorOf(dir, `lock ${what}`, cause);
  }
  const renewal = setInterval(() => void announce(path, what).catch(() => undefined), RENEW_AFTER);
  renewal.unref();
  return {
    release: async () => {
      clearInterval(renewal);
      await unlink(path).catch(() => undefined);
    },
  };
}

/** Writes the lock as a whole, so that no reader sees half of it. */
async function announce(path: string, what: string): Promise<void> {
  const temporary = writingName(path);
  await writeFile(temporary, JSON.stringify(ownClaim(what)));
  await rename(temporary, path);
}

/** The living holder of another lock in the folder; those of holders that have ended are taken away. */
async function otherHolder(dir: string, own: string): Promise<ClaimHolder | undefined> {
  for (const name of await readdir(dir)) {
    if (name === own || !NAME.test(name)) continue;
    const text = await readFile(join(dir, name), 'utf8').catch(() => undefined);
    // It was given back meanwhile.
    if (text === undefined) continue;
    const holder = JSON.parse(text) as ClaimHolder;
    if (isHeld(holder)) return holder;
    await unlink(join(dir, name)).catch(() => undefined);
  }
  return undefined;
}
