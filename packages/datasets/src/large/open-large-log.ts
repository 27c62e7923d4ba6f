import { availableParallelism } from 'node:os';
import {
  checkOptions,
  defineOptions,
  InvalidInputError,
  type LongCallOptions,
  type OptionsOf,
  option,
  ParseError,
} from '@palate/core';
import { type ColumnName, findColumn, type TableColumns } from '../tables/table-columns.js';
import { TABLE_FORMAT, TABLE_QUOTING } from '../tables/table-format-options.js';
import { type TIMESTAMP_UNITS, TimeReader } from '../tables/times.js';
import { DuckDbSession, sqlName } from './duckdb-session.js';
import { LargeLog } from './large-log.js';
import { sourceOf, type TableSource } from './table-source.js';

/** Options of {@link openLargeLog}. */
export const LARGE_LOG = defineOptions('openLargeLog', {
  format: TABLE_FORMAT.format.optional({
    doc: 'left out: detected from the name and, for local files, the first bytes',
  }),
  delimiter: TABLE_FORMAT.delimiter.optional({
    doc: 'between the fields of a text table, up to four bytes; comma for CSV, tab for TSV',
  }),
  ...TABLE_QUOTING,
  timestampUnit: TABLE_FORMAT.timestampUnit({
    default: 'auto',
    doc: 'how times are written; `auto` tells dates and s, ms, us, ns apart. Not `yyyymmdd`, `day-first`, `month-first`',
  }),
  megabytes: option.number({ min: 64 })({
    default: 1024,
    doc: 'memory of DuckDB; the rest goes to disk',
  }),
  threads: option.integer({ min: 1 })({
    default: () => availableParallelism(),
    doc: 'threads of DuckDB; left out: those of the machine',
  }),
  folder: option.text().optional({
    doc: 'folder for temporary files; needs about twice the size of the data. Left out: that of the system',
  }),
});

/** Options of {@link openLargeLog}. */
export type LargeLogOptions = OptionsOf<typeof LARGE_LOG.declarations> & LongCallOptions;

/**
 * Reads interactions that need not fit into memory into tables of DuckDB (`npm install @duckdb/node-api`): CSV, TSV, JSON lines
 * and Parquet; files, folders of parts, patterns (`ratings-*.csv`), and addresses (`https://`, `s3://`) where DuckDB can load
 * its extension for them. Every row has to be an interaction: one that is not is an error.
 *
 * @param paths - one, or several that are read one after the other
 * @param columns - names of the columns, or positions; no column of requests
 * @throws MissingDependencyError if DuckDB is not installed
 * @throws ParseError naming what is malformed
 * @throws InvalidInputError if a column of the map does not exist
 * @example
 * ```ts
 * await using log = await openLargeLog('orders.csv', { user: 'customer', item: 'sku', timestamp: 'day' });
 * const core = await log.kCore({ users: 1, items: 2 });
 * await core.write('core.parquet');
 * console.log(core.length); // 2
 * ```
 */
export async function openLargeLog(
  paths: string | readonly string[],
  columns: Omit<TableColumns, 'request'>,
  options: LargeLogOptions = {},
): Promise<LargeLog> {
  const settings = LARGE_LOG.settings(options);
  checkOptions('the column map of openLargeLog', columns, ['user', 'item', 'rating', 'timestamp']);
  if (['yyyymmdd', 'day-first', 'month-first'].includes(settings.timestampUnit))
    throw new InvalidInputError({
      expected: 'times as numbers or in ISO 8601',
      received: `timestampUnit ${settings.timestampUnit}`,
      hint: 'Read it with loadTable, or write the times in another way.',
    });
  const { signal } = options;
  const list = typeof paths === 'string' ? [paths] : paths;
  const source = await sourceOf(list, columns, settings);
  const session = await DuckDbSession.open(settings);
  try {
    return await read(
      session,
      list.join(', '),
      await withNames(session, source, columns, list),
      settings.timestampUnit,
      signal,
    );
  } catch (error) {
    await session.close();
    throw error;
  }
}

/** Types of DuckDB whose values are compared as they are: only the distinct ones are written as texts. */
const WHOLE: ReadonlySet<unknown> = new Set(
  ['TINYINT', 'SMALLINT', 'INTEGER', 'BIGINT', 'HUGEINT'].flatMap((type) => [type, `U${type}`]),
);

/** The source with the names of its columns, each of which has to be there. */
async function withNames(
  session: DuckDbSession,
  source: TableSource,
  columns: Omit<TableColumns, 'request'>,
  paths: readonly string[],
): Promise<TableSource> {
  if (source.from.startsWith('read_json')) return source;
  const described = await session.rows(`describe select * from ${source.from}`);
  const names = described.map(([name]) => String(name));
  const whole = new Set(
    described.flatMap(([name, type]) => (WHOLE.has(type) ? [sqlName(String(name))] : [])),
  );
  const trimmed = names.map((name) => name.trim());
  const renamed = new Map<string, string>();
  for (const column of Object.values(columns)) {
    if (
      column === undefined ||
      (typeof column === 'string' && column.includes('.') && !trimmed.includes(column))
    )
      continue;
    const name = sqlName(names[findColumn(paths.join(', '), column, trimmed)] as string);
    renamed.set(typeof column === 'number' ? `columns_at_${column}` : sqlName(column), name);
  }
  const named = (sql: string | undefined): string | undefined =>
    sql?.replace(/columns_at_\d+|"(?:[^"]|"")*"/g, (found) => renamed.get(found) ?? found);
  const id = (sql: string, column: ColumnName): string => {
    const name = renamed.get(typeof column === 'number' ? `columns_at_${column}` : sqlName(column));
    return name !== undefined && whole.has(name) ? name : (named(sql) as string);
  };
  return {
    from: source.fromNamed?.(names) ?? source.from,
    user: id(source.user, columns.user),
    item: id(source.item, columns.item),
    rating: named(source.rating),
    number: named(source.number),
    time: named(source.time),
  };
}

