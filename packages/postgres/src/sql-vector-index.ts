import {
  ArtifactError,
  checkNumber,
  checkOptions,
  checkVectorAddition,
  countVectorRows,
  InvalidInputError,
  itemFiles,
  joinProvenance,
  OutcomeCounter,
  type OutcomeOptions,
  type Provenance,
  readArtifact,
  readProvenance,
  type SettingsOf,
  savedItems,
  savedProvenance,
  UNKNOWN,
  type VectorAddOptions,
  type VectorIndex,
  type VectorMatch,
  type VectorSearchOptions,
  WORLD,
  writeArtifact,
} from '@palate/core';
import { digestOf, hexDigestOf } from './digest.js';
import { LOCKS, lockStatement } from './migrations.js';
import type { SqlConnection, SqlRow, SqlStatement, SqlStep } from './sql-connection.js';
import { toStoredJson } from './stored-json.js';
import { fromStoredText, toStoredText } from './stored-text.js';
import type { VECTOR_TABLE, VectorAttributes } from './vector-options.js';

/** An artifact as `ExactIndex` of `@palate/retrievers` writes it: what one saves, the other loads. */
const KIND = 'exact-index';
const VERSION = 2;

/** Rows that are read, and queries that are asked, at a time. */
const PAGE = 2000;
const QUERIES = 200;

/** Options of {@link SqlVectorIndex.add}. */
export interface SqlVectorAddOptions extends VectorAddOptions {
  /** Attributes of each vector, in the order of the ids. Default: none. */
  readonly attributes?: readonly VectorAttributes[] | undefined;
}

/** Options of {@link SqlVectorIndex.search}. */
export interface SqlVectorSearchOptions extends VectorSearchOptions, OutcomeOptions {
  /** Attributes that a vector has to have: equal values, or a list that holds those given. The database looks for them. */
  readonly having?: VectorAttributes | undefined;
}

/** Facts about a table when it is opened. */
export interface VectorTable {
  readonly number: number;
  readonly settings: SettingsOf<typeof VECTOR_TABLE.declarations>;
  /** Whether pgvector goes on through its index until enough vectors pass a filter, from 0.8. */
  readonly isIterative: boolean;
}

/**
 * Vectors in a table of a database, found by pgvector. Any number of processes may write to it; `size` and `provenance` are as
 * this one last saw them.
 */
export class SqlVectorIndex implements VectorIndex {
  readonly width: number;
  readonly #connection: SqlConnection;
  readonly #table: VectorTable;
  readonly #name: string;
  readonly #type: string;
  #size = 0;
  #provenance: Provenance = WORLD;

  /** @param connection - this owns it from then on; {@link refresh} is to be called before use */
  constructor(connection: SqlConnection, table: VectorTable) {
    this.#connection = connection;
    this.#table = table;
    this.width = table.settings.width;
    this.#name = `palate_vectors_${table.number}`;
    this.#type = `${table.settings.precision === 'half' ? 'halfvec' : 'vector'}(${this.width})`;
  }

  get size(): number {
    return this.#size;
  }

  get provenance(): Provenance {
    return this.#provenance;
  }

  /** Reads again how many vectors there are, and what they know: others may have written. */
  async refresh(): Promise<void> {
    this.#seen(await this.#connection.run(this.#state()));
  }

