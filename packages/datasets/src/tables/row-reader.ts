import { InvalidInputError, ParseError } from '@palate/core';
import { readRecords } from '../files/delimited-records.js';
import { readRecordsOfObjects } from '../files/json-lines.js';
import { valueAt } from './add-record.js';
import { readParquet } from './parquet.js';
import type { RowPosition } from './row-position.js';
import { type ColumnName, findColumn, namesOf, type TableReading } from './table-columns.js';
import { partsOf } from './table-parts.js';

/** A row of a table of any format. */
export interface TableRow {
  readonly at: RowPosition;
  /** A value: text in a text table, typed in JSON and Parquet; `undefined` where the row has none. */
  get(column: ColumnName): unknown;
}

/**
 * Reads a table of any format, or a folder of parts, row by row. Text tables have a header line unless `header` is
 * false.
 *
 * @param columns - those that are asked for: each has to be there
 * @throws ParseError naming file, line and column of what is malformed
 * @throws InvalidInputError if a column is not there
 */
export async function readRows(
  path: string,
  columns: readonly ColumnName[],
  visit: (row: TableRow) => void,
  reading: TableReading,
): Promise<void> {
  for (const { path: file, partition } of await partsOf(path)) {
    const beside = (column: ColumnName): unknown => partition[String(column)] ?? undefined;
    if (reading.format === 'parquet') await readParquetRows(file, columns, beside, visit, reading);
    else if (reading.format === 'jsonl') {
      const seen = new Set<string>(Object.keys(partition));
      let last = 1;
      await readRecordsOfObjects(
        file,
        (record, line) => {
          last = line;
          for (const name of Object.keys(record)) seen.add(name);
          visit({ at: { file, line }, get: (column) => valueAt(record, column) ?? beside(column) });
        },
        reading,
      );
      const missing = columns.find((column) => !seen.has(String(column).split('.')[0] ?? ''));
      if (missing !== undefined)
        throw new InvalidInputError({
          expected: `keys of ${file} among ${namesOf([...seen])}`,
          received: `${JSON.stringify(missing)}, which is in none of ${last} records`,
          hint: 'Name the columns in the column map as the file has them.',
        });
    } else await readTextRows(file, columns, beside, visit, reading);
  }
}

async function readTextRows(
  file: string,
  columns: readonly ColumnName[],
  beside: (column: ColumnName) => unknown,
  visit: (row: TableRow) => void,
  reading: TableReading,
): Promise<void> {
  const hasHeader = reading.header ?? true;
  const delimiter = reading.delimiter ?? (reading.format === 'tsv' ? '\t' : ',');
  const positions = new Map<ColumnName, number>();
  let width = 0;
  await readRecords(
    file,
    { delimiter, quote: reading.quote ?? (reading.format === 'tsv' ? false : '"'), escape: reading.escape },
    (fields) => {
      if (width === 0) {
        width = fields.count;
        const names = Array.from({ length: width }, (_, k) =>
          hasHeader ? fields.text(k).trim() : String(k),
        );
        for (const column of columns)
          if (beside(column) === undefined || names.includes(String(column)))
            positions.set(column, findColumn(file, column, names));
        if (hasHeader) return;
      }
      if (fields.count !== width)
        throw new ParseError(
          { file, line: fields.line, column: 1 },
          {
            expected: `${width} fields separated by ${JSON.stringify(delimiter)}`,
            received: String(fields.count),
            hint: 'Repair or remove the line, or pass the right delimiter.',
          },
        );
      visit({
        at: fields,
        get: (column) => {
          const k = positions.get(column);
          if (k === undefined) return beside(column);
          fields.cursor = k;
          return fields.text(k);
        },
      });
    },
    reading,
  );
}

async function readParquetRows(
  file: string,
  columns: readonly ColumnName[],
  beside: (column: ColumnName) => unknown,
  visit: (row: TableRow) => void,
  reading: TableReading,
): Promise<void> {
  const names = new Map<ColumnName, string>();
  await readParquet(
    file,
    (there) => {
      for (const column of columns) {
        const found = typeof column === 'number' ? there[column] : there.find(({ name }) => name === column);
        if (found) names.set(column, found.name);
        else if (beside(column) === undefined)
          throw new InvalidInputError({
            expected: `columns of ${file} among ${namesOf(there.map(({ name }) => name))}`,
            received: JSON.stringify(column),
            hint: 'Correct the column map; positions count the top-level columns.',
          });
      }
      return [...new Set(names.values())];
    },
    ({ from, count, columns: rows }) => {
      for (let k = 0; k < count; k++)
        visit({
          at: { file, line: from + k + 1 },
          get: (column) => {
            const name = names.get(column);
            return name === undefined ? beside(column) : rows[name]?.[k];
          },
        });
    },
    reading,
  );
}
