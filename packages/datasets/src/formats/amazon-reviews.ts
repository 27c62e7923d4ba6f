import { basename, dirname } from 'node:path';
import {
  Catalog,
  createDataset,
  type Dataset,
  defineOptions,
  type Filled,
  type LongCallOptions,
  type OptionsOf,
  option,
  ParseError,
} from '@palate/core';
import { readRecords } from '../files/delimited-records.js';
import { findFiles } from '../files/find-file.js';
import { type JsonRecord, missingField, readRecordsOfObjects } from '../files/json-lines.js';
import { ENOUGH } from '../files/read-lines.js';
import { EntityBuilder, textsOf, wordsOf } from '../tables/entity-builder.js';
import { LogBuilder } from '../tables/log-builder.js';
import { SKIP_CAUSES } from '../tables/row-faults.js';
import type { TableColumns } from '../tables/table-columns.js';
import { sniffFormat } from '../tables/table-parts.js';
import { readTableInto } from '../tables/table-reader.js';
import type { TimestampUnit } from '../tables/times.js';

/** Options of {@link loadAmazonReviews}, each declared once. */
export const AMAZON_OPTIONS = defineOptions('loadAmazonReviews', {
  metadata: option.text().optional({
    doc: 'the metadata of the same category; left out: `meta_*` beside the reviews when a folder is given',
  }),
  skip: option.list(option.choice(SKIP_CAUSES))({
    default: [],
    doc: 'faults whose rows are left out and counted instead of refused',
  }),
  name: option.text()({ default: 'Amazon reviews', doc: 'name of the data set' }),
});

/** Options of {@link loadAmazonReviews}. */
export type AmazonReviewsOptions = OptionsOf<typeof AMAZON_OPTIONS.declarations> & LongCallOptions;

/** How one edition of the reviews names its fields. */
interface Edition {
  readonly columns: Filled<Pick<TableColumns, 'user' | 'item' | 'rating' | 'timestamp'>>;
  readonly unit: TimestampUnit;
  readonly source: string;
}

const NI =
  'J. Ni, J. Li, J. McAuley. Justifying recommendations using distantly-labeled reviews and fine-grained aspects. EMNLP 2019.';
const HOU =
  'Y. Hou et al. Bridging Language and Items for Retrieval and Recommendation. 2024 (Amazon Reviews 2023).';

/** 2014 and 2018. */
const REVIEWER: Edition = {
  columns: { user: 'reviewerID', item: 'asin', rating: 'overall', timestamp: 'unixReviewTime' },
  unit: 'seconds',
  source: NI,
};

/** 2023: variants of a product share `parent_asin`. */
const PARENT: Edition = {
  columns: { user: 'user_id', item: 'parent_asin', rating: 'rating', timestamp: 'timestamp' },
  unit: 'milliseconds',
  source: HOU,
};

/**
 * Reads Amazon reviews of 2014, 2018 or 2023 (McAuley Lab): reviews in JSON lines, Python literals or the tables of
 * ratings only, recognised by their fields. Review text is not kept: it may hold the answer to a test.
 *
 * Times of 2014 and 2018 have day granularity: many users have equal times, which keep the file's order.
 *
 * @param path - the file of reviews, or a folder with one and its `meta_*` file
 * @throws ParseError naming file and line of what is malformed
 */
export async function loadAmazonReviews(path: string, options: AmazonReviewsOptions = {}): Promise<Dataset> {
  const settings = AMAZON_OPTIONS.settings(options);
  const { reviews, beside } = await reviewsIn(path);
  const metadata = settings.metadata ?? beside;
  const isTable = (await sniffFormat(reviews)) !== 'jsonl';
  const edition = isTable ? await editionOfTable(reviews) : await editionOfRecords(reviews);
  const builder = new LogBuilder({
    hasRating: true,
    unit: edition.unit,
    skip: settings.skip,
    names: isTable ? {} : { ...edition.columns },
  });
  await readTableInto(builder, reviews, edition.columns, {
    signal: options.signal,
    onProgress: options.onProgress,
    format: isTable ? 'csv' : 'jsonl',
  });
  const items = metadata === undefined ? undefined : await readMetadata(metadata, options);
  if (items && items.repeats > 0)
    builder.note(`${items.repeats} metadata entries repeat a product: the first was kept`);
  const { log, reading } = builder.build(reviews);
  return createDataset({
    name: settings.name,
    log,
    catalog: items?.catalog() ?? new Catalog({ items: log.items, text: {} }),
    licence: 'none stated; published for research (He and McAuley 2016; Ni et al. 2019; Hou et al. 2024)',
    source: edition.source,
    reading,
  });
}

