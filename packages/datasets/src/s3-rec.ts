import {
  Catalog,
  checkOptions,
  createDataset,
  type Dataset,
  IdMap,
  LONG_CALL_OPTIONS,
  type LongCallOptions,
  ParseError,
} from '@palate/core';
import { missingField, readJsonLines } from './json-lines.js';
import { LogBuilder } from './log-builder.js';
import { readLines } from './read-lines.js';

/** Options of {@link loadS3RecSequences}. */
export interface S3RecOptions extends LongCallOptions {
  /** JSON lines with `item_id` and, where known, `title`, `brand`, `categories`, `price`. */
  readonly items?: string;
  /** Name of the data set. Default: `'S3-Rec sequences'`. */
  readonly name?: string;
}

/**
 * Reads the sequence files of S3-Rec (Zhou et al. 2020), which P5 and TIGER use too: a line a user, `user item
 * item …`, oldest first. There are no times: `timestamp` is the position.
 *
 * @param path - for example `Beauty.txt`
 * @throws ParseError naming file and line of what is malformed
 */
export async function loadS3RecSequences(path: string, options: S3RecOptions = {}): Promise<Dataset> {
  checkOptions('loadS3RecSequences', options, [...LONG_CALL_OPTIONS, 'items', 'name']);
  const builder = new LogBuilder({ hasRating: false, unit: 'position' });
  await readLines(
    path,
    (bytes, start, end, line) => {
      let from = start;
      let user = -1;
      let position = 0;
      for (let at = start; at <= end; at++) {
        if (at < end && bytes[at] !== 32) continue;
        if (at > from) {
          if (user < 0) user = builder.userFromBytes(bytes, from, at);
          else builder.push(user, builder.itemFromBytes(bytes, from, at), 0, position++);
        }
        from = at + 1;
      }
      if (position === 0)
        throw new ParseError(
          { file: path, line, column: 1 },
          {
            expected: 'a user and at least one item, separated by spaces',
            received: JSON.stringify(bytes.toString('utf8', start, Math.min(end, start + 60))),
            hint: 'Repair or remove the line.',
          },
        );
    },
    options,
  );
  const log = builder.build();
  return createDataset({
    name: options.name ?? 'S3-Rec sequences',
    log,
    catalog:
      options.items === undefined
        ? new Catalog({ items: log.items, text: {} })
        : await readItems(options.items, options),
    licence:
      'none stated; Amazon product data published for research (He and McAuley 2016; McAuley et al. 2015)',
    source: 'K. Zhou et al. S3-Rec. CIKM 2020. https://github.com/RUCAIBox/CIKM2020-S3Rec',
  });
}

async function readItems(path: string, options: LongCallOptions): Promise<Catalog> {
  const ids: string[] = [];
  const columns: Record<'title' | 'brand', string[]> = { title: [], brand: [] };
  const categories: (string[] | undefined)[] = [];
  const prices: (number | undefined)[] = [];
  await readJsonLines(
    path,
    (record, line) => {
      const id = record.item_id;
      if (typeof id !== 'number' && typeof id !== 'string') throw missingField(path, line, 'item_id', id);
      ids.push(String(id));
      columns.title.push(typeof record.title === 'string' ? record.title : '');
      columns.brand.push(typeof record.brand === 'string' ? record.brand : '');
      categories.push(Array.isArray(record.categories) ? record.categories.map(String) : undefined);
      prices.push(typeof record.price === 'number' ? record.price : undefined);
    },
    options,
  );
  return new Catalog({
    items: new IdMap(ids),
    text: columns,
    attributes: { categories, price: prices },
  });
}