  /** Makes the table where it is missing. */
  async prepare(): Promise<void> {
    await this.#connection.run([
      lockStatement(LOCKS.vectors),
      {
        text: `create table if not exists ${this.#name} (
          id_digest bytea primary key, id text not null, attributes jsonb, embedding ${this.#type} not null)`,
      },
      {
        text: `create index if not exists ${this.#name}_attributes on ${this.#name} using gin (attributes jsonb_path_ops)`,
      },
    ]);
    await this.refresh();
  }

  async add(ids: readonly string[], vectors: Float32Array, options: SqlVectorAddOptions = {}): Promise<void> {
    const { attributes, ...plain } = options;
    const added = checkVectorAddition(ids, vectors, this.width, WORLD, plain);
    if (attributes !== undefined && attributes.length !== ids.length)
      throw new InvalidInputError({
        expected: `attributes of ${ids.length} vectors`,
        received: String(attributes.length),
        hint: 'Give one object for each id, {} where there are none.',
      });
    if (ids.length === 0) return;
    const known = JSON.stringify(added);
    this.#seen(
      await this.#connection.run([
        this.#lock(),
        {
          text: `create temp table palate_incoming (digest bytea, id text, attributes text, embedding vector) on commit drop`,
        },
        {
          into: 'palate_incoming',
          rows: ids.length,
          columns: {
            digest: { type: 'bytea', at: (row) => digestOf(ids[row] as string) },
            id: { type: 'text', at: (row) => toStoredText(ids[row] as string) },
            attributes: { type: 'text', at: (row) => attributes && toStoredJson(attributes[row]) },
            embedding: {
              type: 'vector',
              width: this.width,
              at: (row) => vectors.subarray(row * this.width, (row + 1) * this.width),
            },
          },
        },
        {
          text: `with stored as (
              insert into ${this.#name} (id_digest, id, attributes, embedding)
              select digest, id, attributes::jsonb, embedding::${this.#type} from palate_incoming
              on conflict (id_digest) do update set attributes = excluded.attributes, embedding = excluded.embedding
              returning (xmax = 0) as is_new
            )
            update palate_vector_tables set size = size + (select count(*) from stored where is_new) where number = $1`,
          values: [this.#table.number],
          isLong: true,
        },
        {
          text: `insert into palate_vector_provenance (vectors, digest, provenance)
            values ($1, decode($2, 'hex'), $3) on conflict do nothing`,
          values: [this.#table.number, hexDigestOf(known), toStoredText(known)],
        },
        ...this.#indexing(),
        ...this.#state(),
      ]),
    );
  }

  async remove(ids: readonly string[]): Promise<number> {
    const steps: SqlStep[] = [
      this.#lock(),
      {
        text: `with gone as (
            delete from ${this.#name} where id_digest in (select decode(digest, 'hex') from unnest($2::text[]) as given (digest))
            returning 1
          ), counted as (
            update palate_vector_tables set size = size - (select count(*) from gone) where number = $1
          )
          select count(*) as gone from gone`,
        values: [this.#table.number, [...new Set(ids)].map(hexDigestOf)],
      },
      ...this.#state(),
    ];
    const rows = await this.#connection.run(steps);
    this.#seen(rows);
    return Number(rows[1]?.[0]?.gone);
  }

  /**
   * Finds the nearest vectors. A `filter` is a function of this process: candidates come to it best first, more of them each
   * time, until enough pass; `having` is looked for by the database. A search of the HNSW index that ends before it has found
   * enough compares with all vectors instead, which `onOutcomes` counts.
   */
  async search(
    queries: Float32Array,
    k: number,
    options: SqlVectorSearchOptions = {},
  ): Promise<VectorMatch[][]> {
    checkOptions('search', options, ['filter', 'having', 'onOutcomes']);
    checkNumber('k', k, { min: 1, integer: true });
    const count = countVectorRows(queries, this.width, 'queries');
    const { filter, having, onOutcomes } = options;
    const counter = new OutcomeCounter('vectors in PostgreSQL', count);
    const lists: VectorMatch[][] = Array.from({ length: count }, () => []);
    let open = Array.from({ length: count }, (_, q) => q);
    let isIndexed = this.#table.settings.search === 'hnsw';
    for (let limit = filter ? Math.max(100, 4 * k) : k; open.length > 0; ) {
      const wanting: number[] = [];
      for (let from = 0; from < open.length; from += QUERIES) {
        const asked = open.slice(from, from + QUERIES);
        const found = await this.#nearest(queries, asked, limit, having, isIndexed);
        for (const [at, q] of asked.entries()) {
          const matches = found[at] ?? [];
          lists[q] = (filter ? matches.filter(({ id }) => filter(id)) : matches).slice(0, k);
          // With all that there are before it, a list is as long as it gets.
          const isAll = matches.length < limit && (!isIndexed || (!having && matches.length >= this.#size));
          if ((lists[q]?.length ?? 0) < k && !isAll) wanting.push(q);
        }
      }
      open = wanting;
      if (isIndexed && (!filter || limit >= this.#table.settings.scanned)) {
        for (const _ of open) counter.note('compared with all vectors', 'the HNSW index gave too few');
        isIndexed = false;
      } else limit *= 8;
    }
    onOutcomes?.(counter.counts());
    return lists;
  }

  async #nearest(
    queries: Float32Array,
    asked: readonly number[],
    limit: number,
    having: VectorAttributes | undefined,
    isIndexed: boolean,
  ): Promise<VectorMatch[][]> {
    const { efSearch, scanned } = this.#table.settings;
    const set = (name: string, value: string | number): SqlStatement => ({
      text: `set local ${name} = ${value}`,
    });
    const settings = isIndexed
      ? [
          // The first loads the extension, so that its settings are known.
          { text: `select '[1]'::vector` },
          set('hnsw.ef_search', Math.min(1000, Math.max(efSearch, limit))),
          ...(this.#table.isIterative
            ? [
                set('hnsw.iterative_scan', 'relaxed_order'),
                set('hnsw.max_scan_tuples', Math.max(scanned, limit)),
              ]
            : []),
        ]
      : [set('enable_indexscan', 'off'), set('enable_indexonlyscan', 'off')];
    const rows = await this.#connection.run([
      ...settings,
      ...asked.map((q) => ({
        text: `select id, -(embedding <#> $1::${this.#type}) as score from ${this.#name}
          ${having ? 'where attributes @> $2::jsonb' : ''} order by embedding <#> $1::${this.#type} limit ${limit}`,
        values: [
          `[${queries.subarray(q * this.width, (q + 1) * this.width).join(',')}]`,
          ...(having ? [toStoredJson(having)] : []),
        ],
        isLong: true,
      })),
    ]);
    return rows.slice(settings.length).map((list) =>
      list
        .map(({ id, score }) => ({ id: fromStoredText(String(id)), score: Number(score) }))
        // An index in relaxed order gives them nearly in order.
        .sort((a, b) => b.score - a.score),
    );
  }

  /** Writes all vectors as an artifact, which `ExactIndex` of `@palate/retrievers` loads as well. They have to fit into memory. */
  async save(dir: string): Promise<void> {
    await this.refresh();
    const ids: string[] = [];
    const rows: Float32Array[] = [];
    for (let last = ''; ; ) {
      const [page = []] = await this.#connection.run([
        {
          text: `select encode(id_digest, 'hex') as digest, id, embedding::text as embedding from ${this.#name}
            where id_digest > decode($1, 'hex') order by id_digest limit ${PAGE}`,
          values: [last],
          isLong: true,
        },
      ]);
      for (const { id, embedding } of page) {
        ids.push(fromStoredText(String(id)));
        rows.push(Float32Array.from(JSON.parse(String(embedding)) as number[]));
      }
      if (page.length < PAGE) break;
      last = String(page.at(-1)?.digest);
    }
    const values = new Float32Array(ids.length * this.width);
    for (const [at, row] of rows.entries()) values.set(row, at * this.width);
    await writeArtifact(dir, {
      kind: KIND,
      version: VERSION,
      config: { width: this.width, size: ids.length, provenance: this.#provenance },
      tensors: { vectors: { shape: [ids.length, this.width], values } },
      files: itemFiles(ids),
    });
  }

  close(): Promise<void> {
    return this.#connection.close();
  }

  /** One writer at a time, so that the size is that of the rows. */
  #lock(): SqlStatement {
    return {
      text: 'select number from palate_vector_tables where number = $1 for update',
      values: [this.#table.number],
    };
  }

  /** Makes the HNSW index where it is wanted and missing: behind the first vectors, which is faster than before them. */
  #indexing(): SqlStatement[] {
    const { search, precision, m, efConstruction } = this.#table.settings;
    if (search !== 'hnsw') return [];
    const operators = precision === 'half' ? 'halfvec_ip_ops' : 'vector_ip_ops';
    return [
      {
        text: `create index if not exists ${this.#name}_hnsw on ${this.#name}
          using hnsw (embedding ${operators}) with (m = ${m}, ef_construction = ${efConstruction})`,
        isLong: true,
      },
    ];
  }

  #state(): SqlStatement[] {
    return [
      { text: 'select size from palate_vector_tables where number = $1', values: [this.#table.number] },
      {
        text: 'select provenance from palate_vector_provenance where vectors = $1 order by sequence',
        values: [this.#table.number],
      },
    ];
  }

  #seen(rows: readonly SqlRow[][]): void {
    const [sizes = [], known = []] = rows.slice(-2);
    this.#size = Number(sizes[0]?.size);
    const parts = known.map(({ provenance }) =>
      readProvenance(JSON.parse(fromStoredText(String(provenance)))),
    );
    this.#provenance = parts.length === 1 ? (parts[0] as Provenance) : joinProvenance(parts);
  }
}

/** Vectors of an artifact that an index of `@palate/retrievers`, or a table, has saved. */
export async function savedVectors(dir: string): Promise<{
  readonly ids: readonly string[];
  readonly width: number;
  readonly vectors: Float32Array;
  readonly provenance: Provenance;
}> {
  const artifact = await readArtifact(dir, KIND, VERSION);
  const ids = [...savedItems(dir, artifact)];
  const tensor = artifact.tensors.vectors;
  const width = tensor?.shape[1];
  const values = tensor?.values;
  if (!(values instanceof Float32Array) || width === undefined || tensor?.shape[0] !== ids.length)
    throw new ArtifactError(dir, {
      expected: `vectors of ${ids.length} ids`,
      received: `a tensor of shape ${tensor?.shape.join(' x ') ?? '(none)'}`,
      hint: 'The artifact was changed: restore it, or save the index again.',
    });
  const config = Object(artifact.manifest.config) as Record<string, unknown>;
  return { ids, width, vectors: values, provenance: savedProvenance(dir, config.provenance) ?? UNKNOWN };
}
