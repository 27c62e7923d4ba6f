import { ParseError } from '@palate/core';
import type { InteractionValues } from './interaction-values.js';
import type { LogBuilder } from './log-builder.js';
import type { RowPosition } from './row-position.js';
import type { ColumnName } from './table-columns.js';

/** The roles that columns can have. */
export const NAMES = ['user', 'item', 'rating', 'timestamp', 'request'] as const;

/** The value of a key, or of a path of keys, in an object. */
export function valueAt(record: Readonly<Record<string, unknown>>, column: ColumnName): unknown {
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
export function addRecord(builder: LogBuilder, values: InteractionValues, at: RowPosition): void {
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
