import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import type { InteractionLog } from '@palate/core';
import { expect, test } from 'vitest';
import {
  loadAmazonReviews,
  loadMovieLensLatest,
  loadS3RecSequences,
  loadTable,
  type TableColumns,
  type TableOptions,
} from '../src/index.js';
import { folderWith } from './files.js';

/** Files made by pyarrow, polars, zip and zstd; see the table of cases in each test's title. */
const FIXTURES = fileURLToPath(new URL('./fixtures/', import.meta.url));

const PLAIN = { user: 'user', item: 'item' };
const TIMED = { ...PLAIN, timestamp: 'ts' };

const rowsOf = (log: InteractionLog): unknown[] =>
  Array.from({ length: log.length }, (_, r) => [
    log.users.idOf(log.user[r] as number),
    log.items.idOf(log.item[r] as number),
    ...(log.rating ? [log.rating[r]] : []),
    ...(log.timeUnit === 'seconds' ? [log.timestamp[r]] : []),
  ]);

const historyOf = (log: InteractionLog, user: string): string[] =>
  Array.from(log.history(log.users.indexOf(user)), (item) => log.items.idOf(item));

async function rows(
  name: string,
  content: string | Uint8Array,
  columns: TableColumns,
  options: TableOptions = {},
): Promise<unknown[]> {
  const folder = await folderWith({ [name]: content });
  return rowsOf((await loadTable(join(folder, name), columns, options)).log);
}

const parquet = async (name: string, columns: TableColumns): Promise<unknown[]> =>
  rowsOf((await loadTable(join(FIXTURES, name), columns)).log);

test('ids of JSON keep every digit', async () => {
  const line = (id: string, item: string): string => `{"user":${id},"item":"${item}","ts":1400000000}\n`;
  const ids = ['90071992547409479', '90071992547409478', '90071992547409480'];
  const loaded = await rows('ids.jsonl', ids.map((id, k) => line(id, `i${k}`)).join(''), TIMED);
  expect(loaded.map((row) => (row as unknown[])[0])).toEqual(ids);
  await expect(rows('float.jsonl', line('9.0071992547409479e16', 'a'), TIMED)).rejects.toThrow(
    /float\.jsonl:1:1: Expected a user id in "user" to the last digit/,
  );
});

test('a TSV has no quotes unless asked for, and one that never closes costs linear time', async () => {
  const lines = Array.from({ length: 1000 }, (_, k) =>
    [
      `u${k}`,
      `i${k}`,
      k === 10 ? '"Weird Al live' : k === 900 ? '12" single' : `title ${k}`,
      1_400_000_000 + k,
    ].join('\t'),
  );
  const text = ['user\titem\ttitle\tts', ...lines].join('\n');
  expect(await rows('swallow.tsv', text, TIMED)).toHaveLength(1000);
  const stray = Array.from(
    { length: 200_000 },
    (_, k) => `u${k % 50},i${k % 70},${k === 1 ? '"' : ''}t,${k}`,
  );
  await expect(rows('stray.csv', ['user,item,title,ts', ...stray].join('\n'), TIMED)).rejects.toThrow(
    /stray\.csv:3:1: Expected a closing quote, but received the end of the file\..* quote: false/,
  );
  await expect(
    rows('stray.csv', ['user,item,title,ts', ...stray].join('\n'), TIMED, { maxLineBytes: 10_000 }),
  ).rejects.toThrow(/Expected a closing quote, but received none within 10,000 bytes/);
});

test('inches and open quotes are plain characters of a TSV', async () => {
  const quotes2 = 'user\titem\ttitle\nu1\ti1\t"The best\nu2\ti2\tplain\nu3\ti3\tof all"\nu4\ti4\tx\n';
  const quotes3 = 'user\titem\ttitle\nu1\ti1\tTV 32" black\nu2\ti2\tplain\nu3\ti3\tTV 40" white\nu4\ti4\tx\n';
  for (const text of [quotes2, quotes3]) expect(await rows('quotes.tsv', text, PLAIN)).toHaveLength(4);
  const inTitle = await rows('quotes.tsv', quotes3, { user: 'user', item: 'title' });
  expect(inTitle[0]).toEqual(['u1', 'TV 32" black']);
  const csv = quotes3.replaceAll('\t', ',');
  await expect(rows('quotes.csv', csv, PLAIN)).rejects.toThrow(/quotes\.csv:2:1: .* quote: false/);
  expect(await rows('quotes.csv', csv, PLAIN, { quote: false })).toHaveLength(4);
});

