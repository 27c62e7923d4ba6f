import { rename, rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { writingName } from '../artifact/atomic-file.js';
import { ArtifactError } from '../basics/errors.js';
import { type LongCallOptions, throwIfCancelled } from '../basics/progress.js';
import { JsonLedger } from './json-ledger.js';
import { RecordDatabase, type RecordDatabaseOptions, type StoredRecord } from './record-database.js';
import type { RecordKey } from './record-key.js';
import { storeErrorOf } from './store-error.js';

/** Counts of what was restored. */
export interface RestoreReport {
  /** Records that the new database holds. */
  readonly restored: number;
  /** Lines of the ledger whose checksum does not fit: damaged, or cut off by a kill. They are not restored. */
  readonly damagedLines: readonly number[];
  /** Where the folder with the old database is now; nothing of it was deleted. Undefined where there was none. */
  readonly setAside: string | undefined;
}

/** Options of {@link restoreRecords}. */
export interface RestoreRecordsOptions extends RecordDatabaseOptions, LongCallOptions {
  readonly ledger: string;
  /** Another file to restore from. Default: the ledger in the folder. */
  readonly from?: string | undefined;
  /** The key of an object of the ledger. */
  readonly keyOf: (value: unknown) => RecordKey;
}

/** Records that are stored together. */
const BLOCK = 500;

/**
 * Builds a database anew from its ledger, beside the old folder, which is then renamed and kept.
 *
 * @throws ArtifactError if there is no ledger
 */
export async function restoreRecords(path: string, options: RestoreRecordsOptions): Promise<RestoreReport> {
  const target = resolve(path);
  const ledger = new JsonLedger(options.from ?? join(target, options.ledger));
  if (!(await stat(ledger.path).catch(() => undefined))?.isFile())
    throw new ArtifactError(path, {
      expected: `a ledger at ${ledger.path}`,
      received: 'no file',
      hint: 'Name the file that holds it, or restore the folder from a copy.',
    });
  const temporary = writingName(target);
  const { driver, hint, keyOf } = options;
  const keys = new Set<string>();
  let block: StoredRecord[] = [];
  try {
    const database = await RecordDatabase.open(temporary, { driver, hint, ledger: options.ledger });
    const store = async (): Promise<void> => {
      throwIfCancelled(options.signal, `restoring ${path}`);
      await database.put(block);
      block = [];
      options.onProgress?.({ phase: 'restore', done: keys.size });
    };
    let damagedLines: number[];
    try {
      damagedLines = await ledger.read(async (value) => {
        const key = keyOf(JSON.parse(value));
        keys.add(JSON.stringify(key));
        block.push({ key, value });
        if (block.length === BLOCK) await store();
      });
      await store();
    } finally {
      await database.close();
    }
    const exists = (await stat(target).catch(() => undefined)) !== undefined;
    const setAside = exists
      ? `${target}.damaged-${new Date().toISOString().replace(/[:.]/g, '-')}`
      : undefined;
    if (setAside !== undefined) await rename(target, setAside);
    await rename(temporary, target);
    return { restored: keys.size, damagedLines, setAside };
  } catch (cause) {
    await rm(temporary, { recursive: true, force: true });
    throw storeErrorOf(path, 'restore the database', cause);
  }
}
