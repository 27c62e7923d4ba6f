import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { historyEnds, type InteractionLog } from '@palate/core';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { expect, test } from 'vitest';
import {
  loadAmazonReviews,
  loadBookCrossing,
  loadGoodreads,
  loadKuaiRec,
  loadLastFm,
  loadMind,
  loadMovieLens,
  loadRecBole,
  loadSteam,
  loadYambda,
} from '../src/index.js';
import { folderWith } from './files.js';

const rowsOf = (log: InteractionLog): unknown[] =>
  Array.from({ length: log.length }, (_, r) => [
    log.users.idOf(log.user[r] as number),
    log.items.idOf(log.item[r] as number),
    ...(log.rating ? [log.rating[r]] : []),
    ...(log.timeUnit === 'seconds' ? [log.timestamp[r]] : []),
  ]);

test('MovieLens by what lies in the folder', async () => {
  const csv = await folderWith({
    'ratings.csv': 'movieId,userId,rating,timestamp\n11,1,4.0,964982703\n',
    'movies.csv': 'movieId,title,genres\n11,Heat (1995),Crime\n',
  });
  expect(rowsOf((await loadMovieLens(csv)).log)).toEqual([['1', '11', 4, 964_982_703]]);
  const dat = await folderWith({
    'ratings.dat': '1::122::4.5::838985046\n',
    'movies.dat': '122::Boomerang (1992)::Comedy|Romance\n',
  });
  expect(await loadMovieLens(dat)).toMatchObject({ name: 'MovieLens 10M' });
  await expect(loadMovieLens(await folderWith({}))).rejects.toThrow(/u\.data, ratings\.dat or ratings\.csv/);
});

test('Amazon 2023: variants share a product, times are milliseconds', async () => {
  const folder = await folderWith({
    'Gift_Cards.jsonl':
      '{"rating":5.0,"title":"Great","asin":"B00IX1I3G6","parent_asin":"B00IX1I3G7","user_id":"AHZ6","timestamp":1549866158332,"verified_purchase":true}\n',
    'meta_Gift_Cards.jsonl.gz': gzipSync(
      '{"main_category":"Gift Cards","title":"Card","store":"Amazon","description":["a","b"],"categories":["Gift"],"parent_asin":"B00IX1I3G7"}\n',
    ),
  });
  const { log, catalog, reading } = await loadAmazonReviews(folder);
  expect(rowsOf(log)).toEqual([['AHZ6', 'B00IX1I3G7', 5, 1_549_866_158.332]]);
  expect(reading?.timestampUnit).toBe('milliseconds');
  expect(catalog.itemText(0, ['title', 'brand', 'description', 'categories'])).toBe(
    'Card. Amazon. a b. Gift',
  );
});

test('Amazon tables of ratings: 2014 begins with the user, 2018 with the product, 2023 has a header', async () => {
  const expected = [['A2SUAM1J3GNN3B', '0000013714', 5, 1_353_456_000]];
  for (const text of [
    'A2SUAM1J3GNN3B,0000013714,5.0,1353456000\n',
    '0000013714,A2SUAM1J3GNN3B,5.0,1353456000\n',
    'user_id,parent_asin,rating,timestamp\nA2SUAM1J3GNN3B,0000013714,5.0,1353456000000\n',
  ]) {
    const folder = await folderWith({ 'ratings.csv': text });
    expect(rowsOf((await loadAmazonReviews(join(folder, 'ratings.csv'))).log)).toEqual(expected);
  }
});

