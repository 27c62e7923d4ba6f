import { checkNumber, InvalidInputError, StoreError } from '@palate/core';
import pg from 'pg';
import type { SqlConnection, SqlRow, SqlStatement } from './sql-connection.js';

/** Options of {@link PostgresConnection.open}. */
export interface PostgresOptions {
  /** Connections at most. Default 4. */
  readonly connections?: number | undefined;
  /** Seconds that connecting, and each statement, may take. Default 30. */
  readonly seconds?: number | undefined;
}

/** A PostgreSQL server by its URL, through a pool of connections. */
export class PostgresConnection implements SqlConnection {
  readonly #pool: pg.Pool;
  readonly #place: string;

  private constructor(pool: pg.Pool, place: string) {
    this.#pool = pool;
    this.#place = place;
    // A connection that breaks while nobody uses it is replaced by the pool; whoever asks next is told if that fails.
    pool.on('error', () => undefined);
  }

  /**
   * Connects to a server.
   *
   * @param url - `postgres://user:password@host:port/database`; messages never hold the password
   * @throws StoreError if it does not answer
   */
  static async open(url: string, options: PostgresOptions = {}): Promise<PostgresConnection> {
    const { connections = 4, seconds = 30 } = options;
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
    const connection = new PostgresConnection(pool, place);
    try {
      await connection.run([{ text: 'select 1' }]);
    } catch (error) {
      await connection.close();
      throw error;
    }
    return connection;
  }

  async run(statements: readonly SqlStatement[]): Promise<SqlRow[][]> {
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
      const rows: SqlRow[][] = [];
      for (const { text, values } of statements)
        rows.push((await client.query(text, values === undefined ? [] : [...values])).rows as SqlRow[]);
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
      hint: 'Check that the server runs, the URL, and the rights of the user. What was acknowledged is kept.',
      cause,
      isRetryable: code === undefined || !/^(22|23|42)/.test(code),
    });
  }
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
      received: `a text of ${url.length} characters that is none`,
      hint: 'Check DATABASE_URL; special characters of the password are percent-encoded.',
    });
  }
}
