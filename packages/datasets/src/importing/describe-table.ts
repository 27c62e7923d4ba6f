import { stat } from 'node:fs/promises';
import { defineOptions, type LongCallOptions, type OptionsOf, option } from '@palate/core';
import { readRecords } from '../files/delimited-records.js';
import { readRecordsOfObjects } from '../files/json-lines.js';
import { ENOUGH } from '../files/read-lines.js';
import { parseDecimal, saysMissing } from '../tables/field-values.js';
import { readParquet } from '../tables/parquet.js';
import type { TableColumns, TableFormat } from '../tables/table-columns.js';
import { partsOf, sniffFormat } from '../tables/table-parts.js';
import { parsePlainDate, type TimestampUnit } from '../tables/times.js';
import type { ColumnDescription, ColumnType } from './column-description.js';
import { guessColumns, guessUnit } from './guess-columns.js';

/** Options of {@link describeTable}, each declared once. */
export const DESCRIBE_OPTIONS = defineOptions('describeTable', {
  format: option
    .choice(['csv', 'tsv', 'jsonl', 'parquet'])
    .optional({ doc: 'left out: detected as by loadTable' }),
  delimiter: option.text().optional({ doc: 'between the fields; left out: the likeliest in the first line' }),
  quote: option
    .value<string | false>('one character or false', (value) => value === false || typeof value === 'string')
    .optional({ doc: 'as in loadTable' }),
  encoding: option.text().optional({ doc: 'as in loadTable' }),
  rows: option.integer({ min: 1, max: 1_000_000 })({ default: 1000, doc: 'how many rows are looked at' }),
});

/** Options of {@link describeTable}. */
export type DescribeOptions = OptionsOf<typeof DESCRIBE_OPTIONS.declarations> & LongCallOptions;

/** Understanding of a table, before anything is fitted. */
export interface TableDescription {
  /** The file that was looked at: the first part of a folder. */
  readonly file: string;
  readonly parts: number;
  readonly bytes: number;
  readonly format: TableFormat;
  /** Left out for formats without one. */
  readonly delimiter?: string | undefined;
  /** Left out for formats without one. */
  readonly header?: boolean | undefined;
  /** Rows that were looked at. */
  readonly rows: number;
  /** Whether these are all. */
  readonly isWhole: boolean;
  readonly columns: readonly ColumnDescription[];
  /** Guess from the names and values of the columns: for a person to confirm, and to pass to loadTable. */
  readonly guess: {
    readonly columns: Partial<TableColumns>;
    readonly timestampUnit?: TimestampUnit | undefined;
  };
}

/** Collects what the values of one column are. */
class ColumnStudy {
  readonly name: string | number;
  readonly #kinds = new Set<ColumnType>();
  readonly #distinct = new Set<string>();
  #missing = 0;
  #least = Number.POSITIVE_INFINITY;
  #greatest = Number.NEGATIVE_INFINITY;

  constructor(name: string | number) {
    this.name = name;
  }

  add(value: unknown): void {
    if (value === undefined || value === null || (typeof value === 'string' && saysMissing(value.trim()))) {
      this.#missing++;
      return;
    }
    this.#kinds.add(this.#kindOf(value));
    const shown =
      typeof value === 'object'
        ? JSON.stringify(value, (_, each) => (typeof each === 'bigint' ? String(each) : each))
        : String(value);
    this.#distinct.add(shown);
  }

