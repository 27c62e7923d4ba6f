import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ArtifactError, PalateError } from '../basics/errors.js';
import { checkDatabase } from './check-database.js';
import type { ClaimOutcome } from './claim-holder.js';
import { JsonLedger } from './json-ledger.js';
import type { Lmdb, LmdbDriver } from './lmdb-driver.js';
import { copyWhereNeeded } from './read-only-copy.js';
import { endClaim, RecordClaims } from './record-claims.js';
import { nameOf, type RecordKey } from './record-key.js';
import { isSealed, sealRecord, unsealRecord } from './record-seal.js';
import { reserveSpace } from './reserve-space.js';
import { StoreError, storeErrorOf } from './store-error.js';

/** A record to be stored. */
export interface StoredRecord {
  readonly key: RecordKey;
  /** Bytes, or the JSON of an object where the database keeps a ledger. */
  readonly value: Uint8Array | string;
}

type ReadOld = (key: RecordKey, bytes: Buffer, decode: (bytes: Buffer) => unknown) => string | undefined;

/** Options of {@link RecordDatabase.open}. */
export interface RecordDatabaseOptions {
  /** URL of the `lmdb` module, as `import.meta.resolve('lmdb')` gives it. */
  readonly driver: string;
  /** File name of the ledger in the folder, to which every value is added before it is stored. Default: none. */
  readonly ledger?: string | undefined;
  /** Advice about a damaged file, for the error. */
  readonly hint: string;
  /**
   * Reads a value from before records had checksums, given its key, its bytes and the driver's own reading of them.
   *
   * @returns undefined if it is none
   */
  readonly readOld?: ReadOld | undefined;
}

/** Keys that are looked at together, at first and later: many listings end after one. */
const FIRST_BLOCK = 4;
const BLOCK = 256;

/**
 * Records in an LMDB folder, shared by processes; LMDB is opened here alone.
 *
 * The file is checked from outside before this process maps it, every record carries a checksum that is compared when
 * it is read, a write is on disk when it returns, and every failure is a typed error that leaves what was stored.
 */
export class RecordDatabase {
  readonly path: string;
  /** Whether the folder may only be read: then a copy of its file is read, as it was when it was opened. */
  readonly isReadOnly: boolean;
  readonly #driver: LmdbDriver;
  readonly #options: RecordDatabaseOptions;
  readonly #ledger: JsonLedger | undefined;
  readonly #copy: string | undefined;
  readonly #notStored = new Map<string, number>();
  readonly #claims: RecordClaims;
  #database: Lmdb | undefined;
  #ledgerBegun: Promise<void> | undefined;

