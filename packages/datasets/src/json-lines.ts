import { type LongCallOptions, ParseError } from '@palate/core';
import { decodeLine, readLines } from './read-lines.js';

/** One JSON object of a JSON-lines file. */
export type JsonRecord = Readonly<Record<string, unknown>>;

/**
 * Reads a JSON-lines file, plain or gzipped, one object a line.
 *
 * @throws ParseError naming the line that is not a JSON object
 */
export async function readJsonLines(
  path: string,
  visit: (record: JsonRecord, line: number) => void,
  options: LongCallOptions = {},
): Promise<void> {
  await readLines(
    path,
    (bytes, start, end, line) => {
      const text = decodeLine(bytes, start, end, { file: path, line });
      let record: unknown;
      try {
        record = JSON.parse(text);
      } catch (cause) {
        const column = Number(/position (\d+)/.exec((cause as Error).message)?.[1] ?? 0) + 1;
        throw new ParseError(
          { file: path, line, column },
          {
            expected: 'one JSON object a line',
            received: (cause as Error).message,
            hint: 'Repair or remove the line.',
            cause,
          },
        );
      }
      if (typeof record !== 'object' || record === null || Array.isArray(record))
        throw new ParseError(
          { file: path, line, column: 1 },
          { expected: 'a JSON object', received: text.slice(0, 60), hint: 'Repair or remove the line.' },
        );
      visit(record as JsonRecord, line);
    },
    options,
  );
}

/** The error for a field that a record lacks or holds in another type. */
export function missingField(path: string, line: number, field: string, value: unknown): ParseError {
  return new ParseError(
    { file: path, line, column: 1 },
    {
      expected: `the field ${JSON.stringify(field)} as text or number`,
      received: value === undefined ? 'none' : (JSON.stringify(value) ?? String(value)).slice(0, 60),
      hint: 'Repair or remove the line, or correct the column map.',
    },
  );
}
