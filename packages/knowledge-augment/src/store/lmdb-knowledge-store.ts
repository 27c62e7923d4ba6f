import {
  InvalidInputError,
  type KnowledgeEntry,
  type KnowledgeFilter,
  type KnowledgeKey,
  type KnowledgeStore,
} from '@palate/core';
import { open, type RootDatabase } from 'lmdb';

/** Parts of a key in the order in which they are kept, so that one kind of knowledge, and all versions, lie together. */
type StoredKey =
  | [entityType: string, kind: string, promptVersion: string, model: string, entity: string]
  | [
      entityType: string,
      kind: string,
      promptVersion: string,
      model: string,
      entity: string,
      promptHash: string,
    ];

/** Longest key that LMDB takes, in bytes, with room for its own marks. */
const LONGEST_KEY = 1900;

const FIELDS = ['entityType', 'kind', 'promptVersion', 'model', 'entity'] as const;

/** Last in the order of keys: no text of a key begins with it. */
const AFTER_ALL = '\uffff';

/**
 * Knowledge in an LMDB database: one file, read by any number of processes, written by one at a time. What `put` has
 * stored survives a kill.
 */
class LmdbKnowledgeStore implements KnowledgeStore {
  readonly #database: RootDatabase<KnowledgeEntry, StoredKey>;

  constructor(path: string) {
    this.#database = open<KnowledgeEntry, StoredKey>({ path, compression: true });
  }

  async get(key: KnowledgeKey): Promise<KnowledgeEntry | undefined> {
    if (key.promptHash !== undefined) return this.#database.get(storedKey(key));
    const parts = storedKey(key);
    let newest: KnowledgeEntry | undefined;
    for (const { value } of this.#database.getRange({
      start: parts,
      end: [...parts, AFTER_ALL] as unknown as StoredKey,
    }))
      newest = newerOf(newest, value);
    return newest;
  }

  async put(entries: readonly KnowledgeEntry[]): Promise<void> {
    // Every key is checked before anything is written.
    const keys = entries.map((entry) => storedKey(entry));
    for (const { text, createdAt } of entries)
      if (typeof text !== 'string' || !Number.isFinite(createdAt))
        throw new InvalidInputError({
          expected: 'entries with a text and the time at which it was written',
          received: JSON.stringify({ text, createdAt }),
          hint: 'Give both.',
        });
    await this.#database.transaction(() => {
      for (const [k, entry] of entries.entries()) void this.#database.put(keys[k] as StoredKey, entry);
    });
    await this.#database.flushed;
  }

  async *list(filter: KnowledgeFilter = {}): AsyncIterable<KnowledgeEntry> {
    // The leading parts that the filter names bound the range; the others are compared.
    const prefix: string[] = [];
    for (const field of FIELDS) {
      const value = filter[field];
      if (value === undefined) break;
      prefix.push(value);
    }
    const range = {
      start: prefix as unknown as StoredKey,
      end: [...prefix, AFTER_ALL] as unknown as StoredKey,
    };
    // Versions of one entity come one after the other: the newest is told when the next entity begins.
    let newest: KnowledgeEntry | undefined;
    for (const { value } of this.#database.getRange(range)) {
      if (!FIELDS.every((field) => filter[field] === undefined || filter[field] === value[field])) continue;
      if (filter.promptHash !== undefined && filter.promptHash !== value.promptHash) continue;
      if (filter.allVersions) yield value;
      else {
        const last = newest;
        const isSame = last !== undefined && FIELDS.every((field) => last[field] === value[field]);
        if (last !== undefined && !isSame) yield last;
        newest = isSame ? newerOf(last, value) : value;
      }
    }
    if (newest !== undefined) yield newest;
  }

  async close(): Promise<void> {
    await this.#database.close();
  }
}

/** The later written of two versions. */
function newerOf(a: KnowledgeEntry | undefined, b: KnowledgeEntry): KnowledgeEntry {
  return a !== undefined && a.createdAt > b.createdAt ? a : b;
}

function storedKey(key: KnowledgeKey): StoredKey {
  const parts: string[] = FIELDS.map((field) => key[field]);
  if (key.promptHash !== undefined) parts.push(key.promptHash);
  const bad = FIELDS.find((field) => typeof key[field] !== 'string' || key[field] === '');
  const length = parts.reduce((sum, part) => sum + Buffer.byteLength(String(part)), 0);
  if (bad !== undefined || length > LONGEST_KEY)
    throw new InvalidInputError({
      expected: `a knowledge key of texts, of at most ${LONGEST_KEY} bytes together`,
      received: bad === undefined ? `${length} bytes` : `${JSON.stringify(key[bad])} as its ${bad}`,
      hint: 'Name the entity, the kind of knowledge, the version of its prompt and the model, shortly.',
    });
  return parts as unknown as StoredKey;
}

/**
 * Opens a knowledge store, or makes it.
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