test('records that span lines are counted, so that a swallowing quote is seen', async () => {
  const folder = await folderWith({ 'a.csv': 'user,item,title\nu1,i1,"The best\nu2,i2,of all"\nu3,i3,x\n' });
  const { log, reading } = await loadTable(join(folder, 'a.csv'), PLAIN);
  expect(log.length).toBe(2);
  expect(reading?.notes).toEqual([
    expect.stringMatching(/1 records of .* span several lines, the longest 2 lines from line 2/),
  ]);
});

test('backslash escapes, as MySQL writes them', async () => {
  const columns = { user: 'User-ID', item: 'ISBN', rating: 'Book-Rating' };
  const bx = '"User-ID";"ISBN";"Book-Rating"\n"276726";"0155061224";"5"\n"276727";"\\"0446520802";"0"\n';
  expect(await rows('bx.csv', bx, columns, { delimiter: ';', escape: '\\' })).toEqual([
    ['276726', '0155061224', 5],
    ['276727', '"0446520802', 0],
  ]);
  const bx2 =
    '"User-ID";"ISBN";"Title";"Book-Rating"\n"1";"a";"Adventures with the Real \\"Peterman\\"; in Life";"5"\n"2";"b";"x";"4"\n';
  expect(await rows('bx2.csv', bx2, columns, { delimiter: ';', escape: '\\' })).toEqual([
    ['1', 'a', 5],
    ['2', 'b', 4],
  ]);
  await expect(rows('bx.csv', bx, columns, { delimiter: ';' })).rejects.toThrow(/bx\.csv:3:1: .* escape/);
});

test('another encoding is an option, and never a replacement character', async () => {
  const latin1 = Buffer.from('user,item,rating\nJosé,café,4\nJosè,cafè,3\nAna,tea,5\n', 'latin1');
  expect(await rows('a.csv', latin1, { ...PLAIN, rating: 'rating' }, { encoding: 'latin1' })).toEqual([
    ['José', 'café', 4],
    ['Josè', 'cafè', 3],
    ['Ana', 'tea', 5],
  ]);
  await expect(rows('a.csv', latin1, PLAIN)).rejects.toThrow(
    /a\.csv:2:1: Expected an id in UTF-8.* encoding: 'latin1'/,
  );
  await expect(rows('a.csv', latin1, PLAIN, { encoding: 'klingon' })).rejects.toThrow(/"klingon"/);
  const utf16 = Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from('user,item\nЮля,чай\n', 'utf16le')]);
  expect(await rows('a.csv', utf16, PLAIN)).toEqual([['Юля', 'чай']]);
});

test('a time without a zone is UTC on every machine', async () => {
  const zone = process.env.TZ;
  try {
    for (const there of ['America/New_York', 'Asia/Kathmandu', 'UTC']) {
      process.env.TZ = there;
      const text =
        'user,item,ts\nu1,a,2018-03-11 01:30:00\nu1,b,2018-03-11 02:30:00\nu1,c,2018-03-11 03:10:00\n';
      const folder = await folderWith({ 'dst.csv': text });
      const { log } = await loadTable(join(folder, 'dst.csv'), TIMED, { timestampUnit: 'iso' });
      expect(historyOf(log, 'u1')).toEqual(['a', 'b', 'c']);
      expect(
        await rows('t.csv', 'user,item,ts\nu1,a,2018-07-07T22:09:11\nu1,b,2018-07-07T22:09:11Z\n', TIMED),
      ).toEqual([
        ['u1', 'a', 1531001351],
        ['u1', 'b', 1531001351],
      ]);
    }
  } finally {
    if (zone === undefined) delete process.env.TZ;
    else process.env.TZ = zone;
  }
  for (const time of ['04.07.2018', '2018-02-30', '2018-07-07T24:00:00', '2018-7-7', 'July 4, 2018'])
    await expect(
      rows('iso.csv', `user,item,ts\nu,i,"${time}"\n`, TIMED, { timestampUnit: 'iso' }),
    ).rejects.toThrow(/iso\.csv:2:6: Expected a date and time in ISO 8601/);
});

