import { InvalidInputError, ParseError } from '@palate/core';
import { type RecordLayout, readRecords } from '../files/delimited-records.js';
import type { TextOptions } from '../files/read-lines.js';
import type { RowPosition } from './row-position.js';
import { namesOf } from './table-columns.js';

/** A row of a text table about items or users. */
export interface EntityRow {
  /** A field by name or position; `undefined` where the row has no such field. */
  get(column: string | number): string | undefined;
  /** Fields of the row. */
  readonly count: number;
  readonly at: RowPosition;
}

/**
 * Reads a delimited table about items or users, row by row.
 *
 * @param header - whether the first line names the columns
 * @param needed - columns that every row has to have
 * @throws ParseError where a row lacks one of them
 * @throws InvalidInputError where the header does
 */
export async function readEntityTable(
  path: string,
  layout: RecordLayout & { readonly header: boolean; readonly needed: readonly (string | number)[] },
  visit: (row: EntityRow, header: readonly string[]) => void,
  options: TextOptions & { readonly notUtf8?: 'latin1' | undefined } = {},
): Promise<void> {
  let header: readonly string[] | undefined = layout.header ? undefined : [];
  const positions = new Map<string, number>();
  await readRecords(
    path,
    layout,
    (fields) => {
      const { line, count } = fields;
      if (!header) {
        header = Array.from({ length: count }, (_, k) => fields.text(k, options.notUtf8));
        for (const [k, name] of header.entries()) if (!positions.has(name)) positions.set(name, k);
        const missing = layout.needed.find((column) => typeof column === 'string' && !positions.has(column));
        if (missing !== undefined)
          throw new InvalidInputError({
            expected: `columns of ${path} among ${namesOf(header)}`,
            received: JSON.stringify(missing),
            hint: 'Check that it is the file as published.',
          });
        return;
      }
      const find = (column: string | number): number =>
        typeof column === 'number' ? column : (positions.get(column) ?? -1);
      const widest = Math.max(...layout.needed.map(find));
      if (count <= widest)
        throw new ParseError(
          { file: path, line, column: 1 },
          {
            expected: `at least ${widest + 1} fields separated by ${JSON.stringify(layout.delimiter)}`,
            received: String(count),
            hint: 'Repair or remove the line.',
          },
        );
      visit(
        {
          get: (column) => {
            const k = find(column);
            return k >= 0 && k < count ? fields.text(k, options.notUtf8) : undefined;
          },
          count,
          at: { file: path, line },
        },
        header,
      );
    },
    options,
  );
}
