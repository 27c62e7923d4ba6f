import { InvalidInputError, type KnowledgeStore, type ListSink } from '@palate/core';
import { hexDigestOf } from './digest.js';
import { listTableOn } from './list-table.js';
import { LOCKS, lockStatement } from './migrations.js';
import { type OpenedDatabase, openDatabase } from './open-database.js';
import type { PostgresOptions } from './postgres-connection.js';
import { lent } from './sql-connection.js';
import { SqlDatasets } from './sql-datasets.js';
import { SqlFeedbackStore } from './sql-feedback-store.js';
import { SqlKnowledgeStore } from './sql-knowledge-store.js';
import { SqlVectorIndex, savedVectors } from './sql-vector-index.js';
import { fromStoredText, toStoredText } from './stored-text.js';
import { requireVectors } from './vector-extension.js';
import { checkWidth, VECTOR_TABLE, type VectorTableOptions } from './vector-options.js';

/** Everything that is kept in one database, through one way to it: feedback, data sets, knowledge, lists and vectors. */
export class PalateDatabase {
  /** Events, with the items that were added. */
  readonly feedback: SqlFeedbackStore;
  /** Data sets by name: interactions, catalogue, users. */
  readonly datasets: SqlDatasets;
  readonly knowledge: KnowledgeStore;
  /** Everybody's lists. */
  readonly lists: ListSink;
  readonly #database: OpenedDatabase;
  #closed: Promise<void> | undefined;

  /** @param database - this owns its connection from then on */
  constructor(database: OpenedDatabase) {
    this.#database = database;
    const { place } = database;
    const connection = lent(database.connection);
    this.feedback = new SqlFeedbackStore({ connection, place });
    this.datasets = new SqlDatasets({ connection, place });
    this.knowledge = new SqlKnowledgeStore(connection);
    this.lists = listTableOn(connection);
  }

  /**
   * Opens a table of vectors by its name; it is made where it is missing.
   *
   * @throws PalateError of code `missing-dependency` if the database has no pgvector
   * @throws InvalidInputError if the table is there with another width, precision or search
   */
  async vectors(name: string, options: VectorTableOptions): Promise<SqlVectorIndex> {
    const settings = VECTOR_TABLE.settings(options);
    checkWidth(settings);
    const { connection, place } = this.#database;
    const [major, minor] = await requireVectors(connection, place);
    const { width, precision, search, m, efConstruction } = settings;
    const rows = await connection.run([
      lockStatement(LOCKS.vectors),
      {
        text: `insert into palate_vector_tables (name, name_digest, width, precision, search, m, ef_construction)
          values ($1, decode($2, 'hex'), $3, $4, $5, $6, $7) on conflict (name_digest) do nothing`,
        values: [toStoredText(name), hexDigestOf(name), width, precision, search, m, efConstruction],
      },
      {
        text: "select number, width, precision, search from palate_vector_tables where name_digest = decode($1, 'hex')",
        values: [hexDigestOf(name)],
      },
    ]);
    const found = rows.at(-1)?.[0];
    const [before, now] = [
      `width ${found?.width}, precision ${found?.precision}, search ${found?.search}`,
      `width ${width}, precision ${precision}, search ${search}`,
    ];
    if (before !== now)
      throw new InvalidInputError({
        expected: `the vectors ${JSON.stringify(name)} as they were made: ${before}`,
        received: now,
        hint: 'Give the same options, or choose another name.',
      });
    const index = new SqlVectorIndex(lent(connection), {
      number: Number(found?.number),
      settings,
      isIterative: major > 0 || minor >= 8,
    });
    await index.prepare();
    return index;
  }

  /**
   * Loads vectors that were saved to a folder into the table of a name, by what `VectorIndex.save` of this package or of
   * `ExactIndex` wrote.
   *
   * @throws ArtifactError if the folder is missing, foreign or damaged
   */
  async loadVectors(
    name: string,
    dir: string,
    options: Omit<VectorTableOptions, 'width'> = {},
  ): Promise<SqlVectorIndex> {
    const { ids, width, vectors, provenance } = await savedVectors(dir);
    const index = await this.vectors(name, { ...options, width });
    await index.add(ids, vectors, { provenance });
    return index;
  }

  /** Names of the tables of vectors. */
  async vectorNames(): Promise<string[]> {
    const [rows = []] = await this.#database.connection.run([
      { text: 'select name from palate_vector_tables order by number' },
    ]);
    return rows.map(({ name }) => fromStoredText(String(name)));
  }

  /** Removes a table of vectors; returns whether it was there. */
  async removeVectors(name: string): Promise<boolean> {
    const { connection } = this.#database;
    const [rows = []] = await connection.run([
      {
        text: "select number from palate_vector_tables where name_digest = decode($1, 'hex')",
        values: [hexDigestOf(name)],
      },
    ]);
    const number = rows[0]?.number;
    if (number === undefined) return false;
    await connection.run([
      lockStatement(LOCKS.vectors),
      { text: `drop table if exists palate_vectors_${Number(number)}` },
      { text: 'delete from palate_vector_tables where number = $1', values: [Number(number)] },
    ]);
    return true;
  }

  close(): Promise<void> {
    this.#closed ??= (async () => {
      await this.feedback.close();
      await this.#database.connection.close();
    })();
    return this.#closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/**
 * Opens a database of Palate: in a PGlite folder of this machine, or on a PostgreSQL server. Tables are made, or brought up
 * to date. Vectors need the extension pgvector; all else does not.
 *
 * @param place - a folder, for one process at a time; or `postgres://user:password@host:port/database`, for any number
 * @throws StoreError of code `store-locked` while another process has the folder open; `store-failed`, with `isRetryable`,
 *   if the server does not answer
 *
 * @example
 * ```ts
 * await using database = await openPalateDatabase(process.env.DATABASE_URL ?? './palate');
 * const vectors = await database.vectors('titles', { width: 2, search: 'hnsw' });
 * await vectors.add(['lamp', 'kettle'], Float32Array.of(1, 0, 0, 1));
 * console.log((await vectors.search(Float32Array.of(0.5, 0.75), 1))[0]); // [{ id: 'kettle', score: 0.75 }]
 * ```
 */
export async function openPalateDatabase(place: string, options?: PostgresOptions): Promise<PalateDatabase> {
  return new PalateDatabase(await openDatabase(place, options));
}
