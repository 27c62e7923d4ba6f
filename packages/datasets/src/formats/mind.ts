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
import { findFile, needFile } from '../files/find-file.js';
import { EntityBuilder } from '../tables/entity-builder.js';
import { readEntityTable } from '../tables/entity-table.js';
import { TypedTime } from '../tables/interaction-values.js';
import { LogBuilder } from '../tables/log-builder.js';
import { SKIP_CAUSES } from '../tables/row-faults.js';
import { secondsOfDate } from '../tables/times.js';

/** Options of {@link loadMind}, each declared once. */
export const MIND_OPTIONS = defineOptions('loadMind', {
  history: option.choice(['before-first', 'leave-out'])({
    default: 'before-first',
    doc: "the earlier clicks, which have no times: placed a second apart before the user's first request, or left out and counted",
  }),
  skip: option.list(option.choice(SKIP_CAUSES))({
    default: [],
    doc: 'faults whose rows are left out and counted instead of refused',
  }),
  name: option.text()({ default: 'MIND', doc: 'name of the data set' }),
});

/** Options of {@link loadMind}. */
export type MindOptions = OptionsOf<typeof MIND_OPTIONS.declarations> & LongCallOptions;

/** `11/15/2019 8:55:22 AM` in seconds since 1970, as UTC; NaN for anything else. */
function parseMindTime(text: string): number {
  const match = /^(\d{1,2})\/(\d{1,2})\/(\d{4}) (\d{1,2}):(\d{2}):(\d{2}) (AM|PM)$/.exec(text);
  if (!match) return Number.NaN;
  const [month, day, year, hour, minute, second] = match.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  if (hour < 1 || hour > 12 || minute > 59 || second > 59) return Number.NaN;
  return (
    secondsOfDate(year, month, day) +
    ((hour % 12) + (match[7] === 'PM' ? 12 : 0)) * 3600 +
    minute * 60 +
    second
  );
}

/** Earlier clicks of a user and the first request that lists them. */
interface Earlier {
  items: readonly string[];
  first: number;
  line: number;
  file: string;
}

/**
 * Reads MIND (Wu et al. 2020) as a click log: an interaction for each news item that an impression showed, rated 1 where
 * it was clicked and 0 where not, with the impression as its request.
 *
 * @param folders - an unpacked folder (`behaviors.tsv`, `news.tsv`), or several (training, then development) as one log
 * @throws ParseError naming file and line of what is malformed; the test folder, which has no clicks, is refused
 */
export async function loadMind(
  folders: string | readonly string[],
  options: MindOptions = {},
): Promise<Dataset> {
  const settings = MIND_OPTIONS.settings(options);
  const builder = new LogBuilder({ hasRating: true, hasRequest: true, unit: 'iso', skip: settings.skip });
  const news = new EntityBuilder('item', ['title', 'abstract'], ['category', 'subcategory'], 'first');
  const earlier = new Map<string, Earlier>();
  const list = typeof folders === 'string' ? [folders] : folders;
  for (const [k, folder] of list.entries()) {
    const file = await needFile(folder, 'behaviors.tsv', /^behaviors\.tsv$/);
    builder.beginFile(file);
    await readEntityTable(
      file,
      { delimiter: '\t', quote: false, header: false, needed: [4] },
      (row) => {
        const [impression = '', user = '', written = '', history = '', shown = ''] = [0, 1, 2, 3, 4].map(
          row.get,
        );
        const seconds = parseMindTime(written);
        if (Number.isNaN(seconds)) {
          builder.fault(
            'bad-time',
            () =>
              new ParseError(
                { file, line: row.at.line, column: 1 },
                {
                  expected: 'a time such as 11/15/2019 8:55:22 AM',
                  received: JSON.stringify(written),
                  hint: 'Repair or remove the line.',
                },
              ),
          );
          return;
        }
        const known = earlier.get(user);
        if (!known)
          earlier.set(user, {
            items: history.split(' ').filter((id) => id !== ''),
            first: seconds,
            line: row.at.line,
            file,
          });
        else known.first = Math.min(known.first, seconds);
        for (const each of shown.split(' ')) {
          const cut = each.lastIndexOf('-');
          const label = each.slice(cut + 1);
          if (cut < 1 || (label !== '0' && label !== '1')) {
            builder.fault(
              'no-rating',
              () =>
                new ParseError(
                  { file, line: row.at.line, column: 1 },
                  {
                    expected: 'news items with what was clicked: N1-0 N2-1',
                    received: JSON.stringify(each.slice(0, 40)),
                    hint: 'The test folder does not contain the clicks: use the training or development folder.',
                  },
                ),
            );
            continue;
          }
          builder.addValues(
            {
              user,
              item: each.slice(0, cut),
              rating: Number(label),
              timestamp: new TypedTime(seconds),
              // Impression numbers begin anew in each folder.
              request: `${k}:${impression}`,
            },
            row.at,
          );
        }
      },
      options,
    );
    const newsFile = await findFile(folder, /^news\.tsv$/);
    if (newsFile !== undefined)
      await readEntityTable(
        newsFile,
        { delimiter: '\t', quote: false, header: false, needed: [3] },
        (row) => {
          news.add(row.get(0) ?? '', row.at, {
            category: row.get(1),
            subcategory: row.get(2),
            title: row.get(3) ?? '',
            abstract: row.get(4) ?? '',
          });
        },
        options,
      );
  }
  let clicks = 0;
  for (const [user, { items, first, line, file }] of earlier) {
    clicks += items.length;
    if (settings.history === 'before-first')
      for (const [k, item] of items.entries())
        builder.addValues(
          { user, item, rating: 1, timestamp: new TypedTime(first - (items.length - k)) },
          { file, line },
        );
  }
  if (settings.history === 'leave-out' && clicks > 0)
    builder.leaveOut('click of the history, without time', clicks);
  else if (clicks > 0)
    builder.note(
      `${clicks} clicks of the histories have no times: they were placed a second apart before their user's first request`,
    );
  const { log, reading } = builder.build(list[0] ?? '');
  const catalog = news.catalog();
  return createDataset({
    name: settings.name,
    log,
    catalog: catalog.items.size === 0 ? new Catalog({ items: log.items, text: {} }) : catalog,
    licence: 'Microsoft Research License Terms: research only',
    source:
      'F. Wu et al. MIND: A Large-scale Dataset for News Recommendation. ACL 2020. https://msnews.github.io',
    reading,
  });
}
