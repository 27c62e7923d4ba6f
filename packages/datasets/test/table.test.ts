import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { InteractionLog } from '@palate/core';
import fc from 'fast-check';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { describe, expect, test } from 'vitest';
import { loadTable, type TableOptions } from '../src/index.js';
import { folderWith } from './files.js';

const COLUMNS = { user: 'user', item: 'item', rating: 'stars', timestamp: 'time' };

const rowsOf = (log: InteractionLog): unknown[] =>
  Array.from({ length: log.length }, (_, r) => [
    log.users.idOf(log.user[r] as number),
    log.items.idOf(log.item[r] as number),
    log.rating?.[r],
    log.timestamp[r],
  ]);

async function load(
  name: string,
  content: string | Uint8Array,
  options: TableOptions = {},
  columns: Parameters<typeof loadTable>[1] = COLUMNS,
): Promise<unknown[]> {
  const folder = await folderWith({ [name]: content });
  return rowsOf((await loadTable(join(folder, name), columns, options)).log);
}

const EXPECTED = [
  ['ann', '0078748', 4.5, 100],
  ['bob', '7', 3, 200],
];

describe('one table in every form', () => {
  const csv = 'time,user,stars,item\n100,ann,4.5,0078748\n200,bob,3,7\n';
  test('CSV', async () => expect(await load('a.csv', csv)).toEqual(EXPECTED));
  test('TSV by name', async () => expect(await load('a.tsv', csv.replaceAll(',', '\t'))).toEqual(EXPECTED));
  test('TSV by content', async () =>
    expect(await load('a.txt', csv.replaceAll(',', '\t'))).toEqual(EXPECTED));
  test('CSV with CRLF', async () =>
    expect(await load('a.csv', csv.replaceAll('\n', '\r\n'))).toEqual(EXPECTED));
  test('CSV with a byte-order mark', async () =>
    expect(await load('a.csv', `\uFEFF${csv}`)).toEqual(EXPECTED));
  test('CSV without a last line end, with empty lines', async () =>
    expect(await load('a.csv', csv.trimEnd().replace('\n200', '\n\n\n200'))).toEqual(EXPECTED));
  test('gzipped CSV, whatever its name', async () =>
    expect(await load('a.csv', gzipSync(csv))).toEqual(EXPECTED));
  test('quoted fields, also with commas, quotes and line ends', async () =>
    expect(
      await load(
        'a.csv',
        'time,user,stars,item,note\n100,"ann",4.5,"0078748","likes, ""really"" likes\nit"\n200,bob,3,7,fine\n',
      ),
    ).toEqual(EXPECTED));
  test('a quoted header', async () =>
    expect(await load('a.csv', csv.replace('time', '"time"'))).toEqual(EXPECTED));
  test('CSV by position, without a header', async () =>
    expect(
      await load(
        'a.csv',
        '100,ann,4.5,0078748\n200,bob,3,7\n',
        {},
        { user: 1, item: 3, rating: 2, timestamp: 0 },
      ),
    ).toEqual(EXPECTED));
  test('JSON lines, with ids as numbers or text', async () =>
    expect(
      await load(
        'a.jsonl',
        '{"user":"ann","item":"0078748","stars":4.5,"time":100}\n{"user":"bob","item":7,"stars":"3","time":200}\n',
      ),
    ).toEqual(EXPECTED));
  test('JSON lines by content', async () =>
    expect(await load('a.log', '{"user":"ann","item":"0078748","stars":4.5,"time":100}\n')).toEqual(
      EXPECTED.slice(0, 1),
    ));
  test('Parquet', async () => {
    const file = parquetWriteBuffer({
      columnData: [
        { name: 'user', data: ['ann', 'bob'], type: 'STRING' },
        { name: 'item', data: ['0078748', '7'], type: 'STRING' },
        { name: 'stars', data: [4.5, 3], type: 'DOUBLE' },
        { name: 'time', data: [100n, 200n], type: 'INT64' },
      ],
    });
    expect(await load('a.parquet', new Uint8Array(file))).toEqual(EXPECTED);
    expect(await load('a.bin', new Uint8Array(file))).toEqual(EXPECTED);
    await expect(load('b.parquet', new Uint8Array(file).slice(0, 60))).rejects.toThrow(
      /complete Parquet file/,
    );
  });
  test('times in milliseconds and in ISO 8601', async () => {
    expect(
      await load('a.csv', 'time,user,stars,item\n100000,ann,4.5,0078748\n', {
        timestampUnit: 'milliseconds',
      }),
    ).toEqual(EXPECTED.slice(0, 1));
    expect(
      await load('a.csv', 'time,user,stars,item\n1970-01-01T00:01:40Z,ann,4.5,0078748\n', {
        timestampUnit: 'iso',
      }),
    ).toEqual(EXPECTED.slice(0, 1));
  });
  test('without times, the row order within a user is the time', async () => {
    const folder = await folderWith({ 'a.csv': 'user,item\nann,x\nbob,x\nann,y\n' });
    const { log } = await loadTable(join(folder, 'a.csv'), { user: 'user', item: 'item' });
    expect(log.timeUnit).toBe('position');
    expect(Array.from(log.timestamp)).toEqual([0, 0, 1]);
    expect(log.rating).toBeUndefined();
  });
});