test('RecBole atomic files: fields with types, token sequences, item and user files', async () => {
  const folder = await folderWith({
    'ml.inter':
      'user_id:token\titem_id:token\trating:float\ttimestamp:float\n196\t242\t3\t881250949\n186\t302\t3.5\t891717742\n',
    'ml.item':
      'item_id:token\tmovie_title:token_seq\trelease_year:token\tclass:token_seq\n242\tKolya "x\t1996\tComedy Drama\n302\tL.A. Confidential\t\tCrime\n',
    'ml.user': 'user_id:token\tage:float\tgender:token\n196\t49\tM\n186\t\tF\n',
  });
  const { log, catalog, users } = await loadRecBole(folder);
  expect(rowsOf(log)).toEqual([
    ['196', '242', 3, 881_250_949],
    ['186', '302', 3.5, 891_717_742],
  ]);
  expect(catalog.text.title).toEqual(['Kolya "x', 'L.A. Confidential']);
  expect(catalog.attributes).toMatchObject({
    class: [['Comedy', 'Drama'], ['Crime']],
    release_year: ['1996', undefined],
  });
  expect(users?.attributes).toEqual({ age: [49, undefined], gender: ['M', 'F'] });
  const sequences = await folderWith({
    's.inter': 'user_id:token\titem_id_list:token_seq\n1\ta b c\n2\td\n',
  });
  const sequence = (await loadRecBole(sequences)).log;
  expect(rowsOf(sequence)).toEqual([
    ['1', 'a'],
    ['1', 'b'],
    ['1', 'c'],
    ['2', 'd'],
  ]);
  await expect(loadRecBole(await folderWith({ 'x.inter': 'user_id\titem_id\n1\t2\n' }))).rejects.toThrow(
    /x\.inter:1:1: Expected a header of RecBole/,
  );
});

const MIND_LINES = [
  '1\tU1\t11/15/2019 8:55:22 AM\tN9 N8\tN1-0 N2-1 N3-0',
  '2\tU1\t11/15/2019 12:05:00 PM\tN9 N8\tN4-1',
  '3\tU2\t11/14/2019 12:00:01 AM\t\tN1-1 N4-0',
];

test('MIND is a click log: what an impression showed is no history of the rest of it', async () => {
  const folder = await folderWith({
    'behaviors.tsv': `${MIND_LINES.join('\n')}\n`,
    'news.tsv': 'N1\tsports\tgolf\tA "title\tWords.\turl\t[]\t[]\nN2\tnews\tus\tOther\t\turl\t[]\t[]\n',
  });
  const { log, catalog, reading } = await loadMind(folder);
  const morning = Date.UTC(2019, 10, 15, 8, 55, 22) / 1000;
  expect(rowsOf(log)).toEqual([
    ['U1', 'N1', 0, morning],
    ['U1', 'N2', 1, morning],
    ['U1', 'N3', 0, morning],
    ['U1', 'N4', 1, Date.UTC(2019, 10, 15, 12, 5, 0) / 1000],
    ['U2', 'N1', 1, Date.UTC(2019, 10, 14, 0, 0, 1) / 1000],
    ['U2', 'N4', 0, Date.UTC(2019, 10, 14, 0, 0, 1) / 1000],
    ['U1', 'N9', 1, morning - 2],
    ['U1', 'N8', 1, morning - 1],
  ]);
  expect(Array.from(log.request ?? [])).toEqual([0, 0, 0, 1, 2, 2, -1, -1]);
  expect(Array.from(historyEnds(log))).toEqual([0, 1, 2, 2, 2, 5, 6, 6]);
  expect(catalog.text.title).toContain('A "title');
  expect(reading?.notes).toEqual([expect.stringMatching(/^2 clicks of the histories have no times/)]);
  const without = await loadMind([folder, folder], { history: 'leave-out' });
  expect(without.reading?.skipped).toEqual({ 'click of the history, without time': 2 });
  expect(new Set(without.log.request).size).toBe(6);
});

test('MIND without clicks (its test folder) is refused', async () => {
  const folder = await folderWith({ 'behaviors.tsv': '1\tU1\t11/15/2019 8:55:22 AM\tN9\tN1 N2\n' });
  await expect(loadMind(folder)).rejects.toThrow(/behaviors\.tsv:1:1: .*what was clicked.* test folder/);
  const wrong = await folderWith({ 'behaviors.tsv': '1\tU1\t15/11/2019 8:55:22 AM\tN9\tN1-0\n' });
  await expect(loadMind(wrong)).rejects.toThrow(/behaviors\.tsv:1:1: Expected a time such as/);
});

