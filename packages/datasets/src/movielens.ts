import { join } from 'node:path';
import { createDataset, type Dataset, IdMap, type LongCallOptions, type UserTable } from '@palate/core';
import { readDelimited } from './delimited.js';
import { existing } from './existing-file.js';
import { readFilmTable, splitGenres } from './film-table.js';
import { readTextLines } from './read-lines.js';

const LICENCE = 'MovieLens terms of use: research only, no redistribution without permission';
const SOURCE =
  'F. M. Harper, J. A. Konstan. The MovieLens Datasets: History and Context. ACM TiiS 5(4), 2015. https://grouplens.org/datasets/movielens/';

/** Genres of `u.item` in the order of its flags. */
const GENRES_100K = [
  'unknown',
  'Action',
  'Adventure',
  'Animation',
  "Children's",
  'Comedy',
  'Crime',
  'Documentary',
  'Drama',
  'Fantasy',
  'Film-Noir',
  'Horror',
  'Musical',
  'Mystery',
  'Romance',
  'Sci-Fi',
  'Thriller',
  'War',
  'Western',
];

async function readUserTable(
  path: string,
  delimiter: string,
  names: readonly string[],
  options: LongCallOptions,
): Promise<UserTable> {
  const lines = await readTextLines(path, options, 'auto');
  const rows = lines.map(({ text }) => text.split(delimiter));
  const column = (k: number): (string | number)[] =>
    rows.map((row) => (names[k] === 'age' ? Number(row[k + 1]) : (row[k + 1] ?? '')));
  return {
    users: new IdMap(
      rows.map((row) => row[0] as string),
      'user',
    ),
    attributes: Object.fromEntries(names.map((name, k) => [name, column(k)])),
  };
}

async function isThere(path: string): Promise<boolean> {
  return existing(path).then(
    () => true,
    () => false,
  );
}

/**
 * Reads MovieLens 100K: `u.data`, `u.item` and `u.user`.
 *
 * @param dir - the unpacked folder
 * @throws ParseError naming file, line and column of what is malformed
 */
export async function loadMovieLens100k(dir: string, options: LongCallOptions = {}): Promise<Dataset> {
  const log = await readDelimited(
    await existing(join(dir, 'u.data')),
    {
      delimiter: '\t',
      columns: { user: 0, item: 1, rating: 2, timestamp: 3 },
      header: false,
      timestampUnit: 'seconds',
    },
    options,
  );
  const catalog = await readFilmTable(
    await existing(join(dir, 'u.item')),
    {
      delimiter: '|',
      id: 0,
      title: 1,
      genres: (fields) => GENRES_100K.filter((_, k) => fields[5 + k] === '1'),
    },
    options,
  );
  const users = await readUserTable(
    await existing(join(dir, 'u.user')),
    '|',
    ['age', 'gender', 'occupation', 'zip'],
    options,
  );
  return createDataset({ name: 'MovieLens 100K', log, catalog, users, licence: LICENCE, source: SOURCE });
}

/**
 * Reads MovieLens 1M: the original `ratings.dat` with times, or the form that keeps only each user's order
 * (`ratings_time_ordered.tsv`, columns user_id, movie_id, rating, position), beside `movies.dat` and `users.dat`.
 *
 * @param dir - the unpacked folder; the tables may also lie in its subfolders `derived` and `orig`
 * @throws ParseError naming file, line and column of what is malformed
 */
export async function loadMovieLens1m(dir: string, options: LongCallOptions = {}): Promise<Dataset> {
  const original = join(dir, 'ratings.dat');
  const log = (await isThere(original))
    ? await readDelimited(
        await existing(original),
        {
          delimiter: '::',
          columns: { user: 0, item: 1, rating: 2, timestamp: 3 },
          header: false,
          timestampUnit: 'seconds',
        },
        options,
      )
    : await readDelimited(
        await existing(
          join(dir, 'ratings_time_ordered.tsv'),
          join(dir, 'derived', 'ratings_time_ordered.tsv'),
          original,
        ),
        {
          delimiter: '\t',
          columns: { user: 0, item: 1, rating: 2, timestamp: 3 },
          header: true,
          timestampUnit: 'position',
        },
        options,
      );
  const catalog = await readFilmTable(
    await existing(join(dir, 'movies.dat'), join(dir, 'orig', 'movies.dat')),
    { delimiter: '::', id: 0, title: 1, genres: (fields) => splitGenres(fields[2]) },
    options,
  );
  const users = await readUserTable(
    await existing(join(dir, 'users.dat'), join(dir, 'orig', 'users.dat')),
    '::',
    ['gender', 'age', 'occupation', 'zip'],
    options,
  );
  return createDataset({ name: 'MovieLens 1M', log, catalog, users, licence: LICENCE, source: SOURCE });
}

/**
 * Reads a MovieLens "latest" folder: `ratings.csv` and `movies.csv`.
 *
 * @param dir - the unpacked folder
 * @throws ParseError naming file, line and column of what is malformed
 */
export async function loadMovieLensLatest(dir: string, options: LongCallOptions = {}): Promise<Dataset> {
  const log = await readDelimited(
    await existing(join(dir, 'ratings.csv')),
    {
      delimiter: ',',
      columns: { user: 0, item: 1, rating: 2, timestamp: 3 },
      header: true,
      timestampUnit: 'seconds',
    },
    options,
  );
  const catalog = await readFilmTable(
    await existing(join(dir, 'movies.csv')),
    { delimiter: ',', id: 0, title: 1, genres: (fields) => splitGenres(fields[2]), csv: true },
    options,
  );
  return createDataset({ name: 'MovieLens latest', log, catalog, licence: LICENCE, source: SOURCE });
}
