/** An SQL statement with its parameters, `$1` the first. */
export interface SqlStatement {
  readonly text: string;
  readonly values?: readonly unknown[] | undefined;
}

/** A row by the names of its columns. */
export type SqlRow = Readonly<Record<string, unknown>>;

/** A way to a database, whichever it is. */
export interface SqlConnection {
  /**
   * Runs statements in one transaction: all of them count when it resolves, none when it rejects.
   *
   * @returns the rows of each statement
   */
  run(statements: readonly SqlStatement[]): Promise<SqlRow[][]>;
  /** Closes it; further calls reject. */
  close(): Promise<void>;
}