test('Yambda, flat with kinds of events and sequential', async () => {
  const folder = await folderWith({
    'multi_event.parquet': new Uint8Array(
      parquetWriteBuffer({
        columnData: [
          { name: 'uid', data: [1, 1, 2], type: 'INT32' },
          { name: 'timestamp', data: [5, 10, 15], type: 'INT32' },
          { name: 'item_id', data: [7, 8, 7], type: 'INT32' },
          { name: 'is_organic', data: [1, 0, 1], type: 'INT32' },
          { name: 'event_type', data: ['listen', 'listen', 'like'], type: 'STRING' },
        ],
      }),
    ),
  });
  const { log, reading } = await loadYambda(folder, { organicOnly: true });
  expect(rowsOf(log)).toEqual([['1', '7', 5]]);
  expect(reading?.skipped).toEqual({ 'event_type not listen': 1, 'is_organic not 1 or true': 1 });
  const fixtures = fileURLToPath(new URL('./fixtures/', import.meta.url));
  const sequential = await loadYambda(join(fixtures, 'yambda_seq.parquet'));
  expect(sequential.log.length).toBe(3);
});

test('KuaiRec: rows without a time are left out and counted', async () => {
  const folder = await folderWith({
    'small_matrix.csv':
      'user_id,video_id,play_duration,video_duration,time,date,timestamp,watch_ratio\n14,148,4381,6067,2020-07-05 05:27:48.378,20200705.0,1593898068.378,0.7221\n14,183,11635,6100,,,,1.907377\n',
    'item_categories.csv': 'video_id,feat\n148,"[27, 9]"\n',
  });
  const { log, catalog, reading } = await loadKuaiRec(folder, { matrix: 'small' });
  expect(rowsOf(log)).toEqual([['14', '148', Math.fround(0.7221), 1_593_898_068.378]]);
  expect(reading).toMatchObject({ rows: 2, skipped: { 'no-time': 1 } });
  expect(catalog.attributes.categories).toEqual([['27', '9']]);
  await expect(loadKuaiRec(folder, { matrix: 'small', withoutTime: 'refuse' })).rejects.toThrow(
    /small_matrix\.csv:3:\d+: Expected a time/,
  );
});

test('Last.fm in its three editions', async () => {
  const hetrec = await folderWith({
    'user_artists.dat': 'userID\tartistID\tweight\n2\t51\t13883\n',
    'artists.dat': 'id\tname\turl\tpictureURL\n51\tDuran "Duran\thttp://x\thttp://y\n',
  });
  const first = await loadLastFm(hetrec);
  expect(rowsOf(first.log)).toEqual([['2', '51', 13_883]]);
  expect(first.catalog.text.title).toEqual(['Duran "Duran']);
  const plays = await folderWith({
    'usersha1-artmbid-artname-plays.tsv': 'u1\t3bd7\tbetty blowtorch\t2137\nu1\t\tdie Ärzte\t1099\n',
  });
  expect(rowsOf((await loadLastFm(plays)).log)).toEqual([
    ['u1', '3bd7', 2137],
    ['u1', 'die Ärzte', 1099],
  ]);
  const events = await folderWith({
    'userid-timestamp-artid-artname-traid-traname.tsv':
      'user_000001\t2009-05-04T23:08:57Z\tf1b1\tDeep Dish\t\tFuck Me Im Famous\n',
  });
  const track = await loadLastFm(events, { item: 'track' });
  expect(rowsOf(track.log)).toEqual([
    ['user_000001', 'Fuck Me Im Famous', Date.UTC(2009, 4, 4, 23, 8, 57) / 1000],
  ]);
});

