import { InvalidInputError } from '@palate/core';
import { addRecord, NAMES } from './add-record.js';
import { TypedTime } from './interaction-values.js';
import type { LogBuilder } from './log-builder.js';
import { type ParquetColumn, readParquet } from './parquet.js';
import { type ColumnName, namesOf, rulesOf, type TableColumns, type TableReading } from './table-columns.js';
import type { Part } from './table-parts.js';

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
      return {
        top: struct.name,
        path,
        isTime: struct.timeFields.includes(path[0] as string),
        constant: undefined,
      };
  }
  throw new InvalidInputError({
    expected: `columns of ${part.path} among ${namesOf([
      ...there.flatMap(({ name: each, fields }) =>
        fields.length === 0 ? [each] : fields.map((field) => `${each}.${field}`),
      ),
      ...Object.keys(part.partition),
    ])}`,
    received: JSON.stringify(column),
    hint: 'Correct the column map; positions count the top-level columns.',
  });
}

/** Reads the interactions of a Parquet file into a builder. */
export async function readParquetInto(
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
