import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { expect, test } from 'vitest';
import { loadTable, type TableOptions } from '../src/index.js';
import { folderWith } from './files.js';

const PLAIN = { user: 'user', item: 'item' };

type Columns = Parameters<typeof parquetWriteBuffer>[0]['columnData'];

async function fileOf(columnData: Columns, rowGroupSize?: number): Promise<string> {
  const bytes = parquetWriteBuffer({ columnData, ...(rowGroupSize === undefined ? {} : { rowGroupSize }) });
  return join(await folderWith({ 'a.parquet': new Uint8Array(bytes) }), 'a.parquet');
}

const ids = async (columnData: Columns, options: TableOptions = {}): Promise<string[]> => [
  ...(await loadTable(await fileOf(columnData), PLAIN, options)).log.users,
];

const ITEMS: Columns[number] = { name: 'item', data: ['x', 'y'], type: 'STRING' };

test('ids keep every digit: 64 bits, decimals, floats that are whole', async () => {
  expect(
    await ids([
      { name: 'user', data: [9_007_199_254_740_993n, 9_007_199_254_740_992n], type: 'INT64' },
      ITEMS,
    ]),
  ).toEqual(['9007199254740993', '9007199254740992']);
  expect(await ids([{ name: 'user', data: [7, 8], type: 'DOUBLE' }, ITEMS])).toEqual(['7', '8']);
  await expect(ids([{ name: 'user', data: [7, 2 ** 60], type: 'DOUBLE' }, ITEMS])).rejects.toThrow(
    /a\.parquet:2:1: Expected a user id in "user" to the last digit/,
  );
});

test('decimals are ids to the last digit', async () => {
  // What the writer stores is the number without its point: 20.50 is 2050 at scale 2.
  const decimal = async (
    type: 'INT64' | 'FIXED_LEN_BYTE_ARRAY',
    scale: number,
    data: bigint[],
  ): Promise<string[]> => {
    const bytes = parquetWriteBuffer({
      columnData: [
        { name: 'user', data },
        { name: 'item', data: ['x', 'y'] },
      ],
      schema: [
        { name: 'root', num_children: 2 },
        {
          name: 'user',
          type,
          ...(type === 'INT64' ? {} : { type_length: 16 }),
          converted_type: 'DECIMAL',
          precision: type === 'INT64' ? 18 : 38,
          scale,
          repetition_type: 'REQUIRED',
        },
        { name: 'item', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'REQUIRED' },
      ],
    });
    const folder = await folderWith({ 'a.parquet': new Uint8Array(bytes) });
    return [...(await loadTable(join(folder, 'a.parquet'), PLAIN)).log.users];
  };
  expect(await decimal('INT64', 0, [900_719_925_474_099_301n, 900_719_925_474_099_302n])).toEqual([
    '900719925474099301',
    '900719925474099302',
  ]);
  expect(await decimal('FIXED_LEN_BYTE_ARRAY', 0, [12_345_678_901_234_567_890n, -5n])).toEqual([
    '12345678901234567890',
    '-5',
  ]);
  expect(await decimal('INT64', 2, [2050n, 700n])).toEqual(['20.5', '7']);
});

test('binary ids are text where they are UTF-8, and hexadecimal when asked for', async () => {
  const binary = (...values: number[][]): Columns => [
    { name: 'user', data: values.map((value) => Uint8Array.from(value)), type: 'BYTE_ARRAY' },
    ITEMS,
  ];
  expect(await ids(binary([0x61, 0x62], [0x63]))).toEqual(['ab', 'c']);
  await expect(ids(binary([0x61], [0xff, 0x00]))).rejects.toThrow(
    /a\.parquet:2:1: .* as text or number, but received 2 bytes/,
  );
  expect(await ids(binary([0x61], [0xff, 0x00]), { binaryIds: 'hex' })).toEqual(['61', 'ff00']);
});

