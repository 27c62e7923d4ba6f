import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { expect, test } from 'vitest';
import { loadAmazonReviews, loadBookCrossing, loadTable, type TableOptions } from '../src/index.js';
import { folderWith } from './files.js';

const PLAIN = { user: 'user', item: 'item' };

/** Pairs of user and item of a file, in order. */
async function pairs(
  content: string | Uint8Array,
  options: TableOptions & { readonly file?: string } = {},
): Promise<string[]> {
  const { file = 'a.csv', ...rest } = options;
  const { log } = await loadTable(join(await folderWith({ [file]: content }), file), PLAIN, rest);
  const [users, items] = [[...log.users], [...log.items]];
  return Array.from(log.user, (user, row) => `${users[user]} ${items[log.item[row] as number]}`);
}

test.each([
  ['LF', 'user,item\n1,10\n2,20\n'],
  ['CRLF', 'user,item\r\n1,10\r\n2,20\r\n'],
  ['CR', 'user,item\r1,10\r2,20\r'],
  ['CR and CRLF', 'user,item\r\r\n1,10\r\r\n2,20\r\r\n'],
  ['lines of blanks', 'user,item\n  \n1,10\n\t\n2,20\n \n'],
  ['marks and wide blanks around ids', '\uFEFFuser,item\n\uFEFF1,10\n\u00a02,\u300020\n'],
])('line ends and blanks: %s', async (_, text) => {
  expect(await pairs(text)).toEqual(['1 10', '2 20']);
});

test('one id is one user, whatever mark or blank stands before it', async () => {
  expect(await pairs('user,item\n\uFEFF1,10\n1,10\n\u00a01,10\n')).toEqual(['1 10', '1 10', '1 10']);
  await expect(pairs('user,item\n\u00a0,10\n')).rejects.toThrow(/a user id, but received an empty field/);
});

test('UTF-16 without a mark, archives and bytes of zero say what they are', async () => {
  const text = 'user,item\n1,10\n2,20\n';
  const little = Buffer.from(text, 'utf16le');
  const big = Buffer.from(little).swap16();
  await expect(pairs(little)).rejects.toThrow(/UTF-16 without a byte-order mark.*encoding: 'utf-16le'/);
  await expect(pairs(big)).rejects.toThrow(/UTF-16 without a byte-order mark.*encoding: 'utf-16be'/);
  expect(await pairs(little, { encoding: 'utf-16le' })).toEqual(['1 10', '2 20']);
  expect(await pairs(big, { encoding: 'utf-16be' })).toEqual(['1 10', '2 20']);
  const tar = Buffer.alloc(1024);
  tar.write('a.csv', 0);
  tar.write('ustar', 257);
  await expect(pairs(tar)).rejects.toThrow(/a tar archive.*tar -xf/);
  await expect(pairs('user,item\n1\0,10\n')).rejects.toThrow(/zero bytes/);
});

test('what Python writes into JSON is read, and not a number is a missing value', async () => {
  const file = 'a.jsonl';
  const text = '{"user": 1, "item": 10, "r": NaN}\n\n  \n{"user": 2, "item": 20, "r": Infinity}\n';
  expect(await pairs(text, { file })).toEqual(['1 10', '2 20']);
  const path = join(await folderWith({ [file]: text }), file);
  await expect(loadTable(path, { ...PLAIN, rating: 'r' })).rejects.toThrow(/a\.jsonl:1:1: .*NaN/);
  await expect(
    loadTable(path, { ...PLAIN, rating: 'r' }, { skip: ['no-rating'] } as TableOptions),
  ).rejects.toThrow(/a\.jsonl:4:1: .*Infinity/);
  expect(await pairs('{"user": 1, "item": 10, "on": True, "of": None}\n', { file })).toEqual(['1 10']);
});

test('an offset of 99 minutes is none, and seconds of any decade are seconds', async () => {
  const time = async (text: string): Promise<number | undefined> =>
    (
      await loadTable(join(await folderWith({ 'a.csv': `user,item,t\n1,2,${text}\n` }), 'a.csv'), {
        ...PLAIN,
        timestamp: 't',
      })
    ).log.timestamp[0];
  await expect(time('2020-01-01T00:00:00+05:99')).rejects.toThrow(/a\.csv:2:5/);
  expect(await time('2020-01-01T00:00:00+05:45')).toBe(1_577_836_800 - (5 * 60 + 45) * 60);
  // 6 October 1989, and no first of June in the year 62367.
  expect(await time('623670601')).toBe(623_670_601);
  await expect(time('20200101')).rejects.toThrow(/yyyymmdd/);
});

test('messages about wide tables stay short', async () => {
  const header = Array.from({ length: 100_000 }, (_, k) => `column${k}`).join(',');
  const error: Error = await pairs(`${header}\n1\n`).then(
    () => new Error('no error'),
    (thrown: Error) => thrown,
  );
  expect(error.message).toMatch(/column0, column1, .* and 99970 more/);
  expect(error.message.length).toBeLessThan(2000);
});

test('folders of text parts carry columns in their names, and no part is left out in silence', async () => {
  const folder = await folderWith({});
  for (const [name, text] of [
    ['user=1', 'item,r\n10,4\n11,5\n'],
    ['user=a%20b', 'r,item\n3,10\n'],
    ['user=2', ''],
  ] as const) {
    await mkdir(join(folder, name));
    await writeFile(join(folder, name, 'part-0.csv'), text);
  }
  const { log } = await loadTable(folder, { ...PLAIN, rating: 'r' });
  expect([...log.users]).toEqual(['1', 'a b']);
  expect([...(log.rating ?? [])]).toEqual([4, 5, 3]);
  await writeFile(join(folder, 'user=2', 'part-1.csv.xz'), 'packed');
  await expect(loadTable(folder, PLAIN)).rejects.toThrow(/part-1\.csv\.xz.*compressed in another way/);
});

