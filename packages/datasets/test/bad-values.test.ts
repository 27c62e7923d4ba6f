import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  loadMovieLens1m,
  loadMovieLens100k,
  loadTable,
  statistics,
  type TableOptions,
} from '../src/index.js';
import { folderWith } from './files.js';

const COLUMNS = { user: 'user', item: 'item', rating: 'stars', timestamp: 'time' };

async function table(text: string, options: TableOptions = {}, name = 'a.csv') {
  const folder = await folderWith({ [name]: text });
  return loadTable(join(folder, name), COLUMNS, options);
}

test('a rating that 32 bits cannot hold is refused with its place, in every format', async () => {
  await expect(table('user,item,stars,time\na,x,1e39,1\n')).rejects.toThrow(
    /a\.csv:2:5: Expected a rating in "stars" that 32 bits can hold/,
  );
  await expect(table('{"user":"a","item":"x","stars":1e39,"time":1}\n', {}, 'a.jsonl')).rejects.toThrow(
    /a\.jsonl:1:1: Expected a rating in "stars" that 32 bits can hold/,
  );
  expect((await table('user,item,stars,time\na,x,3e38,1\n')).log.rating?.[0]).toBe(Math.fround(3e38));
});

test('true and false are ratings', async () => {
  const { log } = await table('user,item,stars,time\na,x,True,1\na,y,false,2\n');
  expect(Array.from(log.rating ?? [])).toEqual([1, 0]);
  const json = await table('{"user":"a","item":"x","stars":true,"time":1}\n', {}, 'a.jsonl');
  expect(Array.from(json.log.rating ?? [])).toEqual([1]);
});

test('rows are left out by rule, with a count of each cause', async () => {
  const text =
    'user,item,stars,time,kind\na,x,5,1,buy\n,x,5,1,buy\na,y,,1,buy\na,y,4,NaN,buy\na,y,4,soon,buy\nb,z,1,7,view\nb\nb,z,2,9,buy\n';
  const { log, reading } = await table(text, {
    skip: ['no-user', 'no-rating', 'no-time', 'bad-time', 'wrong-width'],
    only: { kind: ['buy'] },
  });
  expect(log.length).toBe(2);
  expect(reading).toMatchObject({
    rows: 8,
    interactions: 2,
    skipped: {
      'no-user': 1,
      'no-rating': 1,
      'no-time': 1,
      'bad-time': 1,
      'wrong-width': 1,
      'kind not buy': 1,
    },
  });
  // A user of skipped rows alone is none.
  expect([...log.users]).toEqual(['a', 'b']);
  await expect(table('user,item,stars,time\na,x,5,1\na,y,,2\n')).rejects.toThrow(/skip: \['no-rating'\]/);
  await expect(table('user,item,stars,time\na,x,,1\n', { skip: ['no-rating'] })).rejects.toThrow(
    /at least one interaction, but received 1 rows, all left out: \{"no-rating":1\}/,
  );
});

test('seconds, milliseconds, microseconds and nanoseconds are told apart by the whole column', async () => {
  const second = 1_400_000_000;
  for (const [unit, digits] of [
    ['seconds', 0],
    ['milliseconds', 3],
    ['microseconds', 6],
    ['nanoseconds', 9],
  ] as const) {
    const zeros = '0'.repeat(digits);
    const { log, reading } = await table(
      `user,item,stars,time\na,x,1,${second}${zeros}\na,y,1,${second + 5}${zeros}\n`,
    );
    expect(Array.from(log.timestamp), unit).toEqual([second, second + 5]);
    expect(reading?.timestampUnit).toBe(unit);
  }
  await expect(table('user,item,stars,time\na,x,1,1400000000\na,y,1,1400000000000\n')).rejects.toThrow(
    /a\.csv:2:1: Expected times in one unit: 1400000000000 in line 3 is a time in milliseconds/,
  );
  await expect(table('user,item,stars,time\na,x,1,20180704\na,y,1,20180705\n')).rejects.toThrow(/'yyyymmdd'/);
  const days = await table('user,item,stars,time\na,x,1,20180704\n', { timestampUnit: 'yyyymmdd' });
  expect(days.log.timestamp[0]).toBe(Date.UTC(2018, 6, 4) / 1000);
});

test('the statistics say when times are days', async () => {
  const day = await table('user,item,stars,time\na,x,1,2018-07-04\na,y,1,2018-07-05\n');
  expect(statistics(day.log).timeGranularity).toBe('day');
  const second = await table('user,item,stars,time\na,x,1,2018-07-04T10:00:01+02:00\n');
  expect(statistics(second.log)).toMatchObject({ timeGranularity: 'second' });
  expect(second.log.timestamp[0]).toBe(Date.UTC(2018, 6, 4, 8, 0, 1) / 1000);
});