test('codecs that hyparquet alone does not read', async () => {
  /** A block of LZ4 that holds its bytes as they are: a length, then the bytes. */
  const lz4 = (input: Uint8Array): Uint8Array => {
    const more = input.length - 15;
    const length =
      more < 0
        ? [input.length << 4]
        : [0xf0, ...new Array<number>(Math.floor(more / 255)).fill(255), more % 255];
    return Uint8Array.from([...length, ...input]);
  };
  const compressors = {
    GZIP: (input: Uint8Array) => new Uint8Array(gzipSync(input)),
    BROTLI: (input: Uint8Array) => new Uint8Array(brotliCompressSync(input)),
    LZ4_RAW: lz4,
  };
  for (const codec of ['GZIP', 'BROTLI', 'LZ4_RAW', 'SNAPPY', 'UNCOMPRESSED'] as const) {
    const users = Array.from({ length: 500 }, (_, k) => `user ${k % 100}`);
    const bytes = parquetWriteBuffer({
      columnData: [
        { name: 'user', data: users, type: 'STRING' },
        { name: 'item', data: users.map((_, k) => `item ${k}`), type: 'STRING' },
      ],
      codec,
      compressors,
    });
    const folder = await folderWith({ 'a.parquet': new Uint8Array(bytes) });
    const { log } = await loadTable(join(folder, 'a.parquet'), PLAIN);
    expect([log.length, log.users.size, log.items.size, log.items.idOf(499)], codec).toEqual([
      500,
      100,
      500,
      'item 499',
    ]);
  }
});

test('booleans are ratings, dates are times', async () => {
  const file = await fileOf([
    { name: 'user', data: ['a', 'b'], type: 'STRING' },
    ITEMS,
    { name: 'liked', data: [true, false], type: 'BOOLEAN' },
    {
      name: 'at',
      data: [new Date('2024-01-02T03:04:05.678Z'), new Date('2024-01-03T00:00:00Z')],
      type: 'TIMESTAMP',
    },
  ]);
  const { log } = await loadTable(file, { ...PLAIN, rating: 'liked', timestamp: 'at' });
  expect(Array.from(log.rating ?? [])).toEqual([1, 0]);
  expect(Array.from(log.timestamp)).toEqual([1_704_164_645.678, 1_704_240_000]);
});

test('a file that takes more time or memory than its size allows is refused by name', async () => {
  const count = 150_000;
  const file = await fileOf([
    { name: 'user', data: Array.from({ length: count }, (_, k) => `user ${k}`), type: 'STRING' },
    { name: 'item', data: Array.from({ length: count }, (_, k) => `item ${k % 1000}`), type: 'STRING' },
  ]);
  await expect(loadTable(file, PLAIN, { maxSeconds: 0 })).rejects.toThrow(
    /a\.parquet:1:1: Expected a Parquet file whose row groups are read in time.*maxSeconds/,
  );
  await expect(loadTable(file, PLAIN, { maxMegabytes: 4 })).rejects.toMatchObject({ code: 'parse-error' });
  expect((await loadTable(file, PLAIN)).log.length).toBe(count);
});

test('an error names the columns and the codec', async () => {
  const file = await fileOf([{ name: 'user', data: ['a', 'b'], type: 'STRING' }, ITEMS]);
  const bytes = await readFile(file);
  // The first page's header, right after the magic bytes.
  bytes.fill(0x5a, 4, 12);
  await writeFile(file, bytes);
  await expect(loadTable(file, PLAIN)).rejects.toThrow(/columns user: \w+, item: \w+; codec \w+/);
});

test('a signal ends the reading', async () => {
  const file = await fileOf([{ name: 'user', data: ['a', 'b'], type: 'STRING' }, ITEMS]);
  await expect(loadTable(file, PLAIN, { signal: AbortSignal.abort() })).rejects.toMatchObject({
    code: 'cancelled',
  });
});
