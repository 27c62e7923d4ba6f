import { basename } from 'node:path';
import {
  createDataset,
  type Dataset,
  InteractionLog,
  type LongCallOptions,
  type UserTable,
} from '@palate/core';
import { findFile, needFile } from '../files/find-file.js';
import { EntityBuilder, optionalNumber } from '../tables/entity-builder.js';
import { readEntityTable } from '../tables/entity-table.js';
import { LogBuilder } from '../tables/log-builder.js';
import type { TableColumns } from '../tables/table-columns.js';
import { readTableInto } from '../tables/table-reader.js';
import { readFilmTable, splitGenres } from './film-table.js';

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
  const users = new EntityBuilder('user', [], names);
  await readEntityTable(
    path,
    { delimiter, quote: false, header: false, needed: [0] },
    (row) =>
      users.add(
        row.get(0) ?? '',
        row.at,
        Object.fromEntries(
          names.map((name, k) => [
            name,
            name === 'age' ? optionalNumber(row.get(k + 1)) : (row.get(k + 1) ?? ''),
          ]),
        ),
      ),
    { ...options, notUtf8: 'latin1' },
  );
  return users.users();
}

const BY_POSITION: TableColumns = { user: 0, item: 1, rating: 2, timestamp: 3 };

async function readRatings(
  path: string,
  columns: TableColumns,
  layout: { readonly delimiter: string; readonly header: boolean; readonly quote?: string },
  options: LongCallOptions,
): Promise<ReturnType<LogBuilder['build']>> {
  const builder = new LogBuilder({ hasRating: true, unit: 'seconds', names: { ...columns } });
  await readTableInto(builder, path, columns, {
    ...options,
    ...layout,
    quote: layout.quote ?? false,
    format: 'csv',
  });
  return builder.build(path);
}

/** The form of 1M without times: each user's positions order the rows, wherever they are in the file. */
async function readOrder(path: string, options: LongCallOptions): Promise<ReturnType<LogBuilder['build']>> {
  const { log, reading } = await readRatings(
    path,
    { user: 'user_id', item: 'movie_id', rating: 'rating', timestamp: 'position' },
    { delimiter: '\t', header: true },
    options,
  );
  const { users, items, user, item, timestamp, rating } = log;
  return {
    log: new InteractionLog({
      users,
      items,
      user,
      item,
      timestamp,
      timeUnit: 'position',
      rating,
    }),
    reading: { ...reading, timestampUnit: 'position' },
  };
}

/**
 * Reads a MovieLens folder as it was downloaded, whichever it is: 100K (`u.data`), 1M and 10M (`ratings.dat`), or 20M,
 * 25M, 32M and "latest" (`ratings.csv`, whose header names the columns).
 *
 * @param dir - the unpacked folder
 * @throws ParseError naming file, line and column of what is malformed
 */
export async function loadMovieLens(dir: string, options: LongCallOptions = {}): Promise<Dataset> {
  if (await findFile(dir, /^u\.data$/)) return loadMovieLens100k(dir, options);
  if (await findFile(dir, /^ratings\.csv$/)) return loadMovieLensLatest(dir, options);
  await needFile(dir, 'u.data, ratings.dat or ratings.csv', /^ratings\.dat$/, /^ratings_time_ordered\.tsv$/);
  return loadMovieLens1m(dir, options);
}

/**
 * Reads MovieLens 100K: `u.data`, `u.item` and `u.user`.
 *
 * @param dir - the unpacked folder
 * @throws ParseError naming file, line and column of what is malformed
 */
export async function loadMovieLens100k(dir: string, options: LongCallOptions = {}): Promise<Dataset> {
  const { log, reading } = await readRatings(
    await needFile(dir, 'u.data', /^u\.data$/),
    BY_POSITION,
    { delimiter: '\t', header: false },
    options,
  );
  const catalog = await readFilmTable(
    await needFile(dir, 'u.item', /^u\.item$/),
    {
      delimiter: '|',
      id: 0,
      title: 1,
      genres: (row) => GENRES_100K.filter((_, k) => row.get(5 + k) === '1'),
    },
    options,
  );
  const users = await readUserTable(
    await needFile(dir, 'u.user', /^u\.user$/),
    '|',
    ['age', 'gender', 'occupation', 'zip'],
    options,
  );
  return createDataset({
    name: 'MovieLens 100K',
    log,
    catalog,
    users,
    licence: LICENCE,
    source: SOURCE,
    reading,
  });
}

/**
 * Reads MovieLens 1M or 10M: the original `ratings.dat` with times, or the form of 1M that keeps only each user's order
 * (`ratings_time_ordered.tsv`, columns user_id, movie_id, rating, position), beside `movies.dat` and, in 1M, `users.dat`.
 *
 * @param dir - the unpacked folder; the tables may also lie in its subfolders
 * @throws ParseError naming file, line and column of what is malformed
 */
export async function loadMovieLens1m(dir: string, options: LongCallOptions = {}): Promise<Dataset> {
  const original = await findFile(dir, /^ratings\.dat$/);
  const { log, reading } =
    original === undefined
      ? await readOrder(
          await needFile(dir, 'ratings.dat or ratings_time_ordered.tsv', /^ratings_time_ordered\.tsv$/),
          options,
        )
      : await readRatings(original, BY_POSITION, { delimiter: '::', header: false }, options);
  const catalog = await readFilmTable(
    await needFile(dir, 'movies.dat', /^movies\.dat$/),
    { delimiter: '::', id: 0, title: 1, genres: (row) => splitGenres(row.get(2)) },
    options,
  );
  const userFile = await findFile(dir, /^users\.dat$/);
  return createDataset({
    name: userFile === undefined ? 'MovieLens 10M' : 'MovieLens 1M',
    log,
    catalog,
    ...(userFile === undefined
      ? {}
      : { users: await readUserTable(userFile, '::', ['gender', 'age', 'occupation', 'zip'], options) }),
    licence: LICENCE,
    source: SOURCE,
    reading,
  });
}

/**
 * Reads a MovieLens folder in CSV ("latest", 20M, 25M, 32M): `ratings.csv` and `movies.csv`, by the names of their
 * headers.
 *
 * @param dir - the unpacked folder
 * @throws ParseError naming file, line and column of what is malformed
 */
export async function loadMovieLensLatest(dir: string, options: LongCallOptions = {}): Promise<Dataset> {
  const { log, reading } = await readRatings(
    await needFile(dir, 'ratings.csv', /^ratings\.csv$/),
    { user: 'userId', item: 'movieId', rating: 'rating', timestamp: 'timestamp' },
    { delimiter: ',', header: true, quote: '"' },
    options,
  );
  const catalog = await readFilmTable(
    await needFile(dir, 'movies.csv', /^movies\.csv$/),
    {
      delimiter: ',',
      id: 'movieId',
      title: 'title',
      genres: (row) => splitGenres(row.get('genres')),
      csv: true,
    },
    options,
  );
  const size = /^ml-(20m|25m|32m)$/i.exec(basename(dir))?.[1]?.toUpperCase();
  return createDataset({
    name: size === undefined ? 'MovieLens latest' : `MovieLens ${size}`,
    log,
    catalog,
    licence: LICENCE,
    source: SOURCE,
    reading,
  });
}