test('an id that stands on two lines of a user or item file is told with both', async () => {
  const ratings = { 'u.data': '1\t2\t3\t874724710\n' };
  const item = '2|B (1994)|01-Jan-1994||http://x|0|0|0\n';
  await expect(
    loadMovieLens100k(
      await folderWith({ ...ratings, 'u.item': item + item, 'u.user': '1|24|M|writer|90210\n' }),
    ),
  ).rejects.toThrow(/u\.item:2:1: Expected every item once, but received "2", which line 1 has too/);
  await expect(
    loadMovieLens100k(
      await folderWith({
        ...ratings,
        'u.item': item,
        'u.user': '1|24|M|writer|90210\n1|25|F|writer|90210\n',
      }),
    ),
  ).rejects.toThrow(/u\.user:2:1: Expected every user once, but received "1", which line 1 has too/);
});

test('MovieLens 10M has no users', async () => {
  const { name, users } = await loadMovieLens1m(
    await folderWith({
      'ratings.dat': '1::122::4.5::838985046\n',
      'movies.dat': '122::Boomerang (1992)::Comedy\n',
    }),
  );
  expect([name, users]).toEqual(['MovieLens 10M', undefined]);
});

test('a line beyond the limit is refused, and a long one below it is read in linear time', async () => {
  const long = 'x'.repeat(9_000_000);
  const text = `{"user":"a","item":"x","stars":1,"time":1}\n{"user":"b","item":"${long}","stars":1,"time":1}\n`;
  expect((await table(text, {}, 'a.jsonl')).log.length).toBe(2);
  await expect(table(text, { maxLineBytes: 1_000_000 }, 'a.jsonl')).rejects.toThrow(
    /a\.jsonl:2:1000001: Expected lines of at most 1,000,000 bytes/,
  );
});

test('what came is cut short in the message', async () => {
  const error = await table(`user,item,stars,time\na,x,${'9x'.repeat(1_500_000)},1\n`).catch(
    (cause: unknown) => cause,
  );
  expect((error as Error).message.length).toBeLessThan(1500);
  expect((error as Error).message).toMatch(/a\.csv:2:5: .* characters\)/);
});

test('a click log names its requests', async () => {
  const folder = await folderWith({
    'a.csv': 'user,item,stars,time,slate\na,x,0,5,r1\na,y,1,5,r1\na,z,1,9,\nb,x,1,9,r2\n',
  });
  const { log } = await loadTable(join(folder, 'a.csv'), { ...COLUMNS, request: 'slate' });
  expect(Array.from(log.request ?? [])).toEqual([0, 0, -1, 1]);
});

test('a blank request is none in records, as in CSV; a record without a user is told how to be left out', async () => {
  const columns = { user: 'user', item: 'item', request: 'request' };
  const load = async (records: readonly object[]) => {
    const folder = await folderWith({
      'a.jsonl': records.map((each) => `${JSON.stringify(each)}\n`).join(''),
    });
    return loadTable(join(folder, 'a.jsonl'), columns);
  };
  const requests = ['r1', '', ' ', null, undefined, 7, 'r1'];
  const { log } = await load(requests.map((request) => ({ user: 'a', item: 'x', request })));
  expect(Array.from(log.request ?? [])).toEqual([0, -1, -1, -1, -1, 1, 0]);
  await expect(load([{ user: ' ', item: 'x', request: 'r1' }])).rejects.toMatchObject({
    hint: expect.stringMatching(/skip: \['no-user'\]/),
  });
  await expect(load([{ user: 'a', item: 'x', request: {} }])).rejects.toThrow(/a request id/);
});

test('what looks like an id of another kind is noted', async () => {
  const { reading } = await table('user,item,stars,time\n1.0,nan,1,5\n2.0,7,1,6\n');
  expect(reading?.notes).toEqual([
    'user ids are written as floating-point numbers (1.0): they match no ids written as 1',
    'item ids that look like missing values were kept: "nan"',
  ]);
});

test('positions of MovieLens 1M order the rows, wherever they stand', async () => {
  const { log } = await loadMovieLens1m(
    await folderWith({
      'ratings_time_ordered.tsv': 'user_id\tmovie_id\trating\tposition\n1\t7\t5\t1\n1\t8\t4\t0\n',
      'movies.dat': '7::A (1990)::Drama\n8::B (1991)::Drama\n',
    }),
  );
  expect(Array.from(log.history(0), (item) => log.items.idOf(item))).toEqual(['8', '7']);
  expect(log.timeUnit).toBe('position');
});
