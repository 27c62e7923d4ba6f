import { defineOptions, isObject, type LongCallOptions, type OptionsOf, option } from '@palate/core';
import { SKIP_CAUSES } from '../tables/row-faults.js';
import type { ColumnName, TableColumns } from '../tables/table-columns.js';
import { TIMESTAMP_UNITS } from '../tables/times.js';

/** Which columns of the table of interactions play which role: `false` for none, left out to be guessed. */
export type InteractionRoles = {
  readonly [Role in keyof TableColumns]?:
    | (Role extends 'user' | 'item' ? ColumnName : ColumnName | false)
    | undefined;
};

/** Which columns of a table about items (or users) are what; left out to be guessed. */
export interface EntityRoles {
  /** The id by which the interactions name it. */
  readonly id?: ColumnName | undefined;
  /** Column of an item's name, which becomes the text field `title`. */
  readonly title?: ColumnName | false | undefined;
  /** Texts that describe an item. Left out: every column of words. */
  readonly text?: readonly ColumnName[] | undefined;
  /** Facts to filter by: numbers, categories, lists. Left out: every other column. */
  readonly attributes?: readonly ColumnName[] | undefined;
}

/** Faults of rows that an import may leave out: those of interactions, and repeated ids of items and users. */
export const IMPORT_SKIPS = [...SKIP_CAUSES, 'repeated-id'] as const;

/** Options of {@link importDataset}, each declared once. */
export const IMPORT_OPTIONS = defineOptions('importDataset', {
  interactions: option.text().required({ doc: 'file or folder of interactions: CSV, TSV, JSON or Parquet' }),
  items: option.text().optional({ doc: 'file with one item per row; any of these formats' }),
  users: option.text().optional({ doc: 'file with one user per row; any of these formats' }),
  columns: option.value<InteractionRoles>('an object of columns', isObject).optional({
    doc: 'which columns are `user`, `item`, `rating`, `timestamp`, `request`; left out: guessed',
  }),
  itemColumns: option
    .value<EntityRoles>('an object of columns', isObject)
    .optional({ doc: 'which columns of `items` are `id`, `title`, `text`, `attributes`; left out: guessed' }),
  userColumns: option
    .value<Pick<EntityRoles, 'id' | 'attributes'>>('an object of columns', isObject)
    .optional({ doc: 'which columns of `users` are `id`, `attributes`; left out: guessed' }),
  folder: option.text().optional({ doc: 'where the data set is written; left out: nowhere' }),
  timestampUnit: option.choice(TIMESTAMP_UNITS)({ default: 'auto', doc: 'how times are written' }),
  delimiter: option.text().optional({ doc: 'between the fields of interactions; left out: detected' }),
  encoding: option.text().optional({ doc: "of all files, such as `'latin1'`; left out: UTF-8 or UTF-16" }),
  skip: option.list(option.choice(IMPORT_SKIPS))({
    default: [],
    doc: 'faults whose rows are left out and counted instead of refused; `repeated-id` of items and users',
  }),
  name: option.text().optional({ doc: 'name of the data set; left out: that of the interactions’ file' }),
  licence: option.text()({ default: 'unknown', doc: 'licence of the data' }),
  source: option.text().optional({ doc: 'where it comes from; left out: the files' }),
});

/** Options of {@link importDataset}. */
export type ImportOptions = OptionsOf<typeof IMPORT_OPTIONS.declarations> & LongCallOptions;

/** A column as its table names it: `'0'` is a position where there is no header line. */
export function columnIn(column: ColumnName, header: boolean | undefined): ColumnName {
  return header === false && typeof column === 'string' && /^\d+$/.test(column) ? Number(column) : column;
}
