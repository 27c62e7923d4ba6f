import { join } from 'node:path';
import { ParseError } from '@palate/core';
import { type JsonRecord, readJsonLines } from '@palate/datasets';
import { DATA_FOLDER } from './bundled.js';

/** Whether a value is a text that says something. */
export const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';

/** Whether a value is a list of such texts. */
export const isTexts = (value: unknown): value is string[] => Array.isArray(value) && value.every(isText);

/**
 * Reads the records of a bundled file.
 *
 * @param name - of the file, without its endings
 * @throws ParseError naming the line of a record that is not as it was bundled
 */
export async function readRecords<T>(name: string, isRecord: (record: JsonRecord) => boolean): Promise<T[]> {
  const records: T[] = [];
  const path = join(DATA_FOLDER, `${name}.jsonl.gz`);
  await readJsonLines(path, (record, line) => {
    if (!isRecord(record))
      throw new ParseError(
        { file: path, line, column: 1 },
        {
          expected: `a record of the bundled file ${name}`,
          received: JSON.stringify(record).slice(0, 80),
          hint: 'Install the package again: the file was changed.',
        },
      );
    records.push(record as T);
  });
  return records;
}
