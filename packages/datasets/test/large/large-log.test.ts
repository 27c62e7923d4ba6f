import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { type InteractionLog, partsOf, RandomStream, withheldFrom } from '@palate/core';
import fc from 'fast-check';
import { parquetWriteFile } from 'hyparquet-writer';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  kCore,
  keepFirst,
  type LargeLog,
  leaveOneOut,
  loadTable,
  minimumItemCount,
  openLargeLog,
  ratingThreshold,
  splitByTime,
  splitByUser,
  splitPerUserTime,
  splitRandom,
} from '../../src/index.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'palate-large-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Row {
  readonly user: string;
  readonly item: string;
  readonly rating: number;
  readonly time: number;
}
const COLUMNS = { user: 'user', item: 'item', rating: 'rating', timestamp: 'time' } as const;
const LIMITS = { megabytes: 128, threads: 2 } as const;

const quoted = (text: string): string => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
const csv = (rows: readonly Row[]): string =>
  [
    'user,item,rating,time',
    ...rows.map((row) => [quoted(row.user), quoted(row.item), row.rating, row.time].join(',')),
  ].join('\n');
const jsonl = (rows: readonly Row[]): string => rows.map((row) => JSON.stringify(row)).join('\n');

/** The same log: ids and their order, and every number to the bit. */
async function expectSame(large: LargeLog, log: InteractionLog): Promise<void> {
  const read = await large.log();
  expect([...read.users]).toEqual([...log.users]);
  expect([...read.items]).toEqual([...log.items]);
  for (const column of ['user', 'item', 'timestamp', 'rating', 'timeUnit'] as const)
    expect(read[column]).toEqual(log[column]);
  expect(large.length).toBe(log.length);
}

const id = fc.oneof(
  fc.constantFrom('1', '01', '1.0', 'a b', 'Ærø', "it's", 'x"y', 'p,q', '🎬', ' b', 'NaN'),
  fc.nat(6).map(String),
);
const rows = (most: number) =>
  fc.array(
    fc.record({
      user: id,
      item: id,
      rating: fc.oneof(fc.integer({ min: 1, max: 5 }), fc.double({ min: -9, max: 9, noNaN: true })),
      // Equal times happen; seconds with a fraction, too.
      time: fc.oneof(fc.integer({ min: 1_600_000_000, max: 1_600_000_009 }), fc.constant(1_600_000_003.1)),
    }),
    { minLength: 1, maxLength: most },
  );

