import type { TableDescription } from './describe-table.js';

/** Understanding of a table. */
export interface UnderstoodTable {
  readonly table: TableDescription;
  /** Columns by role. */
  readonly columns: Readonly<Record<string, string | number | readonly (string | number)[]>>;
  /** Roles whose columns were guessed: for a person to confirm. */
  readonly guessed: readonly string[];
}