test('any table of plain values comes back as it was written', async () => {
  const id = fc.stringMatching(/^[A-Za-z0-9_.é-]{1,8}$/);
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.tuple(
          id,
          id,
          fc.integer({ min: -100_000, max: 100_000 }).map((n) => n / 1000),
          fc.integer({ min: 0, max: 4e9 }),
        ),
        { minLength: 1, maxLength: 30 },
      ),
      async (rows) => {
        const text = rows.map((row) => row.join('\t')).join('\n');
        // Said, since a table of a few drawn numbers may look like dates in digits, which are refused.
        const options = { timestampUnit: 'seconds' } as const;
        const loaded = await load('a.tsv', text, options, { user: 0, item: 1, rating: 2, timestamp: 3 });
        expect(loaded).toEqual(
          rows.map(([user, item, rating, time]) => [user, item, Math.fround(rating), time]),
        );
      },
    ),
    { numRuns: 40 },
  );
});

test('ratings in every form of a decimal number', async () => {
  const forms = ['4', '-3.25', '.5', '2.', '1.5e2', '+7', ' 6 ', '12345678.90123456789'];
  const loaded = await load(
    'a.tsv',
    forms.map((form, k) => `u\ti${k}\t${form}\t${k}`).join('\n'),
    {},
    { user: 0, item: 1, rating: 2, timestamp: 3 },
  );
  expect(loaded.map((row) => (row as unknown[])[2])).toEqual([
    4,
    -3.25,
    0.5,
    2,
    150,
    7,
    6,
    Math.fround(12345678.901),
  ]);
});

