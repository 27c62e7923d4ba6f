import { StoreError } from '@palate/core';
import { type SqlConnection, type SqlStatement, sqlStateOf } from './sql-connection.js';

/** Steps of the schema, in the order in which they were added; a step that was released never changes. */
const MIGRATIONS: readonly (readonly string[])[] = [
  [
    `create table palate_feedback (
      sequence bigint generated always as identity primary key,
      id text not null,
      id_digest bytea not null unique,
      user_id text not null,
      item_id text not null,
      at double precision not null,
      kind text not null,
      rating double precision,
      request text,
      stored_at timestamptz not null default now()
    )`,
    'create index palate_feedback_user on palate_feedback (hashtext(user_id), sequence)',
  ],
  [
    `create table palate_added_items (
      sequence bigint generated always as identity primary key,
      item text not null,
      stored_at timestamptz not null default now()
    )`,
  ],
  [
    `create table palate_lists (
      user_id text not null,
      rank integer not null,
      item_id text not null,
      score double precision not null,
      primary key (user_id, rank)
    )`,
    `create table palate_list_blocks (
      identity text not null,
      block integer not null,
      stored_at timestamptz not null default now(),
      primary key (identity, block)
    )`,
  ],
  [
    `create table palate_datasets (
      number integer generated always as identity primary key,
      name text not null,
      name_digest bytea not null unique,
      details text not null,
      saved_at timestamptz not null default now()
    )`,
    `create table palate_dataset_items (
      dataset integer not null references palate_datasets on delete cascade,
      position integer not null,
      item_id text not null,
      texts jsonb not null,
      attributes jsonb not null,
      primary key (dataset, position)
    )`,
    `create table palate_dataset_users (
      dataset integer not null references palate_datasets on delete cascade,
      position integer not null,
      user_id text not null,
      attributes jsonb,
      primary key (dataset, position)
    )`,
    `create table palate_dataset_events (
      dataset integer not null references palate_datasets on delete cascade,
      position integer not null,
      user_position integer not null,
      item_position integer not null,
      at double precision not null,
      rating real,
      request integer,
      primary key (dataset, position)
    )`,
  ],
  [
    `create table palate_knowledge (
      key_digest bytea primary key,
      entity_type text collate "C" not null,
      kind text collate "C" not null,
      prompt_version text collate "C" not null,
      model text collate "C" not null,
      entity text collate "C" not null,
      prompt_hash text collate "C" not null,
      created_at double precision not null,
      entry text not null,
      stored_at timestamptz not null default now()
    )`,
    `create index palate_knowledge_order on palate_knowledge
      (entity_type, kind, prompt_version, model, entity, created_at desc, prompt_hash desc)`,
    `create table palate_knowledge_claims (
      key_digest bytea primary key,
      owner text not null,
      holder text not null
    )`,
  ],
  [
    `create table palate_vector_tables (
      number integer generated always as identity primary key,
      name text not null,
      name_digest bytea not null unique,
      width integer not null,
      precision text not null,
      search text not null,
      m integer not null,
      ef_construction integer not null,
      size bigint not null default 0,
      made_at timestamptz not null default now()
    )`,
    `create table palate_vector_provenance (
      sequence bigint generated always as identity,
      vectors integer not null references palate_vector_tables on delete cascade,
      digest bytea not null,
      provenance text not null,
      primary key (vectors, digest)
    )`,
  ],
];

/** Locks of ours in a database that others may use as well. */
export const LOCKS = {
  migrations: 7_071_930_001,
  feedback: 7_071_930_002,
  items: 7_071_930_003,
  vectors: 7_071_930_004,
} as const;

/** Waits until no other transaction holds a lock of ours; it is given back with the transaction. */
export const lockStatement = (lock: number): SqlStatement => ({
  text: 'select pg_advisory_xact_lock($1::bigint)',
  values: [String(lock)],
});

/**
 * Brings the tables of Palate in a database to the schema of this version.
 *
 * @param place - where the database is, for messages
 * @throws StoreError if a newer version of Palate made them
 */
export async function migrate(connection: SqlConnection, place: string): Promise<void> {
  const rows = (
    await connection.run([
      lockStatement(LOCKS.migrations),
      {
        text: 'create table if not exists palate_migrations (version integer primary key, applied_at timestamptz not null default now())',
      },
      { text: 'select coalesce(max(version), 0) as version from palate_migrations' },
    ])
  ).at(-1);
  const version = Number(rows?.[0]?.version);
  if (version > MIGRATIONS.length)
    throw new StoreError('store-failed', place, {
      expected: `a schema of version ${MIGRATIONS.length} or earlier`,
      received: `version ${version}`,
      hint: 'A newer version of @palate/postgres made it: use that one.',
    });
  for (let next = version + 1; next <= MIGRATIONS.length; next++) {
    const took = await connection
      .run([
        lockStatement(LOCKS.migrations),
        // A version is there once: whoever comes second fails here, with nothing changed.
        { text: 'insert into palate_migrations (version) values ($1::int)', values: [next] },
        ...(MIGRATIONS[next - 1] ?? []).map((text) => ({ text })),
      ])
      .then(
        () => true,
        (error: unknown) => {
          if (sqlStateOf(error) === '23505') return false;
          throw error;
        },
      );
    if (!took) return migrate(connection, place);
  }
}
