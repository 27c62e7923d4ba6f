import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import {
  findDatasets,
  loadAmazonReviews,
  loadMovieLens1m,
  loadMovieLens100k,
  loadMovieLensLatest,
  loadMovieTweetings,
  loadS3RecSequences,
} from '../src/index.js';
import { folderWith } from './files.js';

test('MovieTweetings: ratings and films', async () => {
  const folder = await folderWith({
    'ratings.dat': '1::0114508::8::1381006850\n1::0499549::0::1381620027\n2::0114508::7::1380819288\n',
    'movies.dat.gz': gzipSync(
      '0114508::Species (1995)::Action|Horror|Sci-Fi\n0499549::Avatar (2009)::\n0000001::Unseen (1990)::Short\n',
    ),
  });
  const { log, catalog } = await loadMovieTweetings(folder);
  expect([...log.items]).toEqual(['0114508', '0499549']);
  expect(Array.from(log.rating ?? [])).toEqual([8, 0, 7]);
  expect(catalog.attributes.genres).toEqual([['Action', 'Horror', 'Sci-Fi'], []]);
  expect(catalog.attributes.year).toEqual([1995, 2009]);
});

test('MovieTweetings: a missing table and a film twice are errors', async () => {
  await expect(loadMovieTweetings(await folderWith({ 'movies.dat': '1::A::\n' }))).rejects.toThrow(
    /ratings\.dat.* \(plain or \.gz\), but received nothing there/,
  );
  await expect(
    loadMovieTweetings(
      await folderWith({
        'ratings.dat': '1::2::3::4\n',
        'movies.dat': '2::A (1999)::Drama\n3::B::Drama\n2::A::\n',
      }),
    ),
  ).rejects.toThrow(/movies\.dat:3:1: Expected every item once, but received "2", which line 1 has too/);
});

test('MovieLens 100K: latin-1 titles, genre flags, users', async () => {
  const flags = Array.from({ length: 19 }, (_, k) => (k === 1 || k === 15 ? 1 : 0)).join('|');
  const folder = await folderWith({
    'u.data': '196\t242\t3\t881250949\n',
    'u.item': Buffer.from(`242|Misérables, Les (1995)|01-Jan-1995||http://x|${flags}\n`, 'latin1'),
    'u.user': '196|49|M|writer|55105\n',
  });
  const { log, catalog, users } = await loadMovieLens100k(folder);
  expect(log.timestamp[0]).toBe(881250949);
  expect(catalog.itemText(0, ['title', 'genres'])).toBe('Misérables, Les (1995). Action, Sci-Fi');
  expect(users?.attributes).toEqual({ age: [49], gender: ['M'], occupation: ['writer'], zip: ['55105'] });
});

test('MovieLens 1M: the original file and the time-ordered one', async () => {
  const tables = {
    'movies.dat': '1::Toy Story (1995)::Animation|Comedy\n',
    'users.dat': '1::F::1::10::48067\n',
  };
  const original = await loadMovieLens1m(
    await folderWith({ ...tables, 'ratings.dat': '1::1::5::978824268\n' }),
  );
  expect(original.log.timeUnit).toBe('seconds');
  expect(original.users?.attributes.age).toEqual([1]);
  const ordered = await loadMovieLens1m(
    await folderWith({
      ...tables,
      'ratings_time_ordered.tsv.gz': gzipSync('user_id\tmovie_id\trating\tposition\n1\t1\t5\t0\n'),
    }),
  );
  expect(ordered.log.timeUnit).toBe('position');
  expect(Array.from(ordered.log.rating ?? [])).toEqual([5]);
});

