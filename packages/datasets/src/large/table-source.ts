import { InvalidInputError, ParseError } from '@palate/core';
import { compressionOf, inspect } from '../files/byte-source.js';
import type { ColumnName, TableColumns, TableFormat } from '../tables/table-columns.js';
import { partsOf, sniffFormat } from '../tables/table-parts.js';
import { sqlName, sqlText } from './duckdb-session.js';

/** How files are read. */
export interface SourceSettings {
  readonly format?: TableFormat | undefined;
  readonly delimiter?: string | undefined;
  readonly quote?: string | false | undefined;
  readonly header?: boolean | undefined;
}

/** Expressions of SQL for the columns of a log, over a table function that reads the files. */
export interface TableSource {
  /** The table function with its arguments. */
  readonly from: string;
  /** The same where it has to be told the names of all columns. */
  readonly fromNamed?: ((names: readonly string[]) => string) | undefined;
  readonly user: string;
  readonly item: string;
  /** A number, or null. */
  readonly rating?: string | undefined;
  /** A time as a number, as it stands there, or null. */
  readonly number?: string | undefined;
  /** A time as a text or as a time of DuckDB, in seconds since 1970, or null. */
  readonly time?: string | undefined;
}

const isAddress = (path: string): boolean => /^[a-z][a-z0-9+.-]*:\/\//i.test(path);
const isGlob = (path: string): boolean => /[*?[]/.test(path);

/** Tells how DuckDB reads a table, without reading it. */
export async function sourceOf(
  paths: readonly string[],
  columns: TableColumns,
  settings: SourceSettings,
): Promise<TableSource> {
  const files: string[] = [];
  const partition = new Set<string>();
  for (const path of paths) {
    if (isAddress(path) || isGlob(path)) files.push(path);
    else
      for (const part of await partsOf(path)) {
        files.push(part.path);
        for (const name of Object.keys(part.partition)) partition.add(name);
      }
  }
  const [first] = files;
  if (first === undefined)
    throw new InvalidInputError({
      expected: 'at least one path',
      received: 'none',
      hint: 'Name a file, a folder, a pattern or an address.',
    });
  const format =
    settings.format ?? (isAddress(first) || isGlob(first) ? byName(first) : await sniffFormat(first));
  const list = `[${files.map(sqlText).join(', ')}]`;
  const parts =
    partition.size > 0
      ? ', hive_partitioning = true, hive_types_autocast = false'
      : ', hive_partitioning = false';
  if (format === 'parquet') return parquetSource(`read_parquet(${list}${parts})`, columns);
  const { packed, isArray } = await textForm(files.filter((file) => !isAddress(file) && !isGlob(file)));
  const how = `${packed}${parts}`;
  if (format === 'jsonl') return jsonSource(list, how, isArray, columns);
  return textSource(list, how, partition, format, columns, settings);
}

/** How text files here are written, by their first bytes: DuckDB tells it by names alone. */
async function textForm(files: readonly string[]): Promise<{ packed: string; isArray: boolean }> {
  const kinds = new Set<string>();
  let isArray = false;
  for (const file of files) {
    const { head } = await inspect(file);
    const kind = compressionOf(head);
    const isWide = (head[0] === 0xff && head[1] === 0xfe) || (head[0] === 0xfe && head[1] === 0xff);
    if (kind === 'zip' || isWide)
      throw new ParseError(
        { file, line: 1, column: 1 },
        {
          expected: 'text in UTF-8, plain or compressed with gzip or zstd',
          received: isWide ? 'text in UTF-16' : 'a zip archive',
          hint: `${isWide ? 'Convert it (iconv -f utf-16 -t utf-8)' : 'Unpack it first'}, or read it with loadTable.`,
        },
      );
    kinds.add(kind);
    isArray ||= /^(?:\ufeff)?\s*\[/.test(head.toString('utf8'));
  }
  const [only] = kinds;
  return { packed: kinds.size === 1 && only !== 'none' ? `, compression = '${only}'` : '', isArray };
}

/** The format that a name tells. */
function byName(path: string): TableFormat {
  const name = path
    .toLowerCase()
    .replace(/[?#].*$/, '')
    .replace(/\.(gz|zst)$/, '');
  if (name.endsWith('.parquet')) return 'parquet';
  if (/\.(jsonl|ndjson|json)$/.test(name)) return 'jsonl';
  return /\.(tsv|tab|inter)$/.test(name) ? 'tsv' : 'csv';
}

function textSource(
  list: string,
  parts: string,
  partition: ReadonlySet<string>,
  format: TableFormat,
  columns: TableColumns,
  settings: SourceSettings,
): TableSource {
  const delimiter = settings.delimiter ?? (format === 'tsv' ? '\t' : ',');
  const quote = settings.quote ?? (format === 'tsv' ? false : '"');
  const header = settings.header ?? Object.values(columns).some((column) => typeof column === 'string');
  const marks =
    quote === false ? `quote = '', escape = ''` : `quote = ${sqlText(quote)}, escape = ${sqlText(quote)}`;
  const how = `all_varchar = true, header = ${header}, delim = ${sqlText(delimiter)}, ${marks}, nullstr = '', allow_quoted_nulls = true, comment = ''${parts}`;
  const at = (column: ColumnName): string =>
    typeof column === 'string' ? sqlName(column) : `columns_at_${column}`;
  return {
    // To learn the names a row that is too short does not matter; to read the rows it does.
    from: `read_csv(${list}, ${how}, ignore_errors = true, null_padding = true)`,
    fromNamed: (names) => {
      const own = names.filter((name) => !partition.has(name));
      return `read_csv(${list}, ${how}, auto_detect = false, columns = {${own.map((name) => `${sqlText(name)}: 'VARCHAR'`).join(', ')}})`;
    },
    user: idIn(at(columns.user)),
    item: idIn(at(columns.item)),
    ...(columns.rating === undefined ? {} : { rating: numberIn(at(columns.rating)) }),
    ...(columns.timestamp === undefined
      ? {}
      : { number: `try_cast(${at(columns.timestamp)} as double)`, time: timeIn(at(columns.timestamp)) }),
  };
}

/** Characters that JavaScript trims: blanks of any script and byte-order marks, which are not part of an id. */
const BLANKS = sqlText(
  '\t\n\v\f\r \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000\ufeff',
);

/** An id in a text, or null. */
const idIn = (text: string): string => `nullif(trim(${text}, ${BLANKS}), '')`;

/**
 * A floating-point number, given as text, as an id: without a fraction of zero, as JavaScript writes it; null for what is
 * not finite, or so large that it stands for several whole numbers.
 */
const wholeOrText = (text: string): string =>
  `(case when not isfinite(try_cast(${text} as double)) or abs(try_cast(${text} as double)) >= 9007199254740992 then null
     when try_cast(${text} as double) = floor(try_cast(${text} as double)) then cast(try_cast(${text} as double)::bigint as varchar)
     else ${text} end)`;

/** A number in a text; true and false are 1 and 0, as everywhere. */
const numberIn = (text: string): string =>
  `coalesce(try_cast(${text} as double), case lower(trim(${text})) when 'true' then 1.0 when 'false' then 0.0 end)`;

const timeIn = (value: string): string => `epoch(try_cast(${value} as timestamptz))`;

/** An id in a value of JSON, or null where it is no text or number, or a number that stands for several. */
const jsonIdIn = (value: string): string =>
  idIn(
    `case when json_type(${value}) in ('VARCHAR', 'BIGINT', 'UBIGINT', 'HUGEINT', 'UHUGEINT') then ${value} ->> '$'
     when json_type(${value}) = 'DOUBLE' then ${wholeOrText(`${value} ->> '$'`)} end`,
  );

function jsonSource(list: string, parts: string, isArray: boolean, columns: TableColumns): TableSource {
  const roots = new Set<string>();
  const json = (column: ColumnName): string => {
    const [root = '', ...path] = String(column).split('.');
    roots.add(root);
    return path.length === 0
      ? sqlName(root)
      : `(${sqlName(root)} -> ${sqlText(`$${path.map((step) => `."${step}"`).join('')}`)})`;
  };
  const text = (column: ColumnName): string => `(${json(column)} ->> '$')`;
  const user = jsonIdIn(json(columns.user));
  const item = jsonIdIn(json(columns.item));
  const rating = columns.rating === undefined ? undefined : numberIn(text(columns.rating));
  const timestamp = columns.timestamp === undefined ? undefined : text(columns.timestamp);
  const types = `{${[...roots].map((root) => `${sqlText(root)}: 'JSON'`).join(', ')}}`;
  return {
    from: `read_json(${list}, format = '${isArray ? 'array' : 'newline_delimited'}', columns = ${types}${parts})`,
    user,
    item,
    ...(rating === undefined ? {} : { rating }),
    ...(timestamp === undefined
      ? {}
      : { number: `try_cast(${timestamp} as double)`, time: timeIn(timestamp) }),
  };
}

function parquetSource(from: string, columns: TableColumns): TableSource {
  const at = (column: ColumnName): string =>
    typeof column === 'string' ? column.split('.').map(sqlName).join('.') : `columns_at_${column}`;
  // What is no single value (a list, a struct) or neither text nor number is no id.
  const id = (value: string): string =>
    idIn(
      `case when typeof(${value}) in ('DOUBLE', 'FLOAT') then ${wholeOrText(`cast(${value} as varchar)`)}
       when typeof(${value}) = 'BOOLEAN' or regexp_matches(typeof(${value}), '[])]$') and not starts_with(typeof(${value}), 'DECIMAL')
         and not starts_with(typeof(${value}), 'ENUM') then null
       else cast(${value} as varchar) end`,
    );
  return {
    from,
    user: id(at(columns.user)),
    item: id(at(columns.item)),
    ...(columns.rating === undefined ? {} : { rating: numberIn(`cast(${at(columns.rating)} as varchar)`) }),
    ...(columns.timestamp === undefined
      ? {}
      : {
          number: `try_cast(cast(${at(columns.timestamp)} as varchar) as double)`,
          time: timeIn(`cast(${at(columns.timestamp)} as varchar)`),
        }),
  };
}
