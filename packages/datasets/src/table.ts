import { open } from 'node:fs/promises';
import {
  Catalog,
  checkOptions,
  createDataset,
  type Dataset,
  type InteractionLog,
  InvalidInputError,
  LONG_CALL_OPTIONS,
  type LongCallOptions,
  ParseError,
  throwIfCancelled,
} from '@palate/core';
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from 'hyparquet';
import { type DelimitedColumns, readDelimited } from './delimited.js';
import { missingField, readJsonLines } from './json-lines.js';
import { LogBuilder, type TimestampUnit } from './log-builder.js';
import { readLines } from './read-lines.js';

/** Names of the columns (or keys) of a table; for files without a header, positions counted from 0. */
export interface TableColumns {
  readonly user: string | number;
  readonly item: string | number;
  readonly rating?: string | number;
  readonly timestamp?: string | number;
}

/** Options of {@link loadTable}. */
export interface TableOptions extends LongCallOptions {
  /** Default: told by the file's name and first bytes. */
  readonly format?: 'csv' | 'tsv' | 'jsonl' | 'parquet';
  /** Between the fields of a text table. Default: comma for CSV, tab for TSV. */
  readonly delimiter?: string;
  /** How times are written. Default `'seconds'`. Without a timestamp column, row order is the time. */
  readonly timestampUnit?: Exclude<TimestampUnit, 'position'>;
  readonly name?: string;
  readonly licence?: string;
  readonly source?: string;
}

/**
 * Reads interactions from any CSV, TSV, JSON lines or Parquet file with a column map.
 *
 * @param columns - column names, or positions for a text table without a header line
 * @throws ParseError naming file, line and column of what is malformed
 * @throws InvalidInputError if a column of the map does not exist
 * @example
 * ```ts
 * const dataset = await loadTable('orders.csv', { user: 'customer', item: 'sku', timestamp: 'bought_at' }, { timestampUnit: 'iso' });
 * ```
 */
export async function loadTable(
  path: string,
  columns: TableColumns,
  options: TableOptions = {},
): Promise<Dataset> {
  checkOptions('loadTable', options, [
    ...LONG_CALL_OPTIONS,
    'format',
    'delimiter',
    'timestampUnit',
    'name',
    'licence',
    'source',
  ]);
  checkOptions('the column map of loadTable', columns, ['user', 'item', 'rating', 'timestamp']);
  const format = options.format ?? (await sniffFormat(path));
  const unit: TimestampUnit =
    columns.timestamp === undefined ? 'position' : (options.timestampUnit ?? 'seconds');
  let log: InteractionLog;
  if (format === 'parquet') log = await readParquet(path, columns, unit, options);
  else if (format === 'jsonl') log = await readJsonTable(path, columns, unit, options);
  else {
    const positions = Object.values(columns).every((column) => typeof column === 'number');
    log = await readDelimited(
      path,
      {
        delimiter: options.delimiter ?? (format === 'tsv' ? '\t' : ','),
        columns: positions
          ? (columns as DelimitedColumns)
          : (header) => resolveColumns(path, columns, header),
        header: !positions,
        timestampUnit: unit,
      },
      options,
    );
  }
  return createDataset({
    name: options.name ?? path,
    log,
    catalog: new Catalog({ items: log.items, text: {} }),
    licence: options.licence ?? 'unknown',
    source: options.source ?? path,
  });
}

function resolveColumns(path: string, columns: TableColumns, header: readonly string[]): DelimitedColumns {
  const find = (column: string | number): number => {
    const index = typeof column === 'number' ? column : header.indexOf(column);
    if (index >= 0 && index < header.length) return index;
    throw new InvalidInputError({
      expected: `columns of ${path} among ${header.join(', ')}`,
      received: JSON.stringify(column),
      hint: 'Correct the column map; a file without a header line takes positions.',
    });
  };
  return {
    user: find(columns.user),
    item: find(columns.item),
    ...(columns.rating === undefined ? {} : { rating: find(columns.rating) }),
    ...(columns.timestamp === undefined ? {} : { timestamp: find(columns.timestamp) }),
  };
}

async function sniffFormat(path: string): Promise<'csv' | 'tsv' | 'jsonl' | 'parquet'> {
  const magic = Buffer.alloc(4);
  const handle = await open(path, 'r').catch(() => undefined);
  try {
    await handle?.read(magic, 0, 4, 0);
  } finally {
    await handle?.close();
  }
  if (magic.toString('latin1') === 'PAR1') return 'parquet';
  const name = path.toLowerCase().replace(/\.gz$/, '');
  if (name.endsWith('.parquet')) return 'parquet';
  if (/\.(jsonl|ndjson)$/.test(name)) return 'jsonl';
  if (/\.(tsv|tab)$/.test(name)) return 'tsv';
  if (name.endsWith('.csv')) return 'csv';
  let first = '';
  const stop = new AbortController();
  await readLines(
    path,
    (bytes, start, end) => {
      if (first !== '') return;
      first = bytes.toString('utf8', start, end);
      stop.abort();
    },
    { signal: stop.signal },
  ).catch((error: unknown) => {
    if (!stop.signal.aborted) throw error;
  });
  return first.trimStart().startsWith('{') ? 'jsonl' : first.includes('\t') ? 'tsv' : 'csv';
}