test('MovieLens latest: CSV with quoted titles', async () => {
  const { log, catalog } = await loadMovieLensLatest(
    await folderWith({
      'ratings.csv': 'userId,movieId,rating,timestamp\n1,11,4.0,964982703\n1,64,0.5,964981247\n',
      'movies.csv':
        'movieId,title,genres\n11,"American President, The (1995)",Comedy|Drama\n64,"Say ""Hi"" (1996)",(no genres listed)\n',
    }),
  );
  expect(catalog.text.title).toEqual(['American President, The (1995)', 'Say "Hi" (1996)']);
  expect(catalog.attributes.genres).toEqual([['Comedy', 'Drama'], []]);
  expect(Array.from(log.rating ?? [])).toEqual([4, 0.5]);
});

test('S3-Rec sequences: order is time, item text joins by id', async () => {
  const folder = await folderWith({
    'Beauty.txt': '1 1 2 3\n2 3 1\n',
    'items.jsonl':
      '{"item_id":1,"title":"Soap","brand":"B","categories":["Beauty","Soap"],"price":3.5}\n{"item_id":3}\n',
    'broken.txt': '1 1 2\n7\n',
  });
  const { log, catalog } = await loadS3RecSequences(join(folder, 'Beauty.txt'), {
    items: join(folder, 'items.jsonl'),
  });
  expect(Array.from(log.history(log.users.indexOf('2')), (item) => log.items.idOf(item))).toEqual(['3', '1']);
  expect(log.timeUnit).toBe('position');
  expect(catalog.itemText(log.items.indexOf('1'), ['title', 'brand', 'categories', 'price'])).toBe(
    'Soap. B. Beauty, Soap. 3.5',
  );
  expect(catalog.itemText(log.items.indexOf('2'), ['title', 'brand'])).toBe('');
  await expect(loadS3RecSequences(join(folder, 'broken.txt'))).rejects.toThrow(
    /broken\.txt:2:1: Expected a user and at least one item/,
  );
});

test('Amazon reviews: ratings and times without the review text; the first metadata entry stands', async () => {
  const folder = await folderWith({
    'reviews.json':
      '{"reviewerID":"A1","asin":"B1","overall":5.0,"unixReviewTime":1529193600,"reviewText":"Great"}\n',
    'meta.json.gz': gzipSync(
      '{"asin":"B1","title":"Card","brand":"X","description":["a","b"],"category":["Gift","Gift"]}\n{"asin":"B1","title":"Other"}\n',
    ),
    'bad.json': '{"reviewerID":"A1","asin":"B1","unixReviewTime":1}\n',
  });
  const { log, catalog } = await loadAmazonReviews(join(folder, 'reviews.json'), {
    metadata: join(folder, 'meta.json.gz'),
  });
  expect([log.rating?.[0], log.timestamp[0]]).toEqual([5, 1529193600]);
  expect(catalog.itemText(0, ['title', 'brand', 'description', 'categories'])).toBe('Card. X. a b. Gift');
  expect(catalog.fields).not.toContain('reviewText');
  await expect(loadAmazonReviews(join(folder, 'bad.json'))).rejects.toThrow(
    /bad\.json:1:1: Expected the field "overall"/,
  );
});

test('data sets are found in their usual places and loaded when wanted', async () => {
  const folder = await folderWith({});
  await mkdir(join(folder, 'amazon-beauty'));
  await mkdir(join(folder, 'ml-latest-small'));
  await writeFile(join(folder, 'amazon-beauty', 'Beauty.txt'), '1 1 2 3\n');
  await writeFile(
    join(folder, 'ml-latest-small', 'ratings.csv'),
    'userId,movieId,rating,timestamp\n1,11,4.0,964982703\n',
  );
  await writeFile(
    join(folder, 'ml-latest-small', 'movies.csv'),
    'movieId,title,genres\n11,Heat (1995),Crime\n',
  );
  const found = await findDatasets(folder);
  expect(found.map(({ key }) => key)).toEqual(['ml-latest', 'beauty']);
  expect((await found[1]?.load())?.log.length).toBe(3);
  expect((await found[0]?.load())?.catalog.text.title).toEqual(['Heat (1995)']);
  expect(await findDatasets(join(folder, 'nowhere'))).toEqual([]);
});
