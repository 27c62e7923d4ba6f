import { basename } from 'node:path';
import {
  Catalog,
  createDataset,
  type Dataset,
  defineOptions,
  type LongCallOptions,
  type OptionsOf,
  option,
} from '@palate/core';
import { findFile, findFiles, needFile } from '../files/find-file.js';
import { readRecordsOfObjects } from '../files/json-lines.js';
import { EntityBuilder, optionalNumber, textsOf, wordsOf } from '../tables/entity-builder.js';
import { readEntityTable } from '../tables/entity-table.js';
import { TypedTime } from '../tables/interaction-values.js';
import { LogBuilder } from '../tables/log-builder.js';
import { secondsOfDate } from '../tables/times.js';

/** Treatment of books that were read or shelved but not rated (written as 0). */
const UNRATED = option.choice(['leave-out', 'implicit'])({
  default: 'leave-out',
  doc: 'rows rated 0, which means not rated: left out and counted, or all rows are read without ratings',
});

/** Options of {@link loadBookCrossing}, each declared once. */
export const BOOK_CROSSING_OPTIONS = defineOptions('loadBookCrossing', {
  unrated: UNRATED,
  name: option.text()({ default: 'Book-Crossing', doc: 'name of the data set' }),
});

/** Options of {@link loadBookCrossing}. */
export type BookCrossingOptions = OptionsOf<typeof BOOK_CROSSING_OPTIONS.declarations> & LongCallOptions;

const NOT_RATED = 'rated 0, which means not rated';

/**
 * Reads Book-Crossing (Ziegler et al. 2005): `BX-Book-Ratings.csv` and, where they are there, `BX-Books.csv` and
 * `BX-Users.csv`, semicolons, backslash escapes and ISO 8859-1; or the same tables with commas. There are no times: the
 * row order is the time.
 *
 * @throws ParseError naming file and line of what is malformed
 */
export async function loadBookCrossing(dir: string, options: BookCrossingOptions = {}): Promise<Dataset> {
  const settings = BOOK_CROSSING_OPTIONS.settings(options);
  const file = await needFile(dir, 'BX-Book-Ratings.csv', /^(BX-Book-|BX_)?Ratings\.csv$/i);
  const original = (path: string): boolean => /^BX[-_]/i.test(basename(path));
  const layout = (path: string, needed: readonly string[]) => ({
    delimiter: original(path) ? ';' : ',',
    quote: '"',
    escape: original(path) ? '\\' : '"',
    header: true,
    needed,
  });
  const text = (path: string) => ({
    signal: options.signal,
    onProgress: options.onProgress,
    encoding: original(path) ? 'latin1' : undefined,
  });
  const builder = new LogBuilder({ hasRating: settings.unrated === 'leave-out', unit: 'position' });
  builder.beginFile(file);
  await readEntityTable(
    file,
    layout(file, ['User-ID', 'ISBN', 'Book-Rating']),
    (row) => {
      const rating = row.get('Book-Rating');
      if (rating === '0' && settings.unrated === 'leave-out') return builder.leaveOut(NOT_RATED);
      builder.addValues({ user: row.get('User-ID'), item: row.get('ISBN'), rating }, row.at);
    },
    text(file),
  );
  const booksFile = await findFile(dir, /^(BX[-_])?Books\.csv$/i);
  const books = new EntityBuilder('item', ['title'], ['author', 'year', 'publisher'], 'first');
  if (booksFile !== undefined)
    await readEntityTable(
      booksFile,
      layout(booksFile, ['ISBN', 'Book-Title']),
      (row) =>
        books.add(row.get('ISBN') ?? '', row.at, {
          title: row.get('Book-Title') ?? '',
          author: row.get('Book-Author'),
          year: optionalNumber(row.get('Year-Of-Publication')) || undefined,
          publisher: row.get('Publisher'),
        }),
      text(booksFile),
    );
  const usersFile = await findFile(dir, /^(BX[-_])?Users\.csv$/i);
  const users = new EntityBuilder('user', [], ['location', 'age']);
  if (usersFile !== undefined)
    await readEntityTable(
      usersFile,
      layout(usersFile, ['User-ID']),
      (row) =>
        users.add(row.get('User-ID') ?? '', row.at, {
          location: row.get('Location') ?? '',
          age: optionalNumber(row.get('Age')),
        }),
      text(usersFile),
    );
  if (books.repeats > 0) builder.note(`${books.repeats} lines repeat a book: the first was kept`);
  const { log, reading } = builder.build(file);
  return createDataset({
    name: settings.name,
    log,
    catalog: booksFile === undefined ? new Catalog({ items: log.items, text: {} }) : books.catalog(),
    users: usersFile === undefined ? undefined : users.users(),
    licence: 'none stated; published for research',
    source: 'C.-N. Ziegler et al. Improving Recommendation Lists Through Topic Diversification. WWW 2005.',
    reading,
  });
}

