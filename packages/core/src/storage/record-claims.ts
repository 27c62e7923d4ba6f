import { createHash } from 'node:crypto';
import { type ClaimHolder, type ClaimOutcome, isHeld, ownClaim } from './claim-holder.js';
import type { Lmdb, LmdbDriver } from './lmdb-driver.js';
import { nameOf, type RecordKey } from './record-key.js';
import { sealRecord, unsealRecord } from './record-seal.js';
import { storeErrorOf } from './store-error.js';

/** More than the bytes of a claim with its key. */
const CLAIM_BYTES = 1024;

/** Claims come before all records, since numbers sort before texts. */
const claimKey = (key: RecordKey): [number, string] => [
  0,
  createHash('sha256').update(nameOf(key)).digest('hex'),
];

/** How claims read and write the database that they are kept in. */
export interface ClaimAccess {
  readonly driver: LmdbDriver;
  /** @throws StoreError if the database is closed */
  read<T>(work: (database: Lmdb) => T): T;
  /**
   * Writes while no other process does; `lengths` are bytes of records with their keys.
   *
   * @throws StoreError if the database is closed, may only be read, or has no room
   */
  write<T>(lengths: readonly number[], work: (database: Lmdb) => T): T;
}

/** Claims to records that are being made, kept in the database of the records, so that processes see each other's. */
export class RecordClaims {
  readonly #path: string;
  readonly #access: ClaimAccess;

  /** @param path - folder of the database, for messages */
  constructor(path: string, access: ClaimAccess) {
    this.#path = path;
    this.#access = access;
  }

  /**
   * Claims records with one write for all of them.
   *
   * @returns outcomes in the order of the keys
   * @throws StoreError if the claims cannot be written
   */
  claim(keys: readonly RecordKey[], owner: string): ClaimOutcome[] {
    const claim = Buffer.from(JSON.stringify(ownClaim(owner)));
    return this.#write('claim a record', keys, (database) =>
      keys.map((key) => {
        if (database.getBinary(key)) return 'stored';
        const other = this.#holderOf(key);
        if (other && other.owner !== owner && isHeld(other)) return 'taken';
        const name = claimKey(key);
        database.put(name, this.#access.driver.asBinary(sealRecord(JSON.stringify(name), claim)));
        return 'granted';
      }),
    );
  }

  /**
   * Gives claims of an owner back, with one write for all of them.
   *
   * @throws StoreError if the database cannot be written
   */
  release(keys: readonly RecordKey[], owner: string): void {
    this.#write('release a claim', keys, (database) => {
      for (const key of keys) if (this.#holderOf(key)?.owner === owner) database.remove(claimKey(key));
    });
  }

  #write<T>(what: string, keys: readonly RecordKey[], work: (database: Lmdb) => T): T {
    try {
      return this.#access.write(
        keys.map(() => CLAIM_BYTES),
        work,
      );
    } catch (cause) {
      throw storeErrorOf(this.#path, what, cause);
    }
  }

  #holderOf(key: RecordKey): ClaimHolder | undefined {
    const bytes = this.#access.read((database) => database.getBinary(claimKey(key)));
    const claim = bytes && unsealRecord(bytes);
    // A claim that cannot be read holds nobody back.
    return claim && (JSON.parse(claim.value.toString()) as ClaimHolder);
  }
}

/** Ends the claim to a record that is stored, within the same transaction. */
export function endClaim(database: Lmdb, key: RecordKey): void {
  const name = claimKey(key);
  if (database.getBinary(name)) database.remove(name);
}