describe('what is malformed is refused with its place', () => {
  const refused: [string, string | Uint8Array, RegExp, TableOptions?][] = [
    [
      'a rating that is no number',
      'user,item,stars,time\nann,x,5,1\nbob,x,good,2\n',
      /a\.csv:3:7: Expected a rating \(a number\), but received "good"/,
    ],
    ['a time that is no number', 'user,item,stars,time\nann,x,5,yesterday\n', /a\.csv:2:9: Expected a time/],
    ['a lone point', 'user,item,stars,time\nann,x,.,1\n', /a\.csv:2:7: Expected a rating/],
    [
      'a line with fields missing',
      'user,item,stars,time\nann,x\n',
      /a\.csv:2:1: Expected 4 fields separated by ",", but received 2/,
    ],
    ['a line with a field too many', 'user,item,stars,time\nann,x,5,1,9\n', /a\.csv:2:1: Expected 4 fields/],
    [
      'an empty user',
      'user,item,stars,time\n,x,5,1\n',
      /a\.csv:2:1: Expected a user id, but received an empty field/,
    ],
    [
      'a negative time',
      'user,item,stars,time\nann,x,5,-1\n',
      /a\.csv:2:9: Expected a time from 1970 to 2100 in seconds, but received -1/,
    ],
    [
      'milliseconds taken for seconds',
      'user,item,stars,time\nann,x,5,1365029107000\n',
      /timestampUnit: 'milliseconds'/,
      { timestampUnit: 'seconds' },
    ],
    [
      'a time beyond reason',
      'user,item,stars,time\nann,x,5,99999999999999999\n',
      /Repair or remove the line/,
    ],
    [
      'an unknown column',
      'user,item,rating,time\nann,x,5,1\n',
      /columns of .* among user, item, rating, time, but received "stars"/,
    ],
    ['an empty file', '', /a\.csv:1:1: Expected at least one line of data, but received an empty file/],
    ['a header alone', 'user,item,stars,time\n', /a header alone/],
    [
      'a quote that never closes',
      'user,item,stars,time\nann,"x,5,1\nbob,y,4,2\n',
      /a\.csv:2:1: Expected a closing quote/,
    ],
    ['a cut gzip file', gzipSync('user,item,stars,time\nann,x,5,1\n').subarray(0, 30), /complete gzip file/],
    ['bytes of another encoding in the header', Buffer.from('us\xe9r,item\n', 'latin1'), /UTF-8/],
  ];
  for (const [what, content, message, options] of refused)
    test(what, async () => {
      await expect(load('a.csv', content, options)).rejects.toThrow(message);
    });
  test('JSON that is cut, no object, or lacks a field', async () => {
    await expect(
      load('a.jsonl', '{"user":"ann","item":"x","stars":4,"time":1}\n{"user":"ann","it'),
    ).rejects.toThrow(/a\.jsonl:2:\d+: Expected one JSON object/);
    await expect(load('a.jsonl', '[1,2]\n')).rejects.toThrow(/a\.jsonl:1:1: Expected a JSON object/);
    await expect(load('a.jsonl', '{"user":"ann","stars":4,"time":1}\n')).rejects.toThrow(
      /"item" as text or number, but received none/,
    );
  });
  test('a missing file and a folder', async () => {
    const folder = await folderWith({});
    await expect(loadTable(join(folder, 'none.csv'), COLUMNS)).rejects.toThrow(
      /none\.csv:1:1: Expected a readable file, but received nothing there/,
    );
    await expect(loadTable(folder, COLUMNS, { format: 'csv' })).rejects.toThrow(/a folder/);
  });
  test('unknown options and column names', async () => {
    await expect(load('a.csv', 'x', { delimeter: ';' } as never)).rejects.toThrow(/"delimeter"/);
    await expect(load('a.csv', 'x', {}, { user: 0, item: 1, time: 2 } as never)).rejects.toThrow(/"time"/);
  });
  test('a signal that has fired stops the reading', async () => {
    await expect(
      load('a.csv', 'user,item,stars,time\nann,x,5,1\n', { signal: AbortSignal.abort() }),
    ).rejects.toMatchObject({ code: 'cancelled' });
  });
});

test('lines are found across the chunks of a large file, with progress to the end', async () => {
  const lines = Array.from({ length: 150_000 }, (_, k) => `user${k % 1000},item${k % 777},${k % 5},${k}`);
  const folder = await folderWith({ 'big.csv': lines.join('\r\n') });
  const seen: number[] = [];
  const { log } = await loadTable(
    join(folder, 'big.csv'),
    { user: 0, item: 1, rating: 2, timestamp: 3 },
    {
      onProgress: ({ done, total }) => seen.push(done / (total ?? 1)),
    },
  );
  expect(log.length).toBe(150_000);
  expect(Array.from(log.timestamp)).toEqual(Array.from({ length: 150_000 }, (_, k) => k));
  expect(seen.at(-1)).toBe(1);
});