/** The file of reviews, and the metadata that lie beside it when a folder was given. */
async function reviewsIn(path: string): Promise<{ reviews: string; beside?: string | undefined }> {
  const files = await findFiles(path, /\.(json|jsonl|csv)$/i);
  const isMetadata = (file: string): boolean => /^meta_/i.test(basename(file));
  const reviews = files.filter((file) => !isMetadata(file) && !/^items\.jsonl/i.test(basename(file)));
  // A path that was given as a file is taken as it is.
  if (files.length === 0 || files[0] === path) return { reviews: path };
  const [first, ...others] = reviews;
  if (first === undefined || others.length > 0)
    throw new ParseError(
      { file: path, line: 1, column: 1 },
      {
        expected: 'one file of reviews in the folder',
        received: first === undefined ? 'none' : reviews.map((file) => basename(file)).join(', '),
        hint: 'Give the path of the file of reviews itself.',
      },
    );
  const beside = files.find((file) => isMetadata(file) && dirname(file) === dirname(first));
  return { reviews: first, beside };
}

async function editionOfRecords(path: string): Promise<Edition> {
  let first: JsonRecord | undefined;
  await readRecordsOfObjects(path, (record) => {
    first = record;
    throw ENOUGH;
  });
  return first && 'user_id' in first && !('reviewerID' in first) ? PARENT : REVIEWER;
}

/** Rows that decide the order of the columns: some user ids look like product ids. */
const LOOKED_AT = 200;

/** Tables of ratings: 2023 has a header; 2014 begins with the user, 2018 with the product. */
async function editionOfTable(path: string): Promise<Edition> {
  // Products are numbered B000… or as ISBN; users have ten characters and more, and begin with A.
  const isProduct = (text: string): boolean => /^(?:B[0-9A-Z]{9}|\d{9}[\dX])$/.test(text);
  let hasHeader = false;
  let rows = 0;
  let lead = 0;
  await readRecords(path, { delimiter: ',', quote: '"' }, (fields) => {
    const [first = '', second = ''] = Array.from({ length: Math.min(2, fields.count) }, (_, k) =>
      fields.text(k),
    );
    if (rows === 0)
      hasHeader = Array.from({ length: fields.count }, (_, k) => fields.text(k).trim()).includes('user_id');
    lead += Number(isProduct(first)) - Number(isProduct(second));
    if (hasHeader || ++rows >= LOOKED_AT) throw ENOUGH;
  });
  if (hasHeader) return PARENT;
  return {
    ...REVIEWER,
    columns: { user: lead > 0 ? 1 : 0, item: lead > 0 ? 0 : 1, rating: 2, timestamp: 3 },
  };
}

async function readMetadata(path: string, options: LongCallOptions): Promise<EntityBuilder> {
  // The published metadata hold some products several times; the first entry stands.
  const items = new EntityBuilder('item', ['title', 'brand', 'description'], ['categories'], 'first');
  await readRecordsOfObjects(
    path,
    (record, line) => {
      const id = record.parent_asin ?? record.asin;
      if (typeof id !== 'string') throw missingField(path, line, 'asin', id);
      items.add(
        id,
        { file: path, line },
        {
          title: wordsOf(record.title),
          brand: wordsOf(record.brand ?? record.store),
          description: wordsOf(record.description),
          categories: textsOf(record.category ?? record.categories) ?? [],
        },
      );
    },
    { signal: options.signal, onProgress: options.onProgress },
  );
  return items;
}
