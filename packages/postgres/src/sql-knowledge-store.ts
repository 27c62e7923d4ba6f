import {
  type ClaimHolder,
  type ClaimOutcome,
  isHeld,
  KNOWLEDGE_KEY_FIELDS,
  type KnowledgeEntry,
  type KnowledgeFilter,
  type KnowledgeKey,
  type KnowledgeStore,
  knowledgeJson,
  knowledgeKeyParts,
  ownClaim,
} from '@palate/core';
import { hexDigestOf } from './digest.js';
import type { SqlConnection, SqlRow, SqlStatement } from './sql-connection.js';
import { fromStoredText, toStoredText } from './stored-text.js';

/** Columns of the parts of a key, in the order of {@link KNOWLEDGE_KEY_FIELDS}. */
const COLUMNS = ['entity_type', 'kind', 'prompt_version', 'model', 'entity'] as const;
const ORDER = COLUMNS.join(', ');

/** Rows that are read at a time. */
const PAGE = 1000;

const newest = `select distinct on (${ORDER}) * from palate_knowledge`;
/** The later written of two versions; of two of one moment that of the higher hash, as in every store. */
const NEWEST_FIRST = `${ORDER}, created_at desc, prompt_hash desc`;

const digestOfKey = (key: KnowledgeKey): string => hexDigestOf(JSON.stringify(knowledgeKeyParts(key)));

/** Knowledge in an SQL database, read and written by any number of processes. */
export class SqlKnowledgeStore implements KnowledgeStore {
  readonly #connection: SqlConnection;

  /** @param connection - the store owns it from then on */
  constructor(connection: SqlConnection) {
    this.#connection = connection;
  }

