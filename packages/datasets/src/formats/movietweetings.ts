import { join } from 'node:path';
import { createDataset, type Dataset, type LongCallOptions } from '@palate/core';
import { existing } from '../files/existing-file.js';
import { LogBuilder } from '../tables/log-builder.js';
import { readTableInto } from '../tables/table-reader.js';
import { readFilmTable, splitGenres } from './film-table.js';

/**
 * Reads MovieTweetings (Dooms, De Pessemier and Martens 2013): `ratings.dat` and `movies.dat` of one snapshot.
 * Ratings run from 0 to 10; item ids are IMDb numbers. The file is sorted by user and film, so a user's ratings
 * at the same second are in order of film id.
 *
 * @param dir - folder with the two files, plain or gzipped (`ratings.dat.gz`)
 * @throws ParseError naming file, line and column of what is malformed
 */
export async function loadMovieTweetings(dir: string, options: LongCallOptions = {}): Promise<Dataset> {
  const path = await existing(join(dir, 'ratings.dat'));
  const builder = new LogBuilder({ hasRating: true, unit: 'seconds' });
  await readTableInto(
    builder,
    path,
    { user: 0, item: 1, rating: 2, timestamp: 3 },
    { ...options, format: 'csv', delimiter: '::', quote: false, header: false },
  );
  const { log, reading } = builder.build(path);
  const catalog = await readFilmTable(
    await existing(join(dir, 'movies.dat')),
    { delimiter: '::', id: 0, title: 1, genres: (row) => splitGenres(row.get(2)) },
    options,
  );
  return createDataset({
    name: 'MovieTweetings',
    log,
    catalog,
    reading,
    licence: 'MIT',
    source:
      'S. Dooms, T. De Pessemier, L. Martens. MovieTweetings: a Movie Rating Dataset Collected From Twitter. CrowdRec at RecSys 2013. https://github.com/sidooms/MovieTweetings',
  });
}
