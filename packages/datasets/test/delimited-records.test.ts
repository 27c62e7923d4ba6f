import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readRecords } from '../src/files/delimited-records.js';
import { folderWith } from './files.js';

async function recordsOf(text: string, layout: Parameters<typeof readRecords>[1]): Promise<string[][]> {
  const folder = await folderWith({ 'a.csv': text });
  const records: string[][] = [];
  await readRecords(join(folder, 'a.csv'), layout, (fields) => {
    records.push(Array.from({ length: fields.count }, (_, k) => fields.text(k)));
  });
  return records;
}

/** Fields without blanks at their ends, which this reader leaves out and csv-parse keeps. */
const field = fc
  .stringMatching(/^[a-c,;"\\\n é]{0,6}$/)
  .map((text) => text.trim())
  .filter((text) => text !== '');

test('whatever csv-parse writes its own way into quotes is read as it reads it', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(field, { minLength: 2, maxLength: 4 }), { minLength: 1, maxLength: 6 }),
      fc.constantFrom(',', ';', '::'),
      async (table, delimiter) => {
        const text = table
          .map((row) =>
            row
              .map((value) => (/["\n,;:]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value))
              .join(delimiter),
          )
          .join('\n');
        const expected = parse(text, { delimiter, relax_column_count: true }) as unknown;
        expect(await recordsOf(text, { delimiter, quote: '"' })).toEqual(expected);
        expect(expected).toEqual(table);
      },
    ),
    { numRuns: 60 },
  );
});

test('a backslash frees quotes and itself, as csv-parse has it', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(field, { minLength: 2, maxLength: 4 }), async (row) => {
      const text = row.map((value) => `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`).join(',');
      expect(await recordsOf(text, { delimiter: ',', quote: '"', escape: '\\' })).toEqual([row]);
      expect(parse(text, { escape: '\\' })).toEqual([row]);
    }),
    { numRuns: 60 },
  );
});

test('empty fields stay fields', async () => {
  expect(await recordsOf(',"",a,\n"x" , "y","",', { delimiter: ',', quote: '"' })).toEqual([
    ['', '', 'a', ''],
    ['x', 'y', '', ''],
  ]);
});

test('whole numbers are told by their values, and no other text is, nor any where a digit is the delimiter', async () => {
  const number = fc.oneof(
    fc.nat(99).map(String),
    fc.bigInt({ min: 0n, max: 10n ** 17n }).map(String),
    fc.constantFrom(
      '007',
      '0',
      '00',
      '-1',
      '1.5',
      '1e3',
      ' 12 ',
      '12x',
      'x12',
      '999999999',
      '1000000000',
      '',
    ),
  );
  const isWhole = /^(?:0|[1-9]\d{0,14})$/;
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(number, { minLength: 2, maxLength: 4 }), { minLength: 1, maxLength: 5 }),
      fc.constantFrom(',', '::', '1'),
      async (rows, delimiter) => {
        const lines = rows.map((row) => row.join(delimiter));
        const folder = await folderWith({ 'a.csv': `${lines.join('\n')}\n"12"${delimiter}7\n` });
        const read: (readonly [string, number][])[] = [];
        await readRecords(join(folder, 'a.csv'), { delimiter, quote: '"' }, (fields) => {
          read.push(
            Array.from({ length: fields.count }, (_, k) => [fields.text(k), fields.whole[k] as number]),
          );
        });
        const quoted = read.pop();
        expect(quoted?.[0]).toEqual(['12', Number.NaN]);
        expect(read).toEqual(
          lines
            .filter((line) => line.trim() !== '')
            .map((line) =>
              line
                .split(delimiter)
                .map((text) => [
                  text.trim(),
                  delimiter !== '1' && isWhole.test(text) ? Number(text) : Number.NaN,
                ]),
            ),
        );
      },
    ),
    { numRuns: 60 },
  );
});

test('a quote, escape or delimiter that cannot work is refused', async () => {
  for (const layout of [
    { delimiter: '', quote: '"' },
    { delimiter: '\n', quote: '"' },
    { delimiter: ',', quote: ',' },
    { delimiter: ',', quote: '""' },
    { delimiter: ',', quote: '"', escape: '' },
  ])
    await expect(recordsOf('a,b\n', layout)).rejects.toMatchObject({ code: 'invalid-input' });
});