  #kindOf(value: unknown): ColumnType {
    if (Array.isArray(value)) return 'list';
    if (typeof value === 'object') return 'object';
    if (typeof value === 'boolean' || /^(true|false)$/i.test(String(value))) return 'boolean';
    const number = typeof value === 'string' ? parseDecimal(value) : Number(value);
    if (Number.isFinite(number)) {
      this.#least = Math.min(this.#least, number);
      this.#greatest = Math.max(this.#greatest, number);
      return Number.isInteger(number) ? 'integer' : 'number';
    }
    return Number.isNaN(parsePlainDate(String(value))) ? 'text' : 'time';
  }

  done(): ColumnDescription {
    const kinds = [...this.#kinds];
    const isNumeric = kinds.length > 0 && kinds.every((kind) => kind === 'integer' || kind === 'number');
    const [only] = kinds;
    return {
      name: this.name,
      type: only === undefined ? 'empty' : kinds.length === 1 ? only : isNumeric ? 'number' : 'mixed',
      missing: this.#missing,
      distinct: this.#distinct.size,
      examples: [...this.#distinct].slice(0, 3).map((value) => value.slice(0, 40)),
      range: isNumeric ? ([this.#least, this.#greatest] as const) : undefined,
    };
  }
}

/**
 * Tells what a file is understood as, from its first rows: format, delimiter, columns with types, ranges and examples,
 * and a guess of the column map. Nothing is loaded.
 *
 * @throws ParseError as loadTable for a file that is damaged within these rows
 * @example
 * ```ts
 * const { guess } = await describeTable('orders.csv');
 * const dataset = await loadTable('orders.csv', { user: 'customer', item: 'sku', ...guess.columns });
 * ```
 */
export async function describeTable(path: string, options: DescribeOptions = {}): Promise<TableDescription> {
  const settings = DESCRIBE_OPTIONS.settings(options);
  const format = settings.format ?? (await sniffFormat(path, settings.encoding));
  const parts = await partsOf(path);
  const file = parts[0]?.path ?? path;
  const studies = new Map<string | number, ColumnStudy>();
  let rows = 0;
  let isWhole = true;
  const add = (name: string | number, value: unknown): void => {
    const study = studies.get(name) ?? new ColumnStudy(name);
    studies.set(name, study);
    study.add(value);
  };
  const isEnough = (): boolean => {
    if (rows < settings.rows) return false;
    isWhole = false;
    return true;
  };
  const reading = { signal: options.signal, encoding: settings.encoding };
  let delimiter: string | undefined;
  let header: boolean | undefined;
  if (format === 'parquet') {
    try {
      await readParquet(
        file,
        (columns) => columns.map(({ name }) => name),
        ({ count, columns }) => {
          for (let k = 0; k < count; k++) {
            if (isEnough()) throw ENOUGH;
            rows++;
            for (const [name, values] of Object.entries(columns)) add(name, values[k]);
          }
        },
        reading,
      );
    } catch (error) {
      if (error !== ENOUGH) throw error;
    }
  } else if (format === 'jsonl') {
    await readRecordsOfObjects(
      file,
      (record) => {
        if (isEnough()) throw ENOUGH;
        rows++;
        for (const [name, value] of Object.entries(record)) add(name, value);
      },
      reading,
    );
  } else {
    const layout = {
      delimiter: settings.delimiter ?? (await likeliestDelimiter(file, format, reading)),
      quote: settings.quote ?? (format === 'tsv' ? (false as const) : '"'),
    };
    delimiter = layout.delimiter;
    let names: (string | number)[] | undefined;
    await readRecords(
      file,
      layout,
      (fields) => {
        const texts = Array.from({ length: fields.count }, (_, k) => fields.text(k));
        if (!names) {
          // A line with a number, or an empty field, is no header; the first name is empty where pandas wrote its index.
          header = texts.every(
            (text, k) => (text !== '' || (k === 0 && texts.length > 1)) && Number.isNaN(parseDecimal(text)),
          );
          names = header ? texts : texts.map((_, k) => k);
          if (header) return;
        }
        if (isEnough()) throw ENOUGH;
        rows++;
        for (const [k, text] of texts.entries()) add(names[k] ?? k, text);
      },
      reading,
    );
    if (header)
      for (const name of names ?? []) if (!studies.has(name)) studies.set(name, new ColumnStudy(name));
  }
  for (const name of Object.keys(parts[0]?.partition ?? {})) add(name, parts[0]?.partition[name]);
  const columns = [...studies.values()].map((study) => study.done());
  return {
    file,
    parts: parts.length,
    bytes: (await stat(file)).size,
    format,
    delimiter,
    header,
    rows,
    isWhole,
    columns,
    guess: guessOf(columns),
  };
}

function guessOf(columns: readonly ColumnDescription[]): TableDescription['guess'] {
  const guess = guessColumns(columns);
  const unit = guessUnit(columns.find(({ name }) => name === guess.timestamp));
  return { columns: guess, timestampUnit: unit };
}

async function likeliestDelimiter(
  path: string,
  format: 'csv' | 'tsv',
  reading: { readonly signal: AbortSignal | undefined; readonly encoding: string | undefined },
): Promise<string> {
  if (format === 'tsv') return '\t';
  let first = '';
  await readRecords(
    path,
    { delimiter: '\u0001', quote: false },
    (fields) => {
      first = fields.text(0);
      throw ENOUGH;
    },
    reading,
  );
  const counts = ['::', ',', ';', '\t', '|'].map((each) => [each, first.split(each).length] as const);
  const [best] = counts.sort(([, a], [, b]) => b - a);
  return best && best[1] > 1 ? best[0] : ',';
}