/** Reads one value of a keyed record into the builder; shared by JSON lines and Parquet. */
function recordReader(path: string, columns: TableColumns, unit: TimestampUnit, builder: LogBuilder) {
  const positions = new Map<number, number>();
  const idOf = (record: Readonly<Record<string, unknown>>, key: string | number, line: number): string => {
    const value = record[key];
    if ((typeof value === 'string' && value !== '') || typeof value === 'number' || typeof value === 'bigint')
      return String(value);
    throw missingField(path, line, String(key), value);
  };
  const numberOf = (
    record: Readonly<Record<string, unknown>>,
    key: string | number,
    line: number,
  ): number => {
    const value = record[key];
    const number =
      typeof value === 'string' && value.trim() !== ''
        ? Number(value)
        : typeof value === 'bigint'
          ? Number(value)
          : value;
    if (typeof number === 'number' && Number.isFinite(number)) return number;
    throw missingField(path, line, String(key), value);
  };
  return (record: Readonly<Record<string, unknown>>, line: number): void => {
    const user = builder.userFromText(idOf(record, columns.user, line));
    const item = builder.itemFromText(idOf(record, columns.item, line));
    const rating = columns.rating === undefined ? 0 : numberOf(record, columns.rating, line);
    let time: number;
    if (columns.timestamp === undefined) {
      time = positions.get(user) ?? 0;
      positions.set(user, time + 1);
    } else {
      const value = record[columns.timestamp];
      if (value instanceof Date) time = value.getTime() / (unit === 'milliseconds' ? 1 : 1000);
      else if (unit === 'iso') time = typeof value === 'string' ? Date.parse(value) / 1000 : Number.NaN;
      else time = numberOf(record, columns.timestamp, line);
      if (!Number.isFinite(time)) throw missingField(path, line, String(columns.timestamp), value);
      time = builder.checkTime(time, () => ({ file: path, line, column: 1 }));
    }
    builder.push(user, item, rating, time);
  };
}

async function readJsonTable(
  path: string,
  columns: TableColumns,
  unit: TimestampUnit,
  options: LongCallOptions,
): Promise<InteractionLog> {
  const builder = new LogBuilder({ hasRating: columns.rating !== undefined, unit });
  await readJsonLines(path, recordReader(path, columns, unit, builder), options);
  return builder.build();
}

async function readParquet(
  path: string,
  columns: TableColumns,
  unit: TimestampUnit,
  options: LongCallOptions,
): Promise<InteractionLog> {
  const what = `reading ${path}`;
  const damaged = (cause: unknown): ParseError =>
    new ParseError(
      { file: path, line: 1, column: 1 },
      {
        expected: 'a complete Parquet file',
        received: (cause as Error).message,
        hint: 'Copy or write the file again.',
        cause,
      },
    );
  const file = await asyncBufferFromFile(path).catch((cause: unknown) => {
    throw damaged(cause);
  });
  const metadata = await parquetMetadataAsync(file).catch((cause: unknown) => {
    throw damaged(cause);
  });
  const names = metadata.schema.slice(1).map((element) => element.name);
  resolveColumns(path, columns, names);
  const wanted = Object.values(columns).map((column) =>
    typeof column === 'number' ? (names[column] as string) : (column as string),
  );
  const named = (column: string | number): string =>
    typeof column === 'number' ? (names[column] as string) : column;
  const builder = new LogBuilder({ hasRating: columns.rating !== undefined, unit });
  const take = recordReader(
    path,
    {
      user: named(columns.user),
      item: named(columns.item),
      ...(columns.rating === undefined ? {} : { rating: named(columns.rating) }),
      ...(columns.timestamp === undefined ? {} : { timestamp: named(columns.timestamp) }),
    },
    unit,
    builder,
  );
  const total = Number(metadata.num_rows);
  // Row group by row group: what is held as objects stays bounded.
  let from = 0;
  for (const group of metadata.row_groups) {
    throwIfCancelled(options.signal, what);
    const to = from + Number(group.num_rows);
    const rows = await parquetReadObjects({
      file,
      metadata,
      columns: wanted,
      rowStart: from,
      rowEnd: to,
    }).catch((cause: unknown) => {
      throw damaged(cause);
    });
    for (const [k, row] of rows.entries()) take(row, from + k + 1);
    from = to;
    options.onProgress?.({ phase: what, done: from, total });
  }
  if (builder.length === 0)
    throw new ParseError(
      { file: path, line: 1, column: 1 },
      { expected: 'at least one row', received: 'none', hint: 'Check that the file was written completely.' },
    );
  return builder.build();
}
