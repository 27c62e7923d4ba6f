/** Type of the values of a column; `'mixed'` where they differ. */
export type ColumnType =
  | 'integer'
  | 'number'
  | 'boolean'
  | 'time'
  | 'text'
  | 'list'
  | 'object'
  | 'mixed'
  | 'empty';

/** A column as it was understood. */
export interface ColumnDescription {
  /** Its name, or its position where there is no header. */
  readonly name: string | number;
  readonly type: ColumnType;
  /** Rows without a value. */
  readonly missing: number;
  /** Different values, among the rows that were looked at. */
  readonly distinct: number;
  /** The first three different values, at most 40 characters each. */
  readonly examples: readonly string[];
  /** Smallest and largest number; left out for other values. */
  readonly range?: readonly [number, number] | undefined;
}
