import { ParseError } from '@palate/core';
import { type RecordFields, readRecords } from '../files/delimited-records.js';
import { readRecordsOfObjects } from '../files/json-lines.js';
import { addRecord, valueAt } from './add-record.js';
import type { FieldColumns } from './interaction-values.js';
import type { LogBuilder } from './log-builder.js';
import { readParquetInto } from './parquet-table.js';
import {
  type ColumnName,
  findColumn,
  resolveColumns,
  rulesOf,
  type TableColumns,
  type TableReading,
} from './table-columns.js';
import { type Part, partsOf } from './table-parts.js';

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
    else await readFieldsInto(builder, part, columns, reading);
  }
}

async function readFieldsInto(
  builder: LogBuilder,
  { path, partition }: Part,
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
  /** Values of the columns behind those of the file: what the names of the folders say. */
  let constants: readonly (string | null | undefined)[] = [];
  let own = 0;
  const begin = (header: readonly string[], file: string): void => {
    const beside = Object.keys(partition).filter((name) => hasHeader && !header.includes(name));
    own = header.length;
    constants = beside.map((name) => partition[name]);
    const all = [...header, ...beside];
    positions = resolveColumns(file, columns, all);
    ruled = rules.map((rule) => ({ ...rule, column: findColumn(file, rule.column, all) }));
    const wanted = [...Object.values(positions).map(Number), ...ruled.map(({ column }) => column)];
    widest = Math.max(0, ...wanted.filter((column) => column < own));
    if (!wanted.some((column) => column >= own)) constants = [];
  };
  const textAt = (fields: RecordFields, k: number | undefined): string | undefined =>
    k === undefined ? undefined : k < own ? fields.text(k) : (constants[k - own] ?? undefined);
  const read = await readRecords(
    path,
    { delimiter, quote: reading.quote ?? (reading.format === 'tsv' ? false : '"'), escape: reading.escape },
    (fields: RecordFields) => {
      if (!positions) {
        expected = fields.count;
        if (hasHeader) {
          begin(
            Array.from({ length: fields.count }, (_, k) => fields.text(k).trim()),
            path,
          );
          return;
        }
        widest = Math.max(
          ...Object.values(columns)
            .filter((column) => column !== undefined)
            .map(Number),
        );
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
      const broken =
        ruled.length > 0 &&
        ruled.find(({ column, values }) => !values.has((textAt(fields, column) ?? 'null').toLowerCase()));
      if (broken) builder.leaveOut(broken.cause);
      else if (constants.length === 0) builder.addFields(fields, positions as FieldColumns);
      else {
        const { user, item, rating, timestamp, request } = positions as FieldColumns;
        builder.addValues(
          {
            user: textAt(fields, user),
            item: textAt(fields, item),
            rating: textAt(fields, rating),
            timestamp: textAt(fields, timestamp),
            request: textAt(fields, request),
          },
          { file: path, line: fields.line },
        );
      }
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
