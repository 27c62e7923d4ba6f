import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import {
  InvalidInputError,
  MissingDependencyError,
  PalateError,
  ParseError,
  throwIfCancelled,
} from '@palate/core';

/** A value in a row that DuckDB gives. */
export type DuckValue = string | number | bigint | boolean | null;

/**
 * Rows of a query as DuckDB gives them, as far as they are read: declared here, so that the types of this package hold where the
 * optional library is not installed.
 */
interface RowChunk {
  readonly rowCount: number;
  getColumnVector(column: number): unknown;
  getColumnValues(column: number): unknown[];
  getRows(): unknown[][];
}

/** Limits of a session. */
export interface SessionLimits {
  /** Memory of DuckDB, in megabytes; what is more goes to the disk. */
  readonly megabytes: number;
  readonly threads: number;
  /** Folder below which a temporary one is made for tables and for what does not fit into memory. */
  readonly folder?: string | undefined;
}

/** The package of DuckDB, loaded when it is first needed. */
async function loadDuckDb(): Promise<typeof import('@duckdb/node-api')> {
  return import('@duckdb/node-api').catch((cause: unknown) => {
    throw new MissingDependencyError('@duckdb/node-api', 'data larger than memory', cause);
  });
}

/** A text as SQL writes it. */
export const sqlText = (text: string): string => `'${text.replaceAll("'", "''")}'`;
/** A number as SQL reads it to the last bit: a literal would be a decimal first. */
export const sqlDouble = (value: number): string => `'${value}'::double`;
/** A name as SQL writes it. */
export const sqlName = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** Rows of a chunk at most, as DuckDB has them. */
const CHUNK_ROWS = 2048;

/** A DuckDB database of one's own in a temporary folder, which goes with it. */
export class DuckDbSession {
  readonly #instance: DuckDBInstance;
  readonly #connection: DuckDBConnection;
  readonly #folder: string;
  /** Connections of what is being read. */
  readonly #reading = new Set<DuckDBConnection>();
  #names = 0;
  #closed: Promise<void> | undefined;

  private constructor(instance: DuckDBInstance, connection: DuckDBConnection, folder: string) {
    this.#instance = instance;
    this.#connection = connection;
    this.#folder = folder;
  }

  /** @throws MissingDependencyError if DuckDB is not installed */
  static async open({ megabytes, threads, folder }: SessionLimits): Promise<DuckDbSession> {
    const { DuckDBInstance: Instance } = await loadDuckDb();
    const own = await mkdtemp(join(folder ?? tmpdir(), 'palate-duckdb-'));
    try {
      const instance = await Instance.create(join(own, 'log.duckdb'), {
        memory_limit: `${megabytes}MB`,
        threads: String(threads),
        temp_directory: join(own, 'spilled'),
        // Rows keep the order of the files: it decides between equal times, and the numbers of users and items.
        preserve_insertion_order: 'true',
      });
      const connection = await instance.connect();
      await connection.run("set timezone = 'UTC'");
      return new DuckDbSession(instance, connection, own);
    } catch (error) {
      await rm(own, { recursive: true, force: true });
      throw error;
    }
  }

  /** A name that no table has. */
  newName(): string {
    return `t${this.#names++}`;
  }

  /** Runs a statement. */
  async run(sql: string, signal?: AbortSignal): Promise<void> {
    throwIfCancelled(signal, 'work on a large log');
    const stop = (): void => this.#connection.interrupt();
    signal?.addEventListener('abort', stop, { once: true });
    try {
      await this.#connection.run(sql);
    } catch (cause) {
      throwIfCancelled(signal, 'work on a large log');
      throw errorOf(cause);
    } finally {
      signal?.removeEventListener('abort', stop);
    }
  }

  /** Rows of a query that gives few. */
  async rows(sql: string, signal?: AbortSignal): Promise<DuckValue[][]> {
    throwIfCancelled(signal, 'work on a large log');
    try {
      const reader = await this.#connection.runAndReadAll(sql);
      return reader.getRows() as DuckValue[][];
    } catch (cause) {
      throwIfCancelled(signal, 'work on a large log');
      throw errorOf(cause);
    }
  }

  /** The one number that a query gives. */
  async number(sql: string, signal?: AbortSignal): Promise<number> {
    return Number((await this.rows(sql, signal))[0]?.[0]);
  }