test('every codec of Parquet', async () => {
  const expected = [
    ['1', '10', 4, 1_400_000_000],
    ['1', '11', 5, 1_400_000_001],
    ['2', '10', 3, 1_400_000_002],
  ];
  for (const name of ['polars_zstd.parquet', 'codec_gzip.parquet'])
    expect(await parquet(name, { ...TIMED, rating: 'rating' })).toEqual(expected);
});

test('a user id that is not a number in a Parquet file is refused with its row', async () => {
  await expect(parquet('nanid2.parquet', TIMED)).rejects.toThrow(
    /nanid2\.parquet:2:1: Expected the field "user" .*NaN, which is no id/,
  );
  const { log, reading } = await loadTable(join(FIXTURES, 'nanid2.parquet'), TIMED, { skip: ['no-user'] });
  expect(log.length).toBe(1);
  expect(reading).toMatchObject({ rows: 3, interactions: 1, skipped: { 'no-user': 2 } });
});

test('nested columns of Parquet: positions count the top level, fields are named by path', async () => {
  const expected = [
    ['1', '10', 7],
    ['2', '11', 8],
  ];
  expect(await parquet('nested.parquet', { user: 0, item: 2, timestamp: 4 })).toEqual(expected);
  expect(await parquet('nested.parquet', TIMED)).toEqual(expected);
  expect(await parquet('struct.parquet', { user: 'ev.user', item: 'ev.item', timestamp: 'ev.ts' })).toEqual([
    ['1', '10', 5],
    ['2', '11', 6],
  ]);
  await expect(parquet('struct.parquet', PLAIN)).rejects.toThrow(
    /among ev\.user, ev\.item, ev\.ts, but received "user"/,
  );
  expect(await parquet('map.parquet', TIMED)).toHaveLength(2);
});

test('a column of lists is a sequence', async () => {
  expect(
    await parquet('yambda_seq.parquet', { user: 'uid', item: 'item_id', timestamp: 'timestamp' }),
  ).toEqual([
    ['1', '10', 5],
    ['1', '11', 6],
    ['2', '12', 7],
  ]);
});

test('a folder of parts, with what the names of its folders say', async () => {
  expect(await parquet('dir.parquet', { ...TIMED, rating: 'rating' })).toEqual([
    ['1', '10', 4, 1_400_000_000],
    ['1', '11', 5, 1_400_000_001],
    ['2', '10', 3, 1_400_000_002],
  ]);
  const folder = await folderWith({});
  await expect(loadTable(folder, PLAIN)).rejects.toThrow(
    /a folder of parts of one kind.* a folder without one/,
  );
  await mkdir(join(folder, 'day=2024-01-02'));
  await writeFile(join(folder, 'day=2024-01-02', 'part-0.csv'), 'user,item\na,x\n');
  await writeFile(join(folder, 'day=2024-01-02', 'part-1.csv'), 'user,item\na,y\n');
  await writeFile(join(folder, '_SUCCESS'), '');
  expect(rowsOf((await loadTable(folder, PLAIN)).log)).toEqual([
    ['a', 'x'],
    ['a', 'y'],
  ]);
});

test('microseconds keep their order', async () => {
  const { log } = await loadTable(join(FIXTURES, 'usorder.parquet'), {
    user: 'user_id',
    item: 'item_id',
    timestamp: 'ts',
  });
  expect(historyOf(log, '1')).toEqual(['early', 'late']);
});

test('a user of S3-Rec on two lines is refused with both, or joined when asked', async () => {
  const folder = await folderWith({ 's3dup.txt': '1 a b c\n2\td e\n1 f g\n' });
  const path = join(folder, 's3dup.txt');
  await expect(loadS3RecSequences(path)).rejects.toThrow(/s3dup\.txt:3:1: .*"1", which line 1 has too/);
  const { log, reading } = await loadS3RecSequences(path, { repeatedUsers: 'join' });
  expect(historyOf(log, '1')).toEqual(['a', 'b', 'c', 'f', 'g']);
  expect(historyOf(log, '2')).toEqual(['d', 'e']);
  expect(reading?.notes).toHaveLength(1);
});

