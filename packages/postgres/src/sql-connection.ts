import type { CopyColumn } from './binary-copy.js';

/** An SQL statement with its parameters, `$1` the first. */
export interface SqlStatement {
  readonly text: string;
  readonly values?: readonly unknown[] | undefined;
  /** True for what may take longer than `seconds` of the connection: bulk loading, an index. Default false. */
  readonly isLong?: boolean | undefined;
}

/** Rows that are copied into a table. */
interface SqlCopy {
  readonly into: string;
  /** How many there are. */
  readonly rows: number;
  /** Columns by the names that the table has for them. */
  readonly columns: Readonly<Record<string, CopyColumn>>;
}

/** A step of a transaction. */
export type SqlStep = SqlStatement | SqlCopy;

/** A row by the names of its columns. */
export type SqlRow = Readonly<Record<string, unknown>>;

/** A way to a database, whichever it is. */
export interface SqlConnection {
  /**
   * Runs steps in one transaction: all of them count when it resolves, none when it rejects.
   *
   * @returns the rows of each step; a copy has none
   */
  run(steps: readonly SqlStep[]): Promise<SqlRow[][]>;
  /** Closes it; further calls reject. */
  close(): Promise<void>;
}

/** A connection that others close. */
export const lent = (connection: SqlConnection): SqlConnection => ({
  run: (steps) => connection.run(steps),
  close: async () => undefined,
});

/** The SQLSTATE of a failure, through whatever wraps it. */
export function sqlStateOf(error: unknown): string | undefined {
  for (let at = error; at instanceof Error; at = at.cause) {
    const { code } = at as { code?: unknown };
    if (typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code)) return code;
  }
  return undefined;
}