/** Forty rows packed by zstd 1.5.5 (`zstd`, and `pzstd`, which begins with a frame to be stepped over). */
const ZSTD = Buffer.from(
  'KLUv/WQHALUEAHaQJBPApdABDWDb/pnbW0opUyoYHA4MIgAdAB0A7UIxdCeO0VBsCGsW0uacCVNW85PSK3aBYQEDAgAKDAYKAvWClMH7y9GRS9GNltW5JXUTyunEoHQdfCeC7qoYNcP3YA6PRim8IcryLErypsrxBJXilcp7MqW9kjJ7meMjMsU3xqzPY9I3Ys4nbsrXm//Epr+q2S8EAFSgrvg=',
  'base64',
);
const PZSTD = Buffer.from(
  'UCpNGAQAAACjAAAAKLUv/QRYtQQAdpAkE8Cl0AENYNv+mdtbSilTKhgcDgwiAB0AHQDtQjF0J47RUGwIaxbS5pwJU1bzk9IrdoFhAQMCAAoMBgoC9YKUwfvL0ZFL0Y2W1bkldRPK6cSgdB18J4Luqhg1w/dgDo9GKbwhyvIsSvKmyvEEleKVynsypb2SMnuZ4yMyxTfGrM9j0jdiziduyteb/8Smv6rZLwQAVKCu+A==',
  'base64',
);

test('every flipped byte of a Zstandard file is noticed by its checksum', async () => {
  const file = 'a.csv.zst';
  const expected = Array.from({ length: 40 }, (_, k) => `${k} ${k * 7}`);
  expect(await pairs(ZSTD, { file })).toEqual(expected);
  expect(await pairs(PZSTD, { file })).toEqual(expected);
  // The magic bytes and the descriptor say what the file is: past them all is content or its checksum.
  for (let at = 5; at < ZSTD.length; at++) {
    const flipped = Buffer.from(ZSTD);
    flipped[at] = (flipped[at] as number) ^ 1;
    await expect(pairs(flipped, { file }), `byte ${at}`).rejects.toMatchObject({
      code: expect.stringMatching(/^(?:parse-error|invalid-input)$/),
    });
  }
  for (const length of [6, 20, ZSTD.length - 1])
    await expect(pairs(ZSTD.subarray(0, length), { file })).rejects.toMatchObject({ code: 'parse-error' });
});

test('fields of a struct and elements of a list keep every digit, and only times are times', async () => {
  const bytes = parquetWriteBuffer({
    schema: [
      { name: 'root', num_children: 2 },
      { name: 'user', type: 'INT64', repetition_type: 'REQUIRED' },
      { name: 'event', num_children: 3, repetition_type: 'REQUIRED' },
      {
        name: 'item',
        type: 'FIXED_LEN_BYTE_ARRAY',
        type_length: 9,
        converted_type: 'DECIMAL',
        scale: 0,
        precision: 20,
        repetition_type: 'REQUIRED',
      },
      { name: 'seen', type: 'INT64', converted_type: 'TIMESTAMP_MILLIS', repetition_type: 'REQUIRED' },
      { name: 'unix', type: 'INT64', repetition_type: 'REQUIRED' },
    ],
    columnData: [
      { name: 'user', data: [1n, 2n] },
      {
        name: 'event',
        data: [
          {
            item: 12_345_678_901_234_567_891n,
            seen: new Date(1_577_836_800_000),
            unix: 1_577_836_801_000n,
          },
          {
            item: 12_345_678_901_234_567_892n,
            seen: new Date(1_577_836_802_000),
            unix: 1_577_836_803_000n,
          },
        ],
      },
    ],
  });
  const path = join(await folderWith({ 'a.parquet': new Uint8Array(bytes) }), 'a.parquet');
  const read = (timestamp: string) => loadTable(path, { user: 'user', item: 'event.item', timestamp });
  expect([...(await read('event.seen')).log.items]).toEqual(['12345678901234567891', '12345678901234567892']);
  expect([...(await read('event.seen')).log.timestamp]).toEqual([1_577_836_800, 1_577_836_802]);
  // Milliseconds since 1970 as plain numbers beside a typed time.
  expect([...(await read('event.unix')).log.timestamp]).toEqual([1_577_836_801, 1_577_836_803]);
});

test('tables of Amazon ratings are told apart by many rows, not by the first', async () => {
  // A user of ten characters in the first row of 2014's order, which begins with the user.
  const rows = ['A100000001,B000000001,4.0,1300000000', 'A2ABCDEFGHIJK2,B000000001,5.0,1300086400'];
  const load = async (lines: readonly string[]): Promise<string[]> => {
    const folder = await folderWith({ 'ratings_Beauty.csv': `${lines.join('\n')}\n` });
    return [...(await loadAmazonReviews(join(folder, 'ratings_Beauty.csv'))).log.items];
  };
  expect(await load(rows)).toEqual(['B000000001']);
  const swapped = rows.map((row) => row.replace(/^(\w+),(\w+)/, '$2,$1'));
  expect(await load(swapped)).toEqual(['B000000001']);
});

test('tables of Book-Crossing with commas are read from a folder of any name', async () => {
  const folder = join(await folderWith({}), 'BX-CSV-Dump');
  await mkdir(folder);
  await writeFile(join(folder, 'Ratings.csv'), 'User-ID,ISBN,Book-Rating\n1,0001,5\n2,0002,0\n');
  const { log, reading } = await loadBookCrossing(folder);
  expect([...log.items]).toEqual(['0001']);
  expect(reading?.rows).toBe(2);
});