/** Options of {@link loadGoodreads}, each declared once. */
export const GOODREADS_OPTIONS = defineOptions('loadGoodreads', {
  unrated: UNRATED,
  time: option.choice(['date_updated', 'date_added', 'read_at'])({
    default: 'date_added',
    doc: 'the date to use as the time; rows without it are left out and counted',
  }),
  name: option.text()({ default: 'Goodreads', doc: 'name of the data set' }),
});

/** Options of {@link loadGoodreads}. */
export type GoodreadsOptions = OptionsOf<typeof GOODREADS_OPTIONS.declarations> & LongCallOptions;

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `Sat Jul 30 07:45:10 -0700 2011` in seconds since 1970; NaN for anything else. */
function parseGoodreadsTime(text: string): number {
  const match =
    /^[A-Z][a-z]{2} ([A-Z][a-z]{2}) (\d{2}) (\d{2}):(\d{2}):(\d{2}) ([+-])(\d{2})(\d{2}) (\d{4})$/.exec(text);
  if (!match) return Number.NaN;
  const [, month = '', day, hour, minute, second, sign, zoneHour, zoneMinute, year] = match;
  const zone = (Number(zoneHour) * 60 + Number(zoneMinute)) * 60 * (sign === '-' ? -1 : 1);
  return (
    secondsOfDate(Number(year), MONTHS.indexOf(month) + 1, Number(day)) +
    Number(hour) * 3600 +
    Number(minute) * 60 +
    Number(second) -
    zone
  );
}

/**
 * Reads Goodreads (Wan and McAuley 2018): `goodreads_interactions*.json` with dates, or the table
 * `goodreads_interactions.csv` without, and `goodreads_books*.json` where it is there.
 *
 * @param path - the folder, or the file of interactions
 * @throws ParseError naming file and line of what is malformed
 */
export async function loadGoodreads(path: string, options: GoodreadsOptions = {}): Promise<Dataset> {
  const settings = GOODREADS_OPTIONS.settings(options);
  const file = await needFile(
    path,
    'goodreads_interactions*.json',
    /^goodreads_(interactions|reviews).*\.json$/,
    /^goodreads_interactions.*\.csv$/,
  );
  const isTable = /\.csv(\.\w+)?$/.test(file);
  const call = { signal: options.signal, onProgress: options.onProgress };
  const builder = new LogBuilder({
    hasRating: settings.unrated === 'leave-out',
    unit: isTable ? 'position' : 'iso',
    skip: ['no-time'],
    names: { user: 'user_id', item: 'book_id', rating: 'rating', timestamp: settings.time },
  });
  builder.beginFile(file);
  const isUnrated = (rating: unknown): boolean => settings.unrated === 'leave-out' && Number(rating) === 0;
  if (isTable)
    await readEntityTable(
      file,
      { delimiter: ',', quote: '"', header: true, needed: ['user_id', 'book_id', 'rating'] },
      (row) => {
        const rating = row.get('rating');
        if (isUnrated(rating)) return builder.leaveOut(NOT_RATED);
        builder.addValues({ user: row.get('user_id'), item: row.get('book_id'), rating }, row.at);
      },
      call,
    );
  else
    await readRecordsOfObjects(
      file,
      (record, line) => {
        if (isUnrated(record.rating)) return builder.leaveOut(NOT_RATED);
        const written = record[settings.time];
        const seconds = typeof written === 'string' ? parseGoodreadsTime(written) : Number.NaN;
        builder.addValues(
          {
            user: record.user_id,
            item: record.book_id,
            rating: record.rating,
            // An empty date says that there is none; another form is an error that shows it.
            timestamp: Number.isNaN(seconds)
              ? written === ''
                ? undefined
                : written
              : new TypedTime(seconds),
          },
          { file, line },
        );
      },
      call,
    );
  const { log, reading } = builder.build(file);
  const [booksFile] = await findFiles(path, /^goodreads_books.*\.json$/);
  return createDataset({
    name: settings.name,
    log,
    catalog:
      booksFile === undefined || booksFile === file
        ? new Catalog({ items: log.items, text: {} })
        : await readBooks(booksFile, call),
    licence: 'none stated; for academic use, no redistribution',
    source: 'M. Wan, J. McAuley. Item Recommendation on Monotonic Behavior Chains. RecSys 2018.',
    reading,
  });
}

async function readBooks(path: string, options: LongCallOptions): Promise<Catalog> {
  const books = new EntityBuilder(
    'item',
    ['title', 'description'],
    ['publisher', 'year', 'shelves'],
    'first',
  );
  await readRecordsOfObjects(
    path,
    (record, line) => {
      const shelves = Array.isArray(record.popular_shelves)
        ? textsOf(record.popular_shelves.map((shelf: { name?: unknown }) => shelf?.name))
        : undefined;
      books.add(
        wordsOf(record.book_id),
        { file: path, line },
        {
          title: wordsOf(record.title),
          description: wordsOf(record.description),
          publisher: wordsOf(record.publisher) || undefined,
          year: optionalNumber(wordsOf(record.publication_year)),
          shelves,
        },
      );
    },
    options,
  );
  return books.catalog();
}
