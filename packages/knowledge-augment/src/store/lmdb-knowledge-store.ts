import {
  type ClaimOutcome,
  KNOWLEDGE_KEY_FIELDS,
  type KnowledgeEntry,
  type KnowledgeFilter,
  type KnowledgeKey,
  type KnowledgeStore,
  knowledgeJson,
  knowledgeKeyParts,
  type LongCallOptions,
  RecordDatabase,
  type RestoreReport,
  restoreRecords,
} from '@palate/core';

/** The file in a store's folder to which every entry is added before it is stored. */
const LEDGER = 'entries.jsonl';

const databaseOptions = (path: string) => ({
  driver: import.meta.resolve('lmdb'),
  ledger: LEDGER,
  hint: `Restore it from its ledger: await restoreKnowledgeStore(${JSON.stringify(path)}). The damaged folder is kept under another name.`,
  readOld: (_key: unknown, bytes: Buffer, decode: (bytes: Buffer) => unknown) => {
    const entry = decode(bytes) as KnowledgeEntry | undefined;
    return typeof entry?.text === 'string' ? JSON.stringify(entry) : undefined;
  },
});

/**
 * Knowledge in an LMDB database: one folder, read and written by any number of processes. What `put` has stored
 * survives a crash, and is also in a ledger of JSON lines beside the database.
 */
class LmdbKnowledgeStore implements KnowledgeStore {
  readonly #opening: Promise<RecordDatabase>;

  constructor(path: string) {
    this.#opening = RecordDatabase.open(path, databaseOptions(path));
    // The first call on the store reports the failure; it is not an unhandled rejection.
    this.#opening.catch(() => {});
  }

  async get(key: KnowledgeKey): Promise<KnowledgeEntry | undefined> {
    const parts = knowledgeKeyParts(key);
    if (key.promptHash !== undefined) {
      const value = (await this.#opening).get(parts);
      return value && entryOf(value);
    }
    let newest: KnowledgeEntry | undefined;
    for await (const entry of this.#entries(parts)) newest = newerOf(newest, entry);
    return newest;
  }

  async put(entries: readonly KnowledgeEntry[]): Promise<void> {
    // Every entry is checked before anything is written.
    const records = entries.map((entry) => ({ key: knowledgeKeyParts(entry), value: knowledgeJson(entry) }));
    await (await this.#opening).put(records);
  }

  async *list(filter: KnowledgeFilter = {}): AsyncIterable<KnowledgeEntry> {
    // The leading parts that the filter names say where to begin and to end; the others are compared.
    const prefix: string[] = [];
    for (const field of KNOWLEDGE_KEY_FIELDS) {
      const value = filter[field];
      if (value === undefined) break;
      prefix.push(value);
    }
    // Versions of one entity come one after the other: the newest is passed on when the next entity begins.
    let newest: KnowledgeEntry | undefined;
    for await (const entry of this.#entries(prefix)) {
      if (
        !KNOWLEDGE_KEY_FIELDS.every((field) => filter[field] === undefined || filter[field] === entry[field])
      )
        continue;
      if (filter.promptHash !== undefined && filter.promptHash !== entry.promptHash) continue;
      if (filter.allVersions) yield entry;
      else {
        const last = newest;
        const isSame =
          last !== undefined && KNOWLEDGE_KEY_FIELDS.every((field) => last[field] === entry[field]);
        if (last !== undefined && !isSame) yield last;
        newest = isSame ? newerOf(last, entry) : entry;
      }
    }
    if (newest !== undefined) yield newest;
  }

  /** Entries whose key begins with the parts given. */
  async *#entries(prefix: readonly string[]): AsyncGenerator<KnowledgeEntry> {
    const database = await this.#opening;
    for await (const value of database.values(prefix)) {
      const entry = entryOf(value);
      if (
        prefix.some(
          (part, k) => entry[KNOWLEDGE_KEY_FIELDS[k] as (typeof KNOWLEDGE_KEY_FIELDS)[number]] !== part,
        )
      )
        return;
      yield entry;
    }
  }

  async claim(key: KnowledgeKey, owner: string): Promise<ClaimOutcome> {
    return (await this.#opening).claim(knowledgeKeyParts(key), owner);
  }

  async release(key: KnowledgeKey, owner: string): Promise<void> {
    (await this.#opening).release(knowledgeKeyParts(key), owner);
  }

  async close(): Promise<void> {
    const database = await this.#opening.catch(() => undefined);
    await database?.close();
  }
}

const entryOf = (value: Buffer): KnowledgeEntry => JSON.parse(value.toString('utf8')) as KnowledgeEntry;

/** The later written of two versions. */
function newerOf(a: KnowledgeEntry | undefined, b: KnowledgeEntry): KnowledgeEntry {
  return a !== undefined && a.createdAt > b.createdAt ? a : b;
}

/**
 * Opens a knowledge store, or makes it. The database is checked first, in a process of its own: a damaged one, or a
 * folder that cannot be used, is told by the first call, as a typed error. A folder that can only be read is read as it
 * was when it was opened.
 *
 * @param path - folder of the store
 *
 * @example
 * ```ts
 * const store = openKnowledgeStore('knowledge');
 * for await (const { entity, text } of store.list({ entityType: 'item', kind: 'infer' })) console.log(entity, text);
 * await store.close();
 * ```
 */
export function openKnowledgeStore(path: string): KnowledgeStore {
  return new LmdbKnowledgeStore(path);
}

/** Options of {@link restoreKnowledgeStore}. */
export interface RestoreKnowledgeOptions extends LongCallOptions {
  /** Ledger to restore from. Default: the file `entries.jsonl` in the store's folder. */
  readonly from?: string | undefined;
}

/**
 * Rebuilds a store from its ledger. The old folder is kept, under the name that the report gives.
 *
 * @throws ArtifactError if there is no ledger
 */
export async function restoreKnowledgeStore(
  path: string,
  options: RestoreKnowledgeOptions = {},
): Promise<RestoreReport> {
  return restoreRecords(path, {
    ...databaseOptions(path),
    ...options,
    keyOf: (entry) => knowledgeKeyParts(entry as KnowledgeEntry),
  });
}