  /**
   * Rows of a query over tables that are not temporary, in chunks, which are read as they are asked for: over a connection
   * of their own, since any other query over it would end them as if there were no more.
   */
  async *chunks(sql: string, signal?: AbortSignal): AsyncGenerator<RowChunk> {
    throwIfCancelled(signal, 'work on a large log');
    let connection: DuckDBConnection | undefined;
    try {
      connection = await this.#instance.connect();
      this.#reading.add(connection);
      const result = await connection.stream(sql);
      for (;;) {
        throwIfCancelled(signal, 'work on a large log');
        if (this.#closed)
          throw new InvalidInputError({
            expected: 'a large log that is open as long as it is read',
            received: 'one that was closed',
            hint: 'Close it after the last row.',
          });
        const chunk = await result.fetchChunk();
        if (!chunk || chunk.rowCount === 0) return;
        yield chunk;
      }
    } catch (cause) {
      throw errorOf(cause);
    } finally {
      if (connection && this.#reading.delete(connection)) connection.closeSync();
    }
  }

  /**
   * Keeps columns of numbers, all of one length, as a table.
   *
   * @returns its name
   */
  async keep(
    columns: Readonly<Record<string, Float64Array | Uint8Array>>,
    signal?: AbortSignal,
  ): Promise<string> {
    const { DuckDBDataChunk, DOUBLE } = await loadDuckDb();
    const name = this.newName();
    const names = Object.keys(columns);
    await this.run(`create table ${name} (${names.map((each) => `${each} double`).join(', ')})`, signal);
    const arrays = Object.values(columns);
    const length = arrays[0]?.length ?? 0;
    try {
      const appender = await this.#connection.createAppender(name);
      for (let from = 0; from < length; from += CHUNK_ROWS) {
        throwIfCancelled(signal, 'work on a large log');
        const rows = Math.min(CHUNK_ROWS, length - from);
        const chunk = DuckDBDataChunk.create(
          names.map(() => DOUBLE),
          rows,
        );
        for (const [column, array] of arrays.entries())
          chunk.setColumnValues(column, Array.from(array.subarray(from, from + rows)));
        appender.appendDataChunk(chunk);
      }
      appender.closeSync();
    } catch (cause) {
      throw errorOf(cause);
    }
    return name;
  }

  close(): Promise<void> {
    this.#closed ??= (async () => {
      for (const connection of this.#reading) connection.closeSync();
      this.#reading.clear();
      this.#connection.closeSync();
      this.#instance.closeSync();
      await rm(this.#folder, { recursive: true, force: true });
    })();
    return this.#closed;
  }
}

/** Numbers of a column of a chunk: the array itself where DuckDB has one. */
export function numbersIn(chunk: RowChunk, column: number): ArrayLike<number> {
  const { items } = chunk.getColumnVector(column) as { readonly items?: unknown };
  if (items instanceof Int32Array || items instanceof Float64Array || items instanceof Float32Array)
    return items;
  return chunk.getColumnValues(column).map(Number);
}

/** The typed error of a failure of DuckDB. */
function errorOf(cause: unknown): Error {
  if (PalateError.is(cause)) return cause;
  const message = cause instanceof Error ? cause.message : String(cause);
  const [first = message] = message.split('\n');
  const [, line] = /(?:on Line:|at line|in line) ?(\d+)/i.exec(message) ?? [];
  const [, file] = /^ *file = (.+)$/m.exec(message) ?? /\bfile "([^"]+)"/.exec(message) ?? [];
  if (line !== undefined || /sniffing file/i.test(message))
    return new ParseError(
      { file: file ?? 'a file of the table', line: Number(line ?? 1), column: 1 },
      {
        expected: 'rows of one form, in UTF-8',
        received: message.slice(0, 400),
        hint: 'Repair or remove the line, or pass the right delimiter and quote. loadTable knows more forms: other encodings and escapes, Python literals.',
        cause,
      },
    );
  if (/extension|httpfs/i.test(first))
    return new PalateError('missing-dependency', {
      expected: 'the extension of DuckDB that reads such an address or file',
      received: first,
      hint: 'With access to extensions.duckdb.org DuckDB loads it automatically; otherwise download the file first.',
      cause,
    });
  if (/Out of Memory/i.test(first))
    return new PalateError('out-of-memory', {
      expected: 'work within the memory of the session',
      received: first,
      hint: 'Give more megabytes, or fewer threads, and enough disk for what does not fit.',
      cause,
    });
  return new PalateError('large-log-failed', {
    expected: 'DuckDB to do its work',
    received: message.slice(0, 500),
    hint: 'Check the paths, the columns and the space on the disk.',
    cause,
  });
}
