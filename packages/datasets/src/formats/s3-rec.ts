import {
  Catalog,
  createDataset,
  type Dataset,
  defineOptions,
  type LongCallOptions,
  type OptionsOf,
  option,
  ParseError,
} from '@palate/core';
import { missingField, readRecordsOfObjects } from '../files/json-lines.js';
import { decodeLine, readLines } from '../files/read-lines.js';
import { EntityBuilder, wordsOf } from '../tables/entity-builder.js';
import { LogBuilder } from '../tables/log-builder.js';

/** Options of {@link loadS3RecSequences}, each declared once. */
export const S3_REC_OPTIONS = defineOptions('loadS3RecSequences', {
  items: option.text().optional({
    doc: 'JSON lines with `item_id` and, if known, `title`, `brand`, `categories`, `price`',
  }),
  repeatedUsers: option.choice(['refuse', 'join'])({
    default: 'refuse',
    doc: 'what to do with a user on two lines',
  }),
  name: option.text()({ default: 'S3-Rec sequences', doc: 'name of the data set' }),
});

/** Options of {@link loadS3RecSequences}. */
export type S3RecOptions = OptionsOf<typeof S3_REC_OPTIONS.declarations> & LongCallOptions;

/**
 * Reads the sequence files of S3-Rec (Zhou et al. 2020), which P5 and TIGER use too: a line a user, `user item
 * item …`, separated by blanks or tabs, oldest first. There are no times: `timestamp` is the position.
 *
 * @param path - for example `Beauty.txt`
 * @throws ParseError naming file and line of what is malformed
 */
export async function loadS3RecSequences(path: string, options: S3RecOptions = {}): Promise<Dataset> {
  const settings = S3_REC_OPTIONS.settings(options);
  const builder = new LogBuilder({ hasRating: false, unit: 'position' });
  builder.beginFile(path);
  const lines = new Map<string, number>();
  let joined = 0;
  await readLines(
    path,
    (bytes, start, end, line) => {
      const [user, ...items] = decodeLine(bytes, start, end, { file: path, line })
        .split(/[ \t]+/)
        .filter((id) => id !== '');
      const refuse = (expected: string, received: string, hint: string): ParseError =>
        new ParseError({ file: path, line, column: 1 }, { expected, received, hint });
      if (user === undefined || items.length === 0)
        throw refuse(
          'a user and at least one item, separated by blanks or tabs',
          JSON.stringify(user ?? ''),
          'Repair or remove the line.',
        );
      const before = lines.get(user);
      if (before !== undefined && settings.repeatedUsers === 'refuse')
        throw refuse(
          'every user on one line',
          `${JSON.stringify(user)}, which line ${before} has too`,
          "Join the lines, or pass repeatedUsers: 'join' to read them as one sequence in file order.",
        );
      if (before === undefined) lines.set(user, line);
      else joined++;
      for (const item of items) builder.addValues({ user, item }, { file: path, line });
    },
    options,
  );
  if (joined > 0) builder.note(`${joined} lines continue the sequence of a user of an earlier line`);
  const { log, reading } = builder.build(path);
  return createDataset({
    name: settings.name,
    log,
    catalog:
      settings.items === undefined
        ? new Catalog({ items: log.items, text: {} })
        : await readItems(settings.items, options),
    licence:
      'none stated; Amazon product data published for research (He and McAuley 2016; McAuley et al. 2015)',
    source: 'K. Zhou et al. S3-Rec. CIKM 2020. https://github.com/RUCAIBox/CIKM2020-S3Rec',
    reading,
  });
}

async function readItems(path: string, options: LongCallOptions): Promise<Catalog> {
  const items = new EntityBuilder('item', ['title', 'brand'], ['categories', 'price']);
  await readRecordsOfObjects(
    path,
    (record, line) => {
      const id = record.item_id;
      if (typeof id !== 'number' && typeof id !== 'string' && typeof id !== 'bigint')
        throw missingField(path, line, 'item_id', id);
      items.add(
        String(id),
        { file: path, line },
        {
          title: wordsOf(record.title),
          brand: wordsOf(record.brand),
          categories: Array.isArray(record.categories) ? record.categories.map(String) : undefined,
          price: typeof record.price === 'number' ? record.price : undefined,
        },
      );
    },
    options,
  );
  return items.catalog();
}
