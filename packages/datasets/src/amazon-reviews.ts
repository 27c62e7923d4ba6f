import {
  Catalog,
  checkOptions,
  createDataset,
  type Dataset,
  IdMap,
  LONG_CALL_OPTIONS,
  type LongCallOptions,
} from '@palate/core';
import { missingField, readJsonLines } from './json-lines.js';
import { LogBuilder } from './log-builder.js';

/** Options of {@link loadAmazonReviews}. */
export interface AmazonReviewsOptions extends LongCallOptions {
  /** The metadata file of the same category (`meta_*.json`, plain or gzipped). */
  readonly metadata?: string;
  /** Name of the data set. Default: `'Amazon reviews'`. */
  readonly name?: string;
}

/**
 * Reads Amazon reviews in JSON lines (McAuley et al.; the 2014 and 2018 forms): `reviewerID`, `asin`, `overall`
 * and `unixReviewTime`. Review text is not kept: it may hold the answer to a test.
 *
 * Times have day granularity: many users have equal times, which stand in file order.
 *
 * @throws ParseError naming file and line of what is malformed
 */
export async function loadAmazonReviews(path: string, options: AmazonReviewsOptions = {}): Promise<Dataset> {
  checkOptions('loadAmazonReviews', options, [...LONG_CALL_OPTIONS, 'metadata', 'name']);
  const builder = new LogBuilder({ hasRating: true, unit: 'seconds' });
  await readJsonLines(
    path,
    (record, line) => {
      const { reviewerID: user, asin: item, overall: rating, unixReviewTime: time } = record;
      if (typeof user !== 'string') throw missingField(path, line, 'reviewerID', user);
      if (typeof item !== 'string') throw missingField(path, line, 'asin', item);
      if (typeof rating !== 'number') throw missingField(path, line, 'overall', rating);
      if (typeof time !== 'number') throw missingField(path, line, 'unixReviewTime', time);
      builder.push(
        builder.userFromText(user),
        builder.itemFromText(item),
        rating,
        builder.checkTime(time, () => ({ file: path, line, column: 1 })),
      );
    },
    options,
  );
  const log = builder.build();
  return createDataset({
    name: options.name ?? 'Amazon reviews',
    log,
    catalog:
      options.metadata === undefined
        ? new Catalog({ items: log.items, text: {} })
        : await readMetadata(options.metadata, options),
    licence: 'none stated; published for research (He and McAuley 2016; Ni et al. 2019)',
    source:
      'J. Ni, J. Li, J. McAuley. Justifying recommendations using distantly-labeled reviews and fine-grained aspects. EMNLP 2019.',
  });
}

async function readMetadata(path: string, options: LongCallOptions): Promise<Catalog> {
  const first = new Map<
    string,
    { title: string; brand: string; description: string; categories: string[] }
  >();
  const words = (value: unknown): string =>
    typeof value === 'string'
      ? value
      : Array.isArray(value)
        ? value.filter((part) => typeof part === 'string').join(' ')
        : '';
  await readJsonLines(
    path,
    (record, line) => {
      const { asin } = record;
      if (typeof asin !== 'string') throw missingField(path, line, 'asin', asin);
      // The published metadata holds some products twice; the first entry stands.
      if (first.has(asin)) return;
      const categories = [record.category ?? record.categories]
        .flat(3)
        .filter((part) => typeof part === 'string');
      first.set(asin, {
        title: words(record.title),
        brand: words(record.brand),
        description: words(record.description),
        categories: [...new Set(categories as string[])],
      });
    },
    options,
  );
  const rows = [...first.values()];
  return new Catalog({
    items: new IdMap(first.keys()),
    text: {
      title: rows.map((row) => row.title),
      brand: rows.map((row) => row.brand),
      description: rows.map((row) => row.description),
    },
    attributes: { categories: rows.map((row) => row.categories) },
  });
}