test('the header of MovieLens names the columns', async () => {
  const { log } = await loadMovieLensLatest(
    await folderWith({
      'ratings.csv': 'userId,movieId,timestamp,rating\n1,1,964982703,4.0\n1,3,964981247,3.0\n',
      'movies.csv': 'movieId,title,genres\n1,A (1995),Drama\n3,B (1994),Drama\n',
    }),
  );
  expect(rowsOf(log)[0]).toEqual(['1', '1', 4, 964_982_703]);
});

test('blanks around fields are no part of them', async () => {
  const loaded = await rows('spaces.csv', 'user, item, rating, ts\nu1, i1, 4, 100\nu1,i1,5,101\n', {
    ...TIMED,
    rating: 'rating',
  });
  expect(loaded).toEqual([
    ['u1', 'i1', 4, 100],
    ['u1', 'i1', 5, 101],
  ]);
  expect(await rows('a.jsonl', '{"user":" u1","item":"i1 "}\n', PLAIN)).toEqual([['u1', 'i1']]);
});

test('Python literals: the metadata of Amazon 2014, and rows', async () => {
  const folder = await folderWith({
    'az.json':
      '{"reviewerID":"R1","asin":"B1","overall":5.0,"unixReviewTime":1400000000}\n{"reviewerID":"R2","asin":"B2","overall":4.0,"unixReviewTime":1400086400}\n',
    'azmeta.json': gzipSync(
      "{'asin': 'B1', 'title': 'Lotion', 'categories': [['Beauty', 'Skin']], 'price': 3.5, 'related': {'also_bought': ['B2']}}\n{'asin': 'B2', 'title': \"Men's soap\", 'categories': [['Beauty']]}\n",
    ),
  });
  const { catalog } = await loadAmazonReviews(join(folder, 'az.json'), {
    metadata: join(folder, 'azmeta.json'),
  });
  expect(catalog.text.title).toEqual(['Lotion', "Men's soap"]);
  expect(catalog.attributes.categories).toEqual([['Beauty', 'Skin'], ['Beauty']]);
  expect(
    await rows(
      'pydict.json',
      "{'user': 'u1', 'item': 'i1', 'rating': 4.0, 'ts': 100}\n{'user': u'u\\xe9', 'item': 12345678901234567890L, 'rating': True, 'ts': 101}\n",
      {
        ...TIMED,
        rating: 'rating',
      },
    ),
  ).toEqual([
    ['u1', 'i1', 4, 100],
    ['ué', '12345678901234567890', 1, 101],
  ]);
  await expect(rows('pydict.json', "{'user': 'u1', 'item': 'i1\n", PLAIN)).rejects.toThrow(
    /pydict\.json:1:\d+: Expected a literal of Python/,
  );
});

test('a JSON array is read element by element', async () => {
  const array = '[{"user":"u1","item":"i1","t":"a]}\\"["},\n {"user":"u2",\n"item":"i2"}]\n';
  expect(await rows('array.json', array, PLAIN)).toEqual([
    ['u1', 'i1'],
    ['u2', 'i2'],
  ]);
  await expect(rows('array.json', array.slice(0, -2), PLAIN)).rejects.toThrow(
    /array\.json:3:1: Expected a \] at the end/,
  );
  await expect(
    rows('array.json', '[{"user":"u1","item":"i1"}\n{"user":"u2","item":"i2"}]', PLAIN),
  ).rejects.toThrow(/array\.json:2:1: Expected a comma or \]/);
});

test('an array on one line of megabytes is read without a line limit, its elements have one', async () => {
  const elements = Array.from(
    { length: 3000 },
    (_, k) => `{"user":"u${k % 9}","item":"i${k}","note":"${'é'.repeat(500)}"}`,
  );
  const text = `[${elements.join(',')}]`;
  expect(await rows('array.json', text, PLAIN, { maxLineBytes: 2000 })).toHaveLength(3000);
  await expect(rows('array.json', text, PLAIN, { maxLineBytes: 500 })).rejects.toThrow(
    /elements of at most 500 bytes/,
  );
});

test('zip and zstd are unpacked; what is not read says how to', async () => {
  for (const name of ['r.csv.zip', 'r.csv.zst']) {
    const { log } = await loadTable(join(FIXTURES, name), PLAIN);
    expect(log.length, name).toBeGreaterThan(0);
  }
  const xz = Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0, 0, 4]);
  await expect(rows('r.csv.xz', xz, PLAIN)).rejects.toThrow(/an xz file\. Unpack it first: xz -d/);
});