  async get(key: KnowledgeKey): Promise<KnowledgeEntry | undefined> {
    const digest = digestOfKey(key);
    if (key.promptHash !== undefined)
      return (await this.#rows(byDigest('select entry from palate_knowledge', digest))).map(entryOf)[0];
    const { text, values } = matching(key);
    const rows = await this.#rows({
      text: `${newest} where ${text} order by ${NEWEST_FIRST} limit 1`,
      values,
    });
    return rows.map(entryOf)[0];
  }

  async put(entries: readonly KnowledgeEntry[]): Promise<void> {
    // Every entry is checked before anything is written; of equal keys the last counts.
    const records = new Map(
      entries.map((entry) => [digestOfKey(entry), { entry, json: knowledgeJson(entry) }]),
    );
    if (records.size === 0) return;
    const digests = [...records.keys()].sort();
    const column = (read: (record: { entry: KnowledgeEntry; json: string }) => string): string[] =>
      digests.map((digest) =>
        toStoredText(read(records.get(digest) as { entry: KnowledgeEntry; json: string })),
      );
    await this.#connection.run([
      {
        // In one order, so that two who write the same entries do not wait for each other.
        text: `insert into palate_knowledge (key_digest, ${ORDER}, prompt_hash, created_at, entry)
          select decode(digest, 'hex'), ${ORDER}, prompt_hash, created_at, entry
          from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::float8[], $9::text[])
            as given (digest, ${ORDER}, prompt_hash, created_at, entry)
          order by digest
          on conflict (key_digest) do update
            set created_at = excluded.created_at, entry = excluded.entry, stored_at = now()`,
        values: [
          digests,
          ...KNOWLEDGE_KEY_FIELDS.map((field) => column(({ entry }) => entry[field])),
          column(({ entry }) => entry.promptHash ?? ''),
          digests.map((digest) => records.get(digest)?.entry.createdAt),
          column(({ json }) => json),
        ],
      },
      {
        text: `delete from palate_knowledge_claims
          where key_digest in (select decode(digest, 'hex') from unnest($1::text[]) as given (digest))`,
        values: [digests],
      },
    ]);
  }

  async *list(filter: KnowledgeFilter = {}): AsyncIterable<KnowledgeEntry> {
    const { text, values } = matching(filter);
    // Another hash is another version: asked for, it is looked for among all of them.
    const isAll = filter.allVersions === true || filter.promptHash !== undefined;
    const key = `${ORDER}, prompt_hash`;
    let last: SqlRow | undefined;
    for (;;) {
      const after = isAll ? [...COLUMNS, 'prompt_hash'] : [...COLUMNS];
      const conditions = [
        text,
        ...(last
          ? [`(${after.join(', ')}) > (${after.map((_, k) => `$${values.length + k + 1}`).join(', ')})`]
          : []),
      ];
      const rows = await this.#rows({
        text: isAll
          ? `select * from palate_knowledge where ${conditions.join(' and ')} order by ${key} limit ${PAGE}`
          : `${newest} where ${conditions.join(' and ')} order by ${NEWEST_FIRST} limit ${PAGE}`,
        values: [...values, ...(last ? after.map((column) => (last as SqlRow)[column]) : [])],
      });
      yield* rows.map(entryOf);
      if (rows.length < PAGE) return;
      last = rows.at(-1);
    }
  }

  async claim(key: KnowledgeKey, owner: string): Promise<ClaimOutcome> {
    const digest = digestOfKey(key);
    const holder = JSON.stringify(ownClaim(owner));
    let ended = '';
    for (;;) {
      const [granted = [], stored = [], held = []] = await this.#connection.run([
        {
          // A claim of a process that has ended passes on, to one of those who see it.
          text: `insert into palate_knowledge_claims (key_digest, owner, holder)
            select decode($1, 'hex'), $2::text, $3::text
            where not exists (select from palate_knowledge where key_digest = decode($1, 'hex'))
            on conflict (key_digest) do update set owner = excluded.owner, holder = excluded.holder
              where palate_knowledge_claims.owner = excluded.owner or palate_knowledge_claims.holder = $4::text
            returning 1`,
          values: [digest, toStoredText(owner), toStoredText(holder), ended],
        },
        // Asked last: the statement above may have waited for whoever stored it.
        byDigest('select 1 as stored from palate_knowledge', digest),
        byDigest('select holder from palate_knowledge_claims', digest),
      ]);
      if (stored.length > 0) {
        if (granted.length > 0) await this.release(key, owner);
        return 'stored';
      }
      if (granted.length > 0) return 'granted';
      const found = held[0]?.holder;
      // Given back, or stored, since.
      if (found === undefined) continue;
      if (isHeld(JSON.parse(fromStoredText(String(found))) as ClaimHolder)) return 'taken';
      ended = String(found);
    }
  }

  async release(key: KnowledgeKey, owner: string): Promise<void> {
    const { text, values } = byDigest('delete from palate_knowledge_claims', digestOfKey(key));
    await this.#connection.run([
      { text: `${text} and owner = $2`, values: [...values, toStoredText(owner)] },
    ]);
  }

  close(): Promise<void> {
    return this.#connection.close();
  }

  async #rows(statement: SqlStatement): Promise<SqlRow[]> {
    return (await this.#connection.run([statement]))[0] ?? [];
  }
}

const byDigest = (select: string, digest: string) => ({
  text: `${select} where key_digest = decode($1, 'hex')`,
  values: [digest],
});

const entryOf = ({ entry }: SqlRow): KnowledgeEntry =>
  JSON.parse(fromStoredText(String(entry))) as KnowledgeEntry;

/** The condition that the fields of a filter set. */
function matching(filter: KnowledgeFilter): { readonly text: string; readonly values: readonly string[] } {
  const parts: string[] = [];
  const values: string[] = [];
  for (const [k, field] of [...KNOWLEDGE_KEY_FIELDS, 'promptHash' as const].entries()) {
    const value = filter[field];
    if (value === undefined) continue;
    values.push(toStoredText(value));
    parts.push(`${COLUMNS[k] ?? 'prompt_hash'} = $${values.length}`);
  }
  return { text: parts.join(' and ') || 'true', values };
}
