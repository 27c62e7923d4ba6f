import {
  Catalog,
  checkOptions,
  createDataset,
  type Dataset,
  defineOptions,
  type LongCallOptions,
  type OptionsOf,
  option,
} from '@palate/core';
import { LONGEST_LINE } from '../files/read-lines.js';
import { LogBuilder } from './log-builder.js';
import { SKIP_CAUSES } from './row-faults.js';
import type { TableColumns, TableReading } from './table-columns.js';
import { TABLE_FORMAT, TABLE_QUOTING } from './table-format-options.js';
import { sniffFormat } from './table-parts.js';
import { readTableInto } from './table-reader.js';

/** Options of {@link loadTable}, each declared once. */
export const TABLE_OPTIONS = defineOptions('loadTable', {
  format: TABLE_FORMAT.format.optional({
    doc: 'left out: detected from the name and the first bytes; `jsonl` also reads JSON arrays and Python literals',
  }),
  delimiter: TABLE_FORMAT.delimiter.optional({
    doc: 'between the fields of a text table; comma for CSV, tab for TSV',
  }),
  ...TABLE_QUOTING,
  escape: option.text().optional({
    doc: 'what escapes a quote inside quotes: the quote itself, or `\\\\` as MySQL writes it',
  }),
  encoding: option.text().optional({
    doc: "a label such as `'latin1'`; left out: UTF-8, or UTF-16 by its byte-order mark",
  }),
  timestampUnit: TABLE_FORMAT.timestampUnit({
    default: 'auto',
    doc: 'how times are written; `auto` tells ISO 8601 (UTC where no zone is given) and s, ms, us, ns apart',
  }),
  skip: option.list(option.choice(SKIP_CAUSES))({
    default: [],
    doc: 'faults whose rows are left out and counted instead of refused',
  }),
  only: option
    .value<Readonly<Record<string, readonly (string | number | boolean)[]>>>(
      'an object of lists',
      (value) => typeof value === 'object' && value !== null && Object.values(value).every(Array.isArray),
    )
    .optional({ doc: 'rows whose column has one of the values; others are left out and counted' }),
  binaryIds: option.choice(['utf-8', 'hex'])({
    default: 'utf-8',
    doc: 'how binary columns of Parquet without a type are read',
  }),
  maxLineBytes: option.integer({ min: 1 })({ default: LONGEST_LINE, doc: 'longest line of a text table' }),
  maxSeconds: option
    .number({ min: 0 })
    .optional({ doc: 'time limit for a row group of Parquet; left out: 20 and 1 per MB of the file' }),
  maxMegabytes: option
    .number({ min: 1 })
    .optional({ doc: 'memory limit for reading Parquet; left out: 512 and 32 per MB of the file' }),
  name: option.text().optional({ doc: 'name of the data set; left out: the path' }),
  licence: option.text()({ default: 'unknown', doc: 'licence of the data' }),
  source: option.text().optional({ doc: 'where it comes from; left out: the path' }),
});

/** Options of {@link loadTable}. */
export type TableOptions = OptionsOf<typeof TABLE_OPTIONS.declarations> & LongCallOptions;

/**
 * Reads interactions from any CSV, TSV, JSON or Parquet file, or a folder of parts, with a column map.
 *
 * The result's `reading` says how the file was read and what was left out; `describeTable` shows it beforehand.
 *
 * @param columns - column names, or positions for a text table without a header line
 * @throws ParseError naming file, line and column of what is malformed
 * @throws InvalidInputError if a column of the map does not exist
 * @example
 * ```ts
 * const dataset = await loadTable('orders.csv', { user: 'customer', item: 'sku', timestamp: 'bought_at' });
 * ```
 */
export async function loadTable(
  path: string,
  columns: TableColumns,
  options: TableOptions = {},
): Promise<Dataset> {
  const settings = TABLE_OPTIONS.settings(options);
  checkOptions('the column map of loadTable', columns, ['user', 'item', 'rating', 'timestamp', 'request']);
  const builder = new LogBuilder({
    hasRating: columns.rating !== undefined,
    hasRequest: columns.request !== undefined,
    unit: columns.timestamp === undefined ? 'position' : settings.timestampUnit,
    skip: settings.skip,
    names: { ...columns },
  });
  const reading: TableReading = {
    ...settings,
    signal: options.signal,
    onProgress: options.onProgress,
    format: settings.format ?? (await sniffFormat(path, settings.encoding)),
  };
  await readTableInto(builder, path, columns, reading);
  const { log, reading: report } = builder.build(path);
  return createDataset({
    name: settings.name ?? path,
    log,
    catalog: new Catalog({ items: log.items, text: {} }),
    licence: settings.licence,
    source: settings.source ?? path,
    reading: report,
  });
}