  private constructor(
    path: string,
    options: RecordDatabaseOptions,
    driver: LmdbDriver,
    database: Lmdb,
    copy: string | undefined,
  ) {
    this.path = path;
    this.isReadOnly = copy !== undefined;
    this.#options = options;
    this.#driver = driver;
    this.#database = database;
    this.#copy = copy;
    this.#ledger = options.ledger === undefined ? undefined : new JsonLedger(join(path, options.ledger));
    this.#claims = new RecordClaims(path, {
      driver,
      read: (work) => work(this.#open()),
      write: (lengths, work) => {
        this.#mayWrite();
        return this.#transaction(lengths, work);
      },
    });
  }

  /**
   * Opens the database in a folder, which is made if missing.
   *
   * @throws ArtifactError if there is something else, or the database is damaged; nothing of it is changed
   * @throws StoreError if it can neither be made nor read
   */
  static async open(path: string, options: RecordDatabaseOptions): Promise<RecordDatabase> {
    const { driver: url, hint } = options;
    const driver = (await import(url)) as LmdbDriver;
    let copy: string | undefined;
    try {
      await mkdir(path, { recursive: true }).catch((cause: NodeJS.ErrnoException) => {
        throw cause.code === 'EEXIST' || cause.code === 'ENOTDIR' ? foreign(path, cause) : cause;
      });
      copy = await copyWhereNeeded(path);
      const dir = copy ?? path;
      await checkDatabase(dir, url, hint);
      const database = driver.open({
        path: dir,
        noSubdir: false,
        compression: true,
        overlappingSync: false,
      });
      return new RecordDatabase(path, options, driver, database, copy);
    } catch (cause) {
      if (copy !== undefined) await rm(copy, { recursive: true, force: true });
      if (/MDB_INVALID|MDB_VERSION_MISMATCH/.test(String((cause as Error).message)))
        throw foreign(path, cause);
      throw storeErrorOf(path, 'open the database', cause);
    }
  }

  /**
   * The value of a key, or undefined.
   *
   * @throws ArtifactError if its record is damaged
   */
  get(key: RecordKey): Buffer | undefined {
    const bytes = this.#reading(() => this.#open().getBinary(key));
    return bytes && this.#valueOf(key, bytes);
  }

  /**
   * Stores records together; they are on disk when it resolves. Claims to them end.
   *
   * @throws StoreError if they cannot be stored: then none of them is
   */
  async put(records: readonly StoredRecord[]): Promise<void> {
    this.#mayWrite();
    try {
      if (this.#ledger && records.length > 0) {
        this.#ledgerBegun ??= this.#ledger.begin(this.values());
        await this.#ledgerBegun.catch((cause: unknown) => {
          this.#ledgerBegun = undefined;
          throw cause;
        });
        await this.#ledger.append(
          records.map(({ value }) => (typeof value === 'string' ? value : Buffer.from(value).toString())),
        );
      }
      const sealed = records.map(({ key, value }) => ({
        key,
        bytes: sealRecord(nameOf(key), typeof value === 'string' ? Buffer.from(value, 'utf8') : value),
      }));
      this.#transaction(
        sealed.map(({ bytes }) => 2 * bytes.length),
        (database) => {
          for (const { key, bytes } of sealed) {
            database.put(key, this.#driver.asBinary(bytes));
            endClaim(database, key);
          }
        },
      );
    } catch (cause) {
      throw storeErrorOf(this.path, `store ${records.length} records`, cause);
    }
  }

  /**
   * Stores records that were dear to make where that is possible, and counts them in {@link notStored} where it is not:
   * whoever made them has them all the same. The first failure is told by a warning of the process.
   *
   * @returns whether they are stored
   */
  async keep(records: readonly StoredRecord[]): Promise<boolean> {
    if (this.isReadOnly) return false;
    try {
      await this.put(records);
      return true;
    } catch (error) {
      if (!PalateError.is(error)) throw error;
      if (this.#notStored.size === 0)
        process.emitWarning(`What was made could not be stored, and will be made again: ${error.message}`, {
          type: 'PalateWarning',
          code: error.code,
        });
      this.#notStored.set(error.code, (this.#notStored.get(error.code) ?? 0) + records.length);
      return false;
    }
  }

  /** Records that {@link keep} could not store, by the code of the error: `store-full`, `store-closed`. */
  get notStored(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#notStored);
  }

  /**
   * Values in the order of their keys, from the first key that begins with `prefix`; what is stored meanwhile may be
   * among them.
   */
  async *values(prefix: readonly string[] = []): AsyncGenerator<Buffer> {
    let start: unknown = prefix.length > 0 ? prefix : undefined;
    let exclusiveStart = false;
    for (let limit = FIRST_BLOCK; ; limit = Math.min(BLOCK, 4 * limit)) {
      const keys = this.#reading(() => [
        ...this.#open().getKeys({ ...(start === undefined ? {} : { start }), exclusiveStart, limit }),
      ]);
      for (const key of keys) {
        // A claim is a key that begins with a number.
        if (Array.isArray(key) && typeof key[0] === 'number') continue;
        const value = this.get(key as RecordKey);
        if (value) yield value;
      }
      if (keys.length < limit) return;
      start = keys.at(-1);
      exclusiveStart = true;
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
  }

  /**
   * Claims a record that is about to be made, so that no other process makes it meanwhile. A claim ends when the
   * record is stored, by {@link release}, and by itself when its process has ended.
   *
   * @param owner - name of the work for which it is claimed
   */
  claim(key: RecordKey, owner: string): ClaimOutcome {
    return this.#claims.claim([key], owner)[0] as ClaimOutcome;
  }

  /**
   * Claims records as {@link claim} does, with one write for all of them. Where claims cannot be written (a read-only
   * folder, a full disk) everyone may make what is not stored: {@link keep} counts what cannot be stored either.
   *
   * @returns outcomes in the order of the keys
   */
  tryClaim(keys: readonly RecordKey[], owner: string): ClaimOutcome[] {
    if (!this.isReadOnly)
      try {
        return this.#claims.claim(keys, owner);
      } catch (error) {
        if (!(PalateError.is(error) && error.code.startsWith('store-'))) throw error;
      }
    return keys.map((key) => (this.get(key) ? 'stored' : 'granted'));
  }

  /** Gives a claim back without a record. */
  release(key: RecordKey, owner: string): void {
    this.#claims.release([key], owner);
  }

  /** Gives claims back as {@link release} does, with one write for all; one that cannot be ends with this process. */
  tryRelease(keys: readonly RecordKey[], owner: string): void {
    if (this.isReadOnly) return;
    try {
      this.#claims.release(keys, owner);
    } catch (error) {
      if (!PalateError.is(error)) throw error;
    }
  }

  /** Closes it; further calls change nothing. */
  async close(): Promise<void> {
    const database = this.#database;
    this.#database = undefined;
    await database?.close();
    if (database && this.#copy !== undefined) await rm(this.#copy, { recursive: true, force: true });
  }

  /** Writes while no other process does, after there is room for it: `lengths` are bytes of records with their keys. */
  #transaction<T>(lengths: readonly number[], work: (database: Lmdb) => T): T {
    const database = this.#open();
    return database.transactionSync(() => {
      reserveSpace(this.path, database.getStats(), lengths);
      return work(database);
    });
  }

  #open(): Lmdb {
    if (this.#database) return this.#database;
    throw new StoreError('store-closed', this.path, {
      expected: 'an open database',
      received: 'a closed one',
      hint: 'Open it again, or close it when everything is done.',
    });
  }

  #mayWrite(): void {
    this.#open();
    if (this.isReadOnly)
      throw new StoreError('store-read-only', this.path, {
        expected: 'a folder that can be written',
        received: 'one that can only be read',
        hint: 'Change its permissions, or copy it to a folder of your own.',
      });
  }

  #valueOf(key: RecordKey, bytes: Buffer): Buffer {
    const { readOld } = this.#options;
    if (isSealed(bytes)) {
      const record = unsealRecord(bytes);
      if (record && record.key === nameOf(key)) return record.value;
    } else if (readOld) {
      const value = readOld(key, bytes, (old) => this.#open().decoder.decode(old));
      if (value !== undefined) return Buffer.from(value, 'utf8');
    }
    throw new ArtifactError(this.path, {
      expected: `the record of ${nameOf(key).slice(0, 200)} as it was stored`,
      received: 'one whose checksum does not match',
      hint: this.#options.hint,
    });
  }

  #reading<T>(work: () => T): T {
    try {
      return work();
    } catch (cause) {
      throw storeErrorOf(this.path, 'read the database', cause);
    }
  }
}

function foreign(path: string, cause: unknown): ArtifactError {
  return new ArtifactError(path, {
    expected: 'a folder with an LMDB database, or none yet',
    received: cause instanceof Error ? cause.message : String(cause),
    hint: 'Choose another folder: nothing was changed.',
    cause,
  });
}