test('Steam: Python literals with lists, recommendations with days, reviews with hours', async () => {
  const items = await folderWith({
    'australian_users_items.json.gz': gzipSync(
      "{'user_id': '765', 'items_count': 2, 'items': [{'item_id': '10', 'item_name': \"Tom Clancy's\", 'playtime_forever': 6, 'playtime_2weeks': 0}, {'item_id': '20', 'item_name': 'Team', 'playtime_forever': 0, 'playtime_2weeks': 0}]}\n",
    ),
  });
  const played = await loadSteam(items);
  expect(rowsOf(played.log)).toEqual([
    ['765', '10', 6],
    ['765', '20', 0],
  ]);
  expect(played.catalog.text.title).toEqual(["Tom Clancy's", 'Team']);
  const reviews = await folderWith({
    'australian_user_reviews.json':
      "{'user_id': '765', 'reviews': [{'posted': 'Posted November 5, 2011.', 'item_id': '1250', 'recommend': True}, {'posted': 'Posted July 3.', 'item_id': '30', 'recommend': False}]}\n",
    'steam_games.json':
      "{u'id': u'1250', u'app_name': u'Killing Floor', u'genres': [u'Action'], u'tags': [u'FPS']}\n",
  });
  const recommended = await loadSteam(reviews);
  expect(rowsOf(recommended.log)).toEqual([['765', '1250', 1, Date.UTC(2011, 10, 5) / 1000]]);
  expect(recommended.reading?.skipped).toEqual({ 'no-time': 1 });
  expect(recommended.catalog.text.title).toEqual(['Killing Floor']);
  const hours = await folderWith({
    'steam_reviews.json.gz': gzipSync(
      "{u'username': u'Chaos', u'hours': 0.1, u'product_id': u'725280', u'date': u'2017-12-17', u'text': u'x'}\n",
    ),
  });
  expect(rowsOf((await loadSteam(hours)).log)).toEqual([
    ['Chaos', '725280', Math.fround(0.1), Date.UTC(2017, 11, 17) / 1000],
  ]);
  const kaggle = await folderWith({
    'steam-200k.csv':
      '151603712,"The Elder Scrolls V Skyrim",purchase,1.0,0\n151603712,"The Elder Scrolls V Skyrim",play,273.0,0\n',
  });
  expect(rowsOf((await loadSteam(kaggle)).log)).toEqual([['151603712', 'The Elder Scrolls V Skyrim', 273]]);
});

test('Book-Crossing: ISO 8859-1, backslash escapes, 0 is no rating', async () => {
  const folder = await folderWith({
    'BX-Book-Ratings.csv':
      '"User-ID";"ISBN";"Book-Rating"\n"276725";"034545104X";"0"\n"276726";"0155061224";"5"\n',
    'BX-Books.csv': Buffer.from(
      '"ISBN";"Book-Title";"Book-Author";"Year-Of-Publication";"Publisher"\n"0155061224";"Peterman: \\"Real\\"; Café";"J. P";"2001";"H"\n"0155061224";"Again";"";"0";""\n',
      'latin1',
    ),
    'BX-Users.csv': '"User-ID";"Location";"Age"\n"276726";"seattle, usa";NULL\n',
  });
  const { log, catalog, users, reading } = await loadBookCrossing(folder);
  expect(rowsOf(log)).toEqual([['276726', '0155061224', 5]]);
  expect(catalog.text.title).toEqual(['Peterman: "Real"; Café']);
  expect(users?.attributes).toEqual({ location: ['seattle, usa'], age: [undefined] });
  expect(reading?.skipped).toEqual({ 'rated 0, which means not rated': 1 });
  expect((await loadBookCrossing(folder, { unrated: 'implicit' })).log).toMatchObject({
    length: 2,
    rating: undefined,
  });
});

test('Goodreads: dates with their zone, unrated and undated rows are counted', async () => {
  const line = (book: string, rating: number, added: string): string =>
    `${JSON.stringify({ user_id: 'u', book_id: book, is_read: true, rating, date_added: added, read_at: '' })}\n`;
  const folder = await folderWith({
    'goodreads_interactions_poetry.json.gz': gzipSync(
      line('1', 4, 'Sat Jul 30 07:45:10 -0700 2011') +
        line('2', 0, 'Sat Jul 30 07:45:10 -0700 2011') +
        line('3', 5, ''),
    ),
    'goodreads_books_poetry.json': `${JSON.stringify({ book_id: '1', title: 'Odes', publication_year: '1999', popular_shelves: [{ count: '3', name: 'poetry' }] })}\n`,
  });
  const { log, catalog, reading } = await loadGoodreads(folder);
  expect(rowsOf(log)).toEqual([['u', '1', 4, Date.UTC(2011, 6, 30, 14, 45, 10) / 1000]]);
  expect(reading?.skipped).toEqual({ 'no-time': 1, 'rated 0, which means not rated': 1 });
  expect([catalog.text.title, catalog.attributes.year, catalog.attributes.shelves]).toEqual([
    ['Odes'],
    [1999],
    [['poetry']],
  ]);
  const undated = await folderWith({});
  await mkdir(join(undated, 'csv'));
  await writeFile(
    join(undated, 'csv', 'goodreads_interactions.csv'),
    'user_id,book_id,is_read,rating,is_reviewed\n0,948,1,5,0\n0,947,0,0,0\n',
  );
  expect(rowsOf((await loadGoodreads(undated)).log)).toEqual([['0', '948', 5]]);
});
