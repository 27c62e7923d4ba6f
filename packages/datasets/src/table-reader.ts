import { open, readdir, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { InvalidInputError, ParseError } from '@palate/core';
import { openBytes } from './byte-source.js';
import { type RecordFields, readRecords } from './delimited-records.js';
import { readRecordsOfObjects } from './json-lines.js';
import type { FieldColumns, InteractionValues, LogBuilder } from './log-builder.js';
import { TypedTime } from './log-builder.js';
import { type ParquetColumn, type ParquetOptions, readParquet } from './parquet.js';
import type { TextOptions } from './read-lines.js';
import type { RowPlace } from './row-place.js';

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

const NAMES = ['user', 'item', 'rating', 'timestamp', 'request'] as const;

/** The rule of {@link TableReading.only}, with values as text. */
function rulesOf(
  only: TableReading['only'],
): { column: string; values: ReadonlySet<string>; cause: string }[] {
  return Object.entries(only ?? {}).map(([column, values]) => ({
    column,
    values: new Set(values.map((value) => String(value).toLowerCase())),
    cause: `${column} not ${values.join(' or ')}`,
  }));
}

/**
 * Reads the interactions of one file, or of a folder of parts, into a builder.
 *
 * @throws ParseError naming file, line and column of what is malformed
 * @throws InvalidInputError if a column of the map does not exist
 */
export async function readTableInto(
  builder: LogBuilder,
  path: string,
  columns: TableColumns,
  reading: TableReading,
): Promise<void> {
  for (const part of await partsOf(path)) {
    builder.beginFile(part.path);
    if (reading.format === 'parquet') await readParquetInto(builder, part, columns, reading);
    else if (reading.format === 'jsonl') await readObjectsInto(builder, part, columns, reading);
    else await readFieldsInto(builder, part.path, columns, reading);
  }
}

/** A file of a table, with what the names of its folders say. */
interface Part {
  readonly path: string;
  /** Values of partition columns: `user=1/part-0.parquet`. */
  readonly partition: Readonly<Record<string, string | null>>;
}

/** The files of a table: itself, or the parts of a folder by name, as Spark, Hive, Dask and pandas write them. */
export async function partsOf(path: string): Promise<Part[]> {
  const stats = await stat(path).catch(() => undefined);
  if (!stats?.isDirectory()) return [{ path, partition: {} }];
  const parts: Part[] = [];
  const walk = async (folder: string): Promise<void> => {
    const entries = (await readdir(folder, { withFileTypes: true })).sort((a, b) =>
      a.name < b.name ? -1 : 1,
    );
    for (const entry of entries) {
      if (/^[._]/.test(entry.name)) continue;
      const full = join(folder, entry.name);
      if (entry.isDirectory()) await walk(full);
      else if (/\.(parquet|csv|tsv|jsonl|ndjson|json)(\.(gz|zst))?$/i.test(entry.name)) {
        const partition: Record<string, string | null> = {};
        for (const step of relative(path, full).split(sep).slice(0, -1)) {
          const match = /^([^=]+)=(.*)$/.exec(step);
          if (match?.[1] !== undefined) partition[decoded(match[1])] = partitionValue(match[2] ?? '');
        }
        parts.push({ path: full, partition });
      }
    }
  };
  await walk(path);
  const kinds = new Set(
    parts.map(({ path: part }) => /\.([a-z]+)(?:\.(?:gz|zst))?$/i.exec(part)?.[1]?.toLowerCase()),
  );
  if (parts.length === 0 || kinds.size > 1)
    throw new ParseError(
      { file: path, line: 1, column: 1 },
      {
        expected: 'a file, or a folder of parts of one kind (.parquet, .csv, .tsv, .jsonl)',
        received:
          parts.length === 0 ? 'a folder without one' : `a folder with ${[...kinds].join(', ')} files`,
        hint: 'Give the path of the file itself, or a folder that holds one table only.',
      },
    );
  return parts;
}

const partitionValue = (text: string): string | null =>
  text === '__HIVE_DEFAULT_PARTITION__' ? null : decoded(text);

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The format of a table by its first bytes and its name. */
export async function sniffFormat(path: string, encoding?: string): Promise<TableFormat> {
  const first = (await partsOf(path))[0]?.path ?? path;
  const name = first.toLowerCase().replace(/\.(gz|zst|zip)$/, '');
  if (name.endsWith('.parquet') || (await hasParquetMagic(first))) return 'parquet';
  if (/\.(jsonl|ndjson|json)$/.test(name)) return 'jsonl';
  if (/\.(tsv|tab|inter)$/.test(name)) return 'tsv';
  if (name.endsWith('.csv')) return 'csv';
  const text = (await peek(first, encoding)).trimStart();
  if (/^[{[]/.test(text)) return 'jsonl';
  return /^[^\n]*\t/.test(text) ? 'tsv' : 'csv';
}

async function hasParquetMagic(path: string): Promise<boolean> {
  const handle = await open(path, 'r').catch(() => undefined);
  if (!handle) return false;
  try {
    const magic = Buffer.alloc(4);
    await handle.read(magic, 0, 4, 0);
    return magic.toString('latin1') === 'PAR1';
  } finally {
    await handle.close();
  }
}

/** The beginning of a text file, unpacked. */
async function peek(path: string, encoding?: string): Promise<string> {
  const source = await openBytes(path, encoding);
  for await (const chunk of source.chunks) if (chunk.length > 0) return chunk.toString('utf8', 0, 1 << 16);
  return '';
}

/** Positions of the named columns in a header. */
function resolveColumns(path: string, columns: TableColumns, header: readonly string[]): FieldColumns {
  const find = (column: ColumnName): number => findColumn(path, column, header);
  return {
    user: find(columns.user),
    item: find(columns.item),
    ...(columns.rating === undefined ? {} : { rating: find(columns.rating) }),
    ...(columns.timestamp === undefined ? {} : { timestamp: find(columns.timestamp) }),
    ...(columns.request === undefined ? {} : { request: find(columns.request) }),
  };
}

function findColumn(path: string, column: ColumnName, header: readonly string[]): number {
  const index = typeof column === 'number' ? column : header.indexOf(column);
  const isTwice = typeof column === 'string' && header.indexOf(column, index + 1) >= 0 && index >= 0;
  if (Number.isInteger(index) && index >= 0 && index < header.length && !isTwice) return index;
  throw new InvalidInputError({
    expected: `columns of ${path} among ${header.join(', ')}`,
    received: isTwice ? `${JSON.stringify(column)}, which two columns are called` : JSON.stringify(column),
    hint: isTwice
      ? 'Name columns by position, with header: true.'
      : 'Correct the column map or the delimiter; a file without a header line takes positions.',
  });
}

async function readFieldsInto(
  builder: LogBuilder,
  path: string,
  columns: TableColumns,
  reading: TableReading,
): Promise<void> {
  const delimiter = reading.delimiter ?? (reading.format === 'tsv' ? '\t' : ',');
  const rules = rulesOf(reading.only);
  const hasHeader =
    reading.header ??
    (rules.length > 0 || Object.values(columns).some((column) => typeof column === 'string'));
  let positions: FieldColumns | undefined;
  let ruled: { column: number; values: ReadonlySet<string>; cause: string }[] = [];
  let widest = 0;
  let expected = 0;
  const begin = (header: readonly string[], file: string): void => {
    positions = resolveColumns(file, columns, header);
    ruled = rules.map((rule) => ({ ...rule, column: findColumn(file, rule.column, header) }));
    widest = Math.max(...Object.values(positions).map(Number), ...ruled.map(({ column }) => column));
  };
  const read = await readRecords(
    path,
    { delimiter, quote: reading.quote ?? (reading.format === 'tsv' ? false : '"'), escape: reading.escape },
    (fields: RecordFields) => {
      if (!positions) {
        expected = fields.count;
        if (hasHeader) {
          begin(
            Array.from({ length: fields.count }, (_, k) => fields.text(k)),
            path,
          );
          return;
        }
        widest = Math.max(...Object.values(columns).map(Number));
        // Names do not matter: only the positions are looked at.
        begin(
          Array.from({ length: Math.max(fields.count, widest + 1) }, (_, k) => String(k)),
          path,
        );
        if (fields.count <= widest) expected = 0;
      }
      if (fields.count !== expected || fields.count <= widest) {
        builder.fault('wrong-width', () => wrongWidth(fields, expected, widest, delimiter));
        return;
      }
      const broken = ruled.find(({ column, values }) => !values.has(fields.text(column).toLowerCase()));
      if (broken) builder.leaveOut(broken.cause);
      else builder.addFields(fields, positions as FieldColumns);
    },
    reading,
  );
  if (read.spanning > 0)
    builder.note(
      `${read.spanning} records of ${path} span several lines, the longest ${read.longest.lines} lines from line ${read.longest.line}`,
    );
}

function wrongWidth(fields: RecordFields, expected: number, widest: number, delimiter: string): ParseError {
  return new ParseError(
    { file: fields.file, line: fields.line, column: 1 },
    {
      expected: `${expected > 0 ? expected : `at least ${widest + 1}`} fields separated by ${JSON.stringify(delimiter)}`,
      received: String(fields.count),
      hint: 'Repair or remove the line, or pass the right delimiter.',
    },
  );
}

/** The value of a key, or of a path of keys, in an object. */
function valueAt(record: Readonly<Record<string, unknown>>, column: ColumnName): unknown {
  const name = String(column);
  if (Object.hasOwn(record, name)) return record[name];
  if (!name.includes('.')) return undefined;
  let value: unknown = record;
  for (const step of name.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
    value = (value as Record<string, unknown>)[step];
  }
  return value;
}

/**
 * Adds what one record holds: an interaction, or one for each element where `item` is a list. Lists beside it are of
 * the same length; what is no list holds for all.
 */
export function addRecord(builder: LogBuilder, values: InteractionValues, at: RowPlace): void {
  const { item } = values;
  if (!Array.isArray(item)) {
    builder.addValues(values, at);
    return;
  }
  for (const name of NAMES) {
    const value = values[name];
    if (!Array.isArray(value) || value.length === item.length) continue;
    builder.fault(
      'malformed',
      () =>
        new ParseError(
          { file: at.file, line: at.line, column: 1 },
          {
            expected: `${item.length} values in the list of ${name}, one for each item`,
            received: String(value.length),
            hint: 'Repair or remove the row.',
          },
        ),
    );
    return;
  }
  const element = (value: unknown, k: number): unknown => (Array.isArray(value) ? value[k] : value);
  for (let k = 0; k < item.length; k++)
    builder.addValues(
      {
        user: element(values.user, k),
        item: item[k],
        rating: element(values.rating, k),
        timestamp: element(values.timestamp, k),
        request: element(values.request, k),
      },
      at,
    );
}

async function readObjectsInto(
  builder: LogBuilder,
  part: Part,
  columns: TableColumns,
  reading: TableReading,
): Promise<void> {
  const rules = rulesOf(reading.only);
  const { path } = part;
  const { python } = await readRecordsOfObjects(
    path,
    (found, line) => {
      const record = { ...part.partition, ...found };
      const broken = rules.find(
        ({ column, values }) => !values.has(String(valueAt(record, column)).toLowerCase()),
      );
      if (broken) return builder.leaveOut(broken.cause);
      const at = { file: path, line };
      const get = (column: ColumnName | undefined): unknown =>
        column === undefined ? undefined : valueAt(record, column);
      addRecord(
        builder,
        {
          user: get(columns.user),
          item: get(columns.item),
          rating: get(columns.rating),
          timestamp: get(columns.timestamp),
          request: get(columns.request),
        },
        at,
      );
    },
    {
      ...reading,
      malformed: (error) => builder.fault('malformed', () => error),
    },
  );
  if (python > 0) builder.note(`${python} records of ${path} are Python literals, which were read as such`);
}

/** Where the values of one wanted column come from. */
interface ParquetSource {
  /** Top-level column; undefined for a partition column. */
  readonly top: string | undefined;
  readonly path: readonly string[];
  readonly isTime: boolean;
  readonly constant: unknown;
}

/** Finds a wanted column: by position, by name, as the field of a struct, or in the names of the folders. */
function findInParquet(part: Part, there: readonly ParquetColumn[], column: ColumnName): ParquetSource {
  const whole = typeof column === 'number' ? there[column] : there.find(({ name }) => name === column);
  if (whole) return { top: whole.name, path: [], isTime: whole.isTime, constant: undefined };
  const name = String(column);
  if (typeof column === 'string') {
    if (Object.hasOwn(part.partition, name))
      return { top: undefined, path: [], isTime: false, constant: part.partition[name] };
    const [first, ...path] = name.split('.');
    const struct = there.find((each) => each.name === first);
    if (struct && path.length > 0 && struct.fields.includes(path[0] as string))
      return { top: struct.name, path, isTime: struct.isTime, constant: undefined };
  }
  throw new InvalidInputError({
    expected: `columns of ${part.path} among ${[
      ...there.flatMap(({ name: each, fields }) =>
        fields.length === 0 ? [each] : fields.map((field) => `${each}.${field}`),
      ),
      ...Object.keys(part.partition),
    ].join(', ')}`,
    received: JSON.stringify(column),
    hint: 'Correct the column map; positions count the top-level columns.',
  });
}

async function readParquetInto(
  builder: LogBuilder,
  part: Part,
  columns: TableColumns,
  reading: TableReading,
): Promise<void> {
  const rules = rulesOf(reading.only);
  const sources: Partial<Record<(typeof NAMES)[number], ParquetSource>> = {};
  let ruleSources: ParquetSource[] = [];
  const valueIn = (
    source: ParquetSource | undefined,
    rows: Readonly<Record<string, ArrayLike<unknown>>>,
    k: number,
  ): unknown => {
    if (!source) return undefined;
    if (source.top === undefined) return source.constant;
    let value: unknown = rows[source.top]?.[k];
    for (const step of source.path) value = (value as Record<string, unknown> | null | undefined)?.[step];
    return value;
  };
  const typed = (value: unknown): unknown =>
    Array.isArray(value) ? value.map(typed) : typeof value === 'number' ? new TypedTime(value) : value;
  await readParquet(
    part.path,
    (there) => {
      for (const name of NAMES) {
        const column = columns[name];
        if (column !== undefined) sources[name] = findInParquet(part, there, column);
      }
      ruleSources = rules.map(({ column }) => findInParquet(part, there, column));
      return [
        ...new Set(
          [...Object.values(sources), ...ruleSources].flatMap(({ top }) => (top === undefined ? [] : [top])),
        ),
      ];
    },
    ({ from, count, columns: rows }) => {
      for (let k = 0; k < count; k++) {
        const broken = rules.find(
          ({ values }, r) => !values.has(String(valueIn(ruleSources[r], rows, k)).toLowerCase()),
        );
        if (broken) {
          builder.leaveOut(broken.cause);
          continue;
        }
        const time = valueIn(sources.timestamp, rows, k);
        addRecord(
          builder,
          {
            user: valueIn(sources.user, rows, k),
            item: valueIn(sources.item, rows, k),
            rating: valueIn(sources.rating, rows, k),
            timestamp: sources.timestamp?.isTime ? typed(time) : time,
            request: valueIn(sources.request, rows, k),
          },
          { file: part.path, line: from + k + 1 },
        );
      }
    },
    reading,
  );
}