describe('a large log', () => {
  test('is the log that loadTable reads, to the byte, and so are its filters, splits and sequences', async () => {
    await fc.assert(
      fc.asyncProperty(
        rows(60),
        fc.constantFrom('csv', 'jsonl', 'parquet'),
        fc.nat(99),
        async (given, format, seed) => {
          const path = join(folder, `rows.${format}`);
          if (format === 'parquet')
            parquetWriteFile({
              filename: path,
              columnData: [
                { name: 'user', data: given.map(({ user }) => user), type: 'STRING' },
                { name: 'item', data: given.map(({ item }) => item), type: 'STRING' },
                { name: 'rating', data: given.map(({ rating }) => rating), type: 'DOUBLE' },
                { name: 'time', data: given.map(({ time }) => time), type: 'DOUBLE' },
              ],
            });
          else await writeFile(path, format === 'csv' ? csv(given) : jsonl(given));
          const { log } = await loadTable(path, COLUMNS);
          await using large = await openLargeLog(path, COLUMNS, LIMITS);
          await expectSame(large, log);
          const least = { users: 2, items: 2 };
          const core = kCore(log, least);
          const largeCore = await large.kCore(least);
          await expectSame(largeCore, core);
          await expectSame(await large.keepFirst(), keepFirst(log));
          await expectSame(await large.ratingThreshold(3.5), ratingThreshold(log, 3.5));
          await expectSame(await large.minimumItemCount(3), minimumItemCount(log, 3));
          for (const [own, other] of [
            [() => leaveOneOut(core), () => largeCore.leaveOneOut()],
            [() => leaveOneOut(log, { validation: false }), () => large.leaveOneOut({ validation: false })],
            [() => splitByTime(log, { test: 0.3 }), () => large.splitByTime({ test: 0.3 })],
            [() => splitPerUserTime(log, { test: 0.4 }), () => large.splitPerUserTime({ test: 0.4 })],
            [
              () => splitPerUserTime(core, { test: 0.3, validation: 0 }),
              () => largeCore.splitPerUserTime({ test: 0.3, validation: 0 }),
            ],
            [() => splitByUser(core, { test: 0.4, seed }), () => largeCore.splitByUser({ test: 0.4, seed })],
            [() => splitRandom(core, { test: 0.2, seed }), () => largeCore.splitRandom({ test: 0.2, seed })],
            // What is left of a split is split again: it keeps the numbers of the whole.
            [
              () => splitByUser(splitRandom(log, { seed }).train, { test: 0.3, validation: 0, seed }),
              async () =>
                (await large.splitRandom({ seed })).train.splitByUser({ test: 0.3, validation: 0, seed }),
            ],
          ] as const) {
            let split: ReturnType<typeof own>;
            try {
              split = own();
            } catch {
              await expect(other()).rejects.toMatchObject({ code: 'invalid-input' });
              continue;
            }
            const parts = await other();
            expect(parts.description).toBe(split.description);
            await expectSame(parts.train, split.train);
            await expectSame(parts.test, split.test);
            if (split.validation && parts.validation) await expectSame(parts.validation, split.validation);
          }
          const sequences = [];
          for await (const each of largeCore.sequences()) sequences.push(each);
          expect(sequences.map(({ user, items }) => [user, [...items]])).toEqual(
            Array.from(core.users, (user, u) => [user, [...core.history(u)]]),
          );
        },
      ),
      { numRuns: 8 },
    );
  });

  test('keeps every digit of whole numbers of Parquet, and their order', async () => {
    const path = join(folder, 'whole.parquet');
    const random = new RandomStream(7);
    const draws = Array.from({ length: 300 }, () => [random.integer(20) - 5, random.integer(40)] as const);
    parquetWriteFile({
      filename: path,
      columnData: [
        { name: 'user', data: draws.map(([user]) => user), type: 'INT32' },
        { name: 'item', data: draws.map(([, item]) => 2n ** 60n + BigInt(item)), type: 'INT64' },
        { name: 'time', data: draws.map((_, k) => 1_600_000_000 + (k % 7)), type: 'INT32' },
      ],
    });
    for (const columns of [
      { user: 'user', item: 'item', timestamp: 'time' },
      { user: 0, item: 1, timestamp: 2 },
    ]) {
      const { log } = await loadTable(path, columns);
      await using large = await openLargeLog(path, columns, LIMITS);
      await expectSame(large, log);
      expect([...log.items]).toContain('1152921504606846977');
      await expectSame(await large.kCore({ users: 18, items: 7 }), kCore(log, { users: 18, items: 7 }));
      await expectSame(
        (await large.splitByUser({ seed: 2, test: 0.3 })).test,
        splitByUser(log, { seed: 2, test: 0.3 }).test,
      );
      await expectSame((await large.splitPerUserTime()).train, splitPerUserTime(log).train);
    }
  });

  test('takes the order of a user’s rows for times where there are none, and positions for names', async () => {
    const path = join(folder, 'plain.dat');
    await writeFile(path, 'ann::x::1\nbob::x::2\nann::y::3\nann::x::4\n');
    const columns = { user: 0, item: 1 } as const;
    const { log } = await loadTable(path, columns, { format: 'csv', delimiter: '::' });
    await using large = await openLargeLog(path, columns, { ...LIMITS, format: 'csv', delimiter: '::' });
    await expectSame(large, log);
    await expectSame(await large.kCore({ users: 2, items: 1 }), kCore(log, { users: 2, items: 1 }));
    await expect(large.splitByTime()).rejects.toThrow(/real times/);
    await expect(large.ratingThreshold(1)).rejects.toThrow(/ratings/);
  });

  test('reads units of time as every reader does', async () => {
    const path = join(folder, 'times.csv');
    for (const times of [
      ['1600000000123', '1600000001456'],
      ['1600000000123456', '1600000001000001'],
      ['2020-09-13T12:26:40.5Z', '2021-01-01'],
    ]) {
      await writeFile(path, `user,item,time\n${times.map((time, k) => `u${k},i,${time}`).join('\n')}\n`);
      const columns = { user: 'user', item: 'item', timestamp: 'time' };
      await using large = await openLargeLog(path, columns, LIMITS);
      await expectSame(large, (await loadTable(path, columns)).log);
    }
  });

  test('reads folders of parts and patterns, and writes Parquet that is read back', async () => {
    const parts = join(folder, 'parts');
    for (const day of ['a', 'b']) {
      await mkdir(join(parts, `day=${day}`), { recursive: true });
      await writeFile(
        join(parts, `day=${day}`, 'part.csv'),
        `user,item,time\nu${day},i,1600000000\nv,i${day},1600000001\n`,
      );
    }
    const columns = { user: 'user', item: 'item', timestamp: 'time' };
    const { log } = await loadTable(parts, columns);
    await using whole = await openLargeLog(parts, columns, LIMITS);
    await expectSame(whole, log);
    await using byPattern = await openLargeLog(join(parts, '*', '*.csv'), columns, LIMITS);
    await expectSame(byPattern, log);
    await using partition = await openLargeLog(parts, { ...columns, item: 'day' }, LIMITS);
    await expectSame(partition, (await loadTable(parts, { ...columns, item: 'day' })).log);
    const written = join(folder, 'written.parquet');
    await whole.write(written);
    await expectSame(whole, (await loadTable(written, { ...columns, timestamp: 'timestamp' })).log);
  });

  test('refuses what is malformed, says where, and leaves nothing on the disk', async () => {
    const own = await mkdtemp(join(folder, 'own-'));
    const path = join(folder, 'broken.csv');
    const open = async (text: string, columns = COLUMNS as Parameters<typeof openLargeLog>[1]) => {
      await writeFile(path, text);
      return openLargeLog(path, columns, { ...LIMITS, folder: own });
    };
    await expect(open('user,item,rating,time\na,b,1,5\na,,1,5\n')).rejects.toThrow(/item id.*row 2/);
    await expect(open('user,item,rating,time\na,b,much,5\n')).rejects.toThrow(/rating.*row 1/);
    await expect(open('user,item,rating,time\na,b,1,soon\n')).rejects.toThrow(/time.*row 1/);
    await expect(open('user,item,rating,time\na,b,1,5\na,b,1\n')).rejects.toMatchObject({
      code: 'parse-error',
      position: { line: 3 },
    });
    await expect(open('user,item,rating,time\n')).rejects.toMatchObject({ code: 'parse-error' });
    await expect(open('user,item\na,b\n')).rejects.toThrow(/among user, item.*"rating"/);
    await expect(openLargeLog(join(folder, 'none.csv'), COLUMNS, { ...LIMITS, folder: own })).rejects.toThrow(
      /none\.csv/,
    );
    const stop = AbortSignal.abort();
    await writeFile(path, 'user,item,rating,time\na,b,1,5\n');
    await expect(openLargeLog(path, COLUMNS, { ...LIMITS, folder: own, signal: stop })).rejects.toMatchObject(
      { code: 'cancelled' },
    );
    expect(await readdir(own)).toEqual([]);
  });

  test('refuses what is no id, no rating and no time, where loadTable does', async () => {
    const path = join(folder, 'ids.parquet');
    const write = (columnData: Parameters<typeof parquetWriteFile>[0]['columnData']): void =>
      parquetWriteFile({ filename: path, columnData });
    const item = { name: 'item', data: ['x', 'y'], type: 'STRING' as const };
    const columns = { user: 'user', item: 'item' };
    for (const no of [Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53]) {
      write([{ name: 'user', data: [1, no], type: 'DOUBLE' }, item]);
      await expect(openLargeLog(path, columns, LIMITS)).rejects.toThrow(/user id.*row 2/);
      await expect(loadTable(path, columns)).rejects.toMatchObject({ position: { line: 2 } });
    }
    write([{ name: 'user', data: [true, false], type: 'BOOLEAN' }, item]);
    await expect(openLargeLog(path, columns, LIMITS)).rejects.toThrow(/user id.*row 1/);
    write([
      { name: 'user', data: [1, 2.5], type: 'DOUBLE' },
      item,
      { name: 'time', data: [1_600_000_000, Number.NaN], type: 'DOUBLE' },
      { name: 'rating', data: [1e39, 1], type: 'DOUBLE' },
    ]);
    await expect(openLargeLog(path, { ...columns, timestamp: 'time' }, LIMITS)).rejects.toThrow(
      /time.*row 2/,
    );
    await expect(openLargeLog(path, { ...columns, rating: 'rating' }, LIMITS)).rejects.toThrow(
      /rating.*row 1/,
    );
    await using numbers = await openLargeLog(path, columns, LIMITS);
    await expectSame(numbers, (await loadTable(path, columns)).log);

    const json = join(folder, 'ids.jsonl');
    for (const no of ['{"a":1}', '["b"]', 'true', '1e400', '9007199254740993.0']) {
      await writeFile(json, `{"user":1,"item":"x"}\n{"user":${no},"item":"x"}\n`);
      await expect(openLargeLog(json, columns, LIMITS)).rejects.toThrow(/user id.*row 2/);
    }
    await writeFile(
      json,
      '{"user":1.0,"item":1e3}\n{"user":1,"item":1000}\n{"user":90071992547409479,"item":1.5}\n',
    );
    await using same = await openLargeLog(json, columns, LIMITS);
    await expectSame(same, (await loadTable(json, columns)).log);
  });

  test('tells how a text is packed by its bytes, and names what it does not read', async () => {
    const text = 'user,item\na,x\n';
    const columns = { user: 'user', item: 'item' };
    const packed = join(folder, 'packed.csv');
    await writeFile(packed, gzipSync(text));
    await using large = await openLargeLog(packed, columns, LIMITS);
    expect(large.length).toBe(1);
    await writeFile(packed, Buffer.from(`\ufeff${text}`, 'utf16le'));
    await expect(openLargeLog(packed, columns, LIMITS)).rejects.toThrow(/UTF-16/);
    await writeFile(packed, Buffer.concat([Buffer.from([0x50, 0x4b, 3, 4]), Buffer.from(text)]));
    await expect(openLargeLog(packed, columns, LIMITS)).rejects.toThrow(/zip archive/);
    const array = join(folder, 'array.json');
    await writeFile(array, '[{"user":"a","item":"x"},\n{"user":"b","item":"x"}]');
    await using rows = await openLargeLog(array, columns, LIMITS);
    await expectSame(rows, (await loadTable(array, columns)).log);
  });

  test('hands out what is known at the test, and parts that can be measured together', async () => {
    const path = join(folder, 'known.csv');
    const line = (k: number): string => `u${k % 5},i${(k * 7) % 11},3,${1_600_000_000 + k}`;
    await writeFile(
      path,
      ['user,item,rating,time', ...Array.from({ length: 60 }, (_, k) => line(k))].join('\n'),
    );
    const own = leaveOneOut((await loadTable(path, COLUMNS)).log);
    await using large = await openLargeLog(path, COLUMNS, LIMITS);
    const split = await large.leaveOneOut();
    await expectSame(split.known, own.known);
    expect((await large.leaveOneOut({ validation: false })).known.length).toBe(55);
    const [train, validation, known, test] = await Promise.all([
      split.train.log(),
      split.validation?.log(),
      split.known.log(),
      split.test.log(),
    ]);
    for (const part of [validation, known, test]) {
      expect(part?.users).toBe(train.users);
      expect(part?.items).toBe(train.items);
    }
    expect(withheldFrom(train)).toBe(validation);
    expect(partsOf(known)).toEqual([train, validation]);
  });

  test('reads on whatever else is asked meanwhile, and refuses to read on once it is closed', async () => {
    const path = join(folder, 'many.csv');
    // More than DuckDB hands out in one piece.
    const lines = Array.from(
      { length: 12_000 },
      (_, k) => `u${k % 3000},i${(k * 7) % 11},${1_600_000_000 + k}`,
    );
    await writeFile(path, ['user,item,time', ...lines].join('\n'));
    await using large = await openLargeLog(path, { user: 'user', item: 'item', timestamp: 'time' }, LIMITS);
    let users = 0;
    let rows = 0;
    for await (const { items } of large.sequences()) {
      users++;
      rows += items.length;
      if (users === 1) expect(await large.counts()).toEqual({ users: 3000, items: 11 });
    }
    expect([users, rows]).toEqual([3000, 12_000]);
    const rest = large.sequences();
    await rest.next();
    await large.close();
    await expect(
      (async () => {
        for await (const each of rest) expect(each.items.length).toBe(4);
      })(),
    ).rejects.toThrow(/closed/);
  });

  test('reads an address, or says what DuckDB lacks for it', async () => {
    const text = 'user,item,rating,time\na,b,1,1600000000\n';
    const server = createServer((_, response) =>
      response.writeHead(200, { 'content-length': text.length }).end(text),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    try {
      await using large = await openLargeLog(`http://127.0.0.1:${port}/rows.csv`, COLUMNS, LIMITS);
      expect(large.length).toBe(1);
    } catch (error) {
      expect(error).toMatchObject({
        code: 'missing-dependency',
        message: expect.stringMatching(/extension/),
      });
    } finally {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
    expect((await readFile(join(folder, 'times.csv'), 'utf8')).length).toBeGreaterThan(0);
  });
});
