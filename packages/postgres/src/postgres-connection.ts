import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { checkNumber, checkOptions, InvalidInputError, StoreError } from '@palate/core';
import pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { binaryCopy, type CopyColumn, copyTarget } from './binary-copy.js';
import type { SqlConnection, SqlRow, SqlStatement, SqlStep } from './sql-connection.js';

/** Milliseconds of a statement that may take long: the most that a timer of Node counts. */
const LONG = 2 ** 31 - 1;

/** Options of {@link PostgresConnection.open}. */
export interface PostgresOptions {
  /** Connections at most. Default 4. */
  readonly connections?: number | undefined;
  /** Seconds that connecting, and each statement, may take. Default 30. */
  readonly seconds?: number | undefined;
  /** False where COPY does not work (pglite-socket, some poolers): rows are then inserted by INSERT, which takes longer. Default true. */
  readonly copy?: boolean | undefined;
}

/** A PostgreSQL server by its URL, through a pool of connections. */
export class PostgresConnection implements SqlConnection {
  readonly #pool: pg.Pool;
  readonly #place: string;
  readonly #copies: boolean;

  private constructor(pool: pg.Pool, place: string, copies: boolean) {
    this.#copies = copies;
    this.#pool = pool;
    this.#place = place;
    // A connection that breaks while nobody uses it is replaced by the pool; if that fails, the next query says so.
    pool.on('error', () => undefined);
  }

  /**
   * Connects to a server.
   *
   * @param url - `postgres://user:password@host:port/database`; messages never hold the password
   * @throws StoreError if it does not answer
   */
  static async open(url: string, options: PostgresOptions = {}): Promise<PostgresConnection> {
    checkOptions('a PostgreSQL server', options, ['connections', 'seconds', 'copy']);
    const { connections = 4, seconds = 30, copy = true } = options;
    const place = placeOf(url);
    const milliseconds = 1000 * checkNumber('seconds', seconds, { min: 0.001 });
    const pool = new pg.Pool({
      connectionString: url,
      max: checkNumber('connections', connections, { min: 1, integer: true }),
      connectionTimeoutMillis: milliseconds,
      statement_timeout: milliseconds,
      query_timeout: 2 * milliseconds,
      application_name: 'palate',
      keepAlive: true,
      allowExitOnIdle: true,
    });
    const connection = new PostgresConnection(pool, place, copy);
    try {
      await connection.run([{ text: 'select 1' }]);
    } catch (error) {
      await connection.close();
      throw error;
    }
    return connection;
  }

  async run(steps: readonly SqlStep[]): Promise<SqlRow[][]> {
    let client: pg.PoolClient;
    try {
      client = await this.#pool.connect();
    } catch (cause) {
      throw this.#failure('connect', cause);
    }
    let broken: Error | undefined;
    // Without a listener a connection that breaks would end the process.
    const onError = (error: Error): void => {
      broken = error;
    };
    client.on('error', onError);
    try {
      await client.query('begin');
      if (steps.some((step) => 'into' in step || step.isLong))
        await client.query('set local statement_timeout = 0');
      const rows: SqlRow[][] = [];
      for (const step of steps) rows.push(await runStep(client, step, this.#copies));
      await client.query('commit');
      return rows;
    } catch (cause) {
      await client.query('rollback').catch((error: Error) => {
        broken ??= error;
      });
      throw this.#failure('run a transaction', cause);
    } finally {
      client.off('error', onError);
      client.release(broken);
    }
  }

  async close(): Promise<void> {
    if (!this.#pool.ended && !this.#pool.ending) await this.#pool.end();
  }

  #failure(doing: string, cause: unknown): StoreError {
    const { code, message } = cause as { code?: string; message?: string };
    return new StoreError('store-failed', this.#place, {
      expected: `to ${doing}`,
      received: [code, message || String(cause)].filter(Boolean).join(' '),
      hint: 'Check that the server runs, the URL, and the rights of the user. Everything acknowledged is kept.',
      cause,
      isRetryable: code === undefined || !LASTING.test(code),
    });
  }
}

/** Rows of one INSERT where COPY does not work. */
const INSERTED = 1000;

/** Classes of SQLSTATE that stay as they are however often one asks: bad data, rights, names, and what a server lacks. */
const LASTING = /^(0A|22|23|28|3D|3F|42|58P01)/;

async function runStep(client: pg.PoolClient, step: SqlStep, copies: boolean): Promise<SqlRow[]> {
  if (!('into' in step)) {
    const { text, values = [], isLong = false } = step;
    return (await client.query(queryOf(text, values, isLong))).rows as SqlRow[];
  }
  const { rows, columns } = step;
  const target = copyTarget(step);
  if (copies) {
    const stream = copyFrom(`copy ${target} from stdin with (format binary)`);
    client.query(Object.assign(stream, { query_timeout: LONG }));
    await pipeline(Readable.from(binaryCopy(rows, Object.values(columns)), { objectMode: false }), stream);
    return [];
  }
  for (let from = 0; from < rows; from += INSERTED) {
    const { text, values = [] } = insertOf(
      target,
      Object.values(columns),
      from,
      Math.min(rows, from + INSERTED),
    );
    await client.query(queryOf(text, values, true));
  }
  return [];
}

const queryOf = (text: string, values: readonly unknown[], isLong: boolean) => ({
  text,
  values: [...values],
  ...(isLong ? { query_timeout: LONG } : {}),
});

/** The statement that inserts some rows of a copy. */
function insertOf(target: string, columns: readonly CopyColumn[], from: number, to: number): SqlStatement {
  const told = (column: CopyColumn, row: number): string | null => {
    const value = column.at(row);
    if (value === undefined) return null;
    if (typeof value === 'string') return value;
    if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value);
    return value instanceof Float32Array ? `[${value.join(',')}]` : Buffer.from(value).toString('hex');
  };
  const read = columns.map(({ type }, k) => (type === 'bytea' ? `decode(c${k}, 'hex')` : `c${k}::${type}`));
  return {
    text: `insert into ${target} select ${read.join(', ')}
      from unnest(${columns.map((_, k) => `$${k + 1}::text[]`).join(', ')}) as given (${columns.map((_, k) => `c${k}`).join(', ')})`,
    values: columns.map((column) => Array.from({ length: to - from }, (_, k) => told(column, from + k))),
  };
}

/** The server's place without the password. */
function placeOf(url: string): string {
  try {
    const { protocol, hostname, port, pathname } = new URL(url);
    if (!/^postgres(ql)?:$/.test(protocol)) throw new Error(protocol);
    return `postgres://${hostname}${port === '' ? '' : `:${port}`}${pathname}`;
  } catch {
    throw new InvalidInputError({
      expected: 'a URL like postgres://user:password@host:5432/database',
      received: `a text of ${url.length} characters that is not one`,
      hint: 'Check DATABASE_URL; special characters of the password are percent-encoded.',
    });
  }
}