/** Reads the files into tables. */
async function read(
  session: DuckDbSession,
  path: string,
  { from, user, item, rating, number, time }: TableSource,
  unit: (typeof TIMESTAMP_UNITS)[number],
  signal: AbortSignal | undefined,
): Promise<LargeLog> {
  const asNumber = number === undefined || unit === 'iso' ? 'null::double' : number;
  const asTime = time === undefined || (unit !== 'iso' && unit !== 'auto') ? 'null::double' : time;
  await session.run(
    `create table raw as select ${user} as user_id, ${item} as item_id, ${rating ?? 'null::double'} as rating,
       ${asNumber} as number, case when ${asNumber} is null then ${asTime} end as time from ${from}`,
    signal,
  );
  const faults: readonly (readonly [string, string, string])[] = [
    ['user_id is null', 'a user id (a text, or a number to its last digit)', 'none'],
    ['item_id is null', 'an item id (a text, or a number to its last digit)', 'none'],
    ...(rating === undefined
      ? []
      : [
          [
            'try_cast(rating as float) is null or not isfinite(try_cast(rating as float))',
            'a rating (a number that 32 bits can hold)',
            'no rating',
          ] as const,
        ]),
    ...(time === undefined
      ? []
      : [
          [
            '(number is null and time is null) or not isfinite(number)',
            'a time',
            'no time that can be read',
          ] as const,
        ]),
  ];
  const [[count, ...bad] = []] = await session.rows(
    `select count(*), ${faults.map(([condition]) => `min(rowid) filter (${condition})`).join(', ')} from raw`,
    signal,
  );
  const length = Number(count);
  if (length === 0)
    throw new ParseError(
      { file: path, line: 1, column: 1 },
      {
        expected: 'at least one interaction',
        received: 'none',
        hint: 'Check that the file was written completely.',
      },
    );
  for (const [k, [, expected, received]] of faults.entries())
    if (bad[k] !== null && bad[k] !== undefined)
      throw new ParseError(
        { file: path, line: Number(bad[k]) + 1, column: 1 },
        {
          expected: `${expected} in every row`,
          received: `${received} in row ${Number(bad[k]) + 1} of the data, and perhaps in later ones`,
          hint: 'Repair the row, or read with loadTable, which can leave such rows out and reads lists in a row.',
        },
      );
  const at = time === undefined ? undefined : await timeOf(session, path, unit, signal);
  // Numbers by the first row that names each.
  for (const of of ['user', 'item'])
    await session.run(
      `create table ${of}_keys as select (row_number() over (order by first) - 1)::integer as number, key
         from (select ${of}_id as key, min(rowid) as first from raw group by ${of}_id);
       create view ${of}s as select number, key::varchar as id from ${of}_keys`,
      signal,
    );
  const rows = session.newName();
  await session.run(
    `create table ${rows} as select raw.rowid as place, users.number as user_number, items.number as item_number,
       ${at ?? '0::double'} as moment${rating === undefined ? '' : ', rating::float as rating'}
       from raw join user_keys as users on users.key = raw.user_id join item_keys as items on items.key = raw.item_id`,
    signal,
  );
  await session.run('drop table raw');
  const table = { rows, length, hasRating: rating !== undefined, timeUnit: 'seconds' as const };
  if (at !== undefined) return new LargeLog(session, table);
  // The order of a user's rows stands in for times.
  const placed = session.newName();
  await session.run(
    `create table ${placed} as select * replace (
         (row_number() over (partition by user_number order by place) - 1)::double as moment) from ${rows}`,
    signal,
  );
  await session.run(`drop table ${rows}`);
  return new LargeLog(session, { ...table, rows: placed, timeUnit: 'position' });
}

/** Seconds since 1970 as an expression over the table as it was read, by the rules that every reader has for units. */
async function timeOf(
  session: DuckDbSession,
  path: string,
  unit: (typeof TIMESTAMP_UNITS)[number],
  signal: AbortSignal | undefined,
): Promise<string> {
  const [[least, most, numbers, times] = []] = await session.rows(
    'select min(number), max(number), count(number), count(time) from raw',
    signal,
  );
  if (Number(numbers) > 0 && Number(times) > 0)
    throw new ParseError(
      { file: path, line: 1, column: 1 },
      {
        expected: 'times that are all numbers, or all dates',
        received: `${numbers} numbers and ${times} dates`,
        hint: 'Write them all in the same form, or pass timestampUnit.',
      },
    );
  if (Number(times) > 0) return 'raw.time';
  const reader = new TimeReader(unit);
  // Times between the ends are valid if both ends are: an end outside of the range of times is refused.
  const ends = Float64Array.of(Number(least), Number(most)).map((value) =>
    reader.number(value, { file: path, line: 1 }),
  );
  reader.finish(ends);
  const per = { seconds: 1, milliseconds: 1e3, microseconds: 1e6, nanoseconds: 1e9 } as Readonly<
    Record<string, number>
  >;
  return reader.unit === 'days' ? 'raw.number * 86400' : `raw.number / ${per[reader.unit] ?? 1}`;
}
