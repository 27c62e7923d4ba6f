import { InvalidInputError } from '@palate/core';
import type { TextOptions } from '../files/read-lines.js';
import type { FieldColumns } from './interaction-values.js';
import type { ParquetOptions } from './parquet-options.js';

/** A column by name (`'user'`; `'event.user'` within a struct or object) or by position, counted from 0. */
export type ColumnName = string | number;

/** Names of the columns (or keys) of a table; for files without a header, positions counted from 0. */
export interface TableColumns {
  readonly user: ColumnName;
  /** A column of lists is a sequence: each of its elements is an interaction. */
  readonly item: ColumnName;
  /** Numbers, or true and false. */
  readonly rating?: ColumnName | undefined;
  readonly timestamp?: ColumnName | undefined;
  /** Id of the request (impression, slate) that showed the item. */
  readonly request?: ColumnName | undefined;
}

/** How a table lies in its file. */
export type TableFormat = 'csv' | 'tsv' | 'jsonl' | 'parquet';

/** How a table is read; what is left out follows from the format. */
export interface TableReading extends TextOptions, ParquetOptions {
  readonly format: TableFormat;
  readonly delimiter?: string | undefined;
  readonly quote?: string | false | undefined;
  readonly escape?: string | undefined;
  /** Whether the first line names the columns. */
  readonly header?: boolean | undefined;
  /** Only rows whose column has one of the values. */
  readonly only?: Readonly<Record<string, readonly (string | number | boolean)[]>> | undefined;
}

/** The rule of {@link TableReading.only}, with values as text. */
export function rulesOf(
  only: TableReading['only'],
): { column: string; values: ReadonlySet<string>; cause: string }[] {
  return Object.entries(only ?? {}).map(([column, values]) => ({
    column,
    values: new Set(values.map((value) => String(value).toLowerCase())),
    cause: `${column} not ${values.join(' or ')}`,
  }));
}

/** Most names that a message lists. */
const MOST_NAMES = 30;

/** Names of columns for a message, of bounded length. */
export function namesOf(names: readonly string[]): string {
  const shown = names.slice(0, MOST_NAMES).map((name) => (name.length > 60 ? `${name.slice(0, 60)}…` : name));
  return names.length > MOST_NAMES
    ? `${shown.join(', ')} and ${names.length - MOST_NAMES} more`
    : shown.join(', ');
}

/** Positions of the named columns in a header. */
export function resolveColumns(path: string, columns: TableColumns, header: readonly string[]): FieldColumns {
  const find = (column: ColumnName): number => findColumn(path, column, header);
  return {
    user: find(columns.user),
    item: find(columns.item),
    rating: columns.rating === undefined ? undefined : find(columns.rating),
    timestamp: columns.timestamp === undefined ? undefined : find(columns.timestamp),
    request: columns.request === undefined ? undefined : find(columns.request),
  };
}

export function findColumn(path: string, column: ColumnName | undefined, header: readonly string[]): number {
  const index = typeof column === 'number' ? column : column === undefined ? -1 : header.indexOf(column);
  const isTwice = typeof column === 'string' && header.indexOf(column, index + 1) >= 0 && index >= 0;
  if (Number.isInteger(index) && index >= 0 && index < header.length && !isTwice) return index;
  throw new InvalidInputError({
    expected: `columns of ${path} among ${namesOf(header)}`,
    received: isTwice
      ? `${JSON.stringify(column)}, which is the name of two columns`
      : column === undefined
        ? 'no column for users or items'
        : JSON.stringify(column),
    hint: isTwice
      ? 'Name columns by position, with header: true.'
      : 'Correct the column map or the delimiter; a file without a header line takes positions.',
  });
}
