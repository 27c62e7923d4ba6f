import {
  Catalog,
  createDataset,
  type Dataset,
  defineOptions,
  type LongCallOptions,
  type OptionsOf,
  option,
} from '@palate/core';
import { findFile, needFile } from '../files/find-file.js';
import { type JsonRecord, readRecordsOfObjects } from '../files/json-lines.js';
import { EntityBuilder, textsOf, wordsOf } from '../tables/entity-builder.js';
import { readEntityTable } from '../tables/entity-table.js';
import { TypedTime } from '../tables/interaction-values.js';
import { LogBuilder } from '../tables/log-builder.js';
import { SKIP_CAUSES } from '../tables/row-faults.js';
import { secondsOfDate } from '../tables/times.js';

/** Options of {@link loadSteam}, each declared once. */
export const STEAM_OPTIONS = defineOptions('loadSteam', {
  skip: option.list(option.choice(SKIP_CAUSES))({
    default: ['no-time'],
    doc: 'faults whose rows are left out and counted instead of refused',
  }),
  name: option.text()({ default: 'Steam', doc: 'name of the data set' }),
});

/** Options of {@link loadSteam}. */
export type SteamOptions = OptionsOf<typeof STEAM_OPTIONS.declarations> & LongCallOptions;

const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];

/** `Posted November 5, 2011.` in seconds since 1970; undefined if there is no year (this year's reviews). */
function parsePosted(text: string): number | undefined {
  const match = /^Posted ([A-Z][a-z]+) (\d{1,2}), (\d{4})\.$/.exec(text);
  if (!match) return undefined;
  const seconds = secondsOfDate(Number(match[3]), MONTHS.indexOf(match[1] ?? '') + 1, Number(match[2]));
  return Number.isNaN(seconds) ? undefined : seconds;
}

/** The kinds of files, in the order in which they are looked for. */
const KINDS = {
  reviews: /^steam_reviews.*\.json$/,
  recommendations: /^australian_user_reviews\.json$/,
  playtimes: /^australian_users_items\.json$/,
  table: /^steam-200k\.csv$/,
} as const;

/**
 * Reads Steam in any of its editions, by their files: reviews with hours played (`steam_reviews.json`, Kang and McAuley
 * 2018), recommendations with days (`australian_user_reviews.json`), minutes played without times
 * (`australian_users_items.json`), or Kaggle's `steam-200k.csv` (hours of play); games from `steam_games.json`.
 *
 * Hours or minutes played are the rating; a recommendation is 1 or 0.
 *
 * @param path - the folder, or the file itself
 * @throws ParseError naming file and line of what is malformed
 */
export async function loadSteam(path: string, options: SteamOptions = {}): Promise<Dataset> {
  const settings = STEAM_OPTIONS.settings(options);
  const call = { signal: options.signal, onProgress: options.onProgress };
  const file = await needFile(
    path,
    'steam_reviews.json, australian_user_reviews.json, australian_users_items.json or steam-200k.csv',
    ...Object.values(KINDS),
  );
  const plain = file.replace(/^.*[\\/]/, '').replace(/\.(gz|zst|zip)$/, '');
  const kind = (Object.keys(KINDS) as (keyof typeof KINDS)[]).find((each) => KINDS[each].test(plain));
  const hasTime = kind === 'reviews' || kind === 'recommendations';
  const builder = new LogBuilder({
    hasRating: true,
    unit: hasTime ? 'iso' : 'position',
    skip: settings.skip,
  });
  builder.beginFile(file);
  const names = new Map<string, string>();
  if (kind === 'table')
    await readEntityTable(
      file,
      { delimiter: ',', quote: '"', header: false, needed: [3] },
      (row) => {
        const [user, item = '', behaviour = ''] = [row.get(0), row.get(1), row.get(2)];
        if (behaviour !== 'play') return builder.leaveOut(`behaviour ${behaviour.slice(0, 20)}`);
        names.set(item, item);
        builder.addValues({ user, item, rating: row.get(3) }, row.at);
      },
      call,
    );
  else
    await readRecordsOfObjects(
      file,
      (record, line) => {
        const at = { file, line };
        if (kind === 'reviews') {
          builder.addValues(
            {
              user: record.username ?? record.user_id,
              item: record.product_id,
              rating: record.hours ?? 0,
              timestamp: record.date,
            },
            at,
          );
          return;
        }
        const own = kind === 'recommendations' ? record.reviews : record.items;
        for (const each of Array.isArray(own) ? (own as JsonRecord[]) : []) {
          const item = each.item_id;
          if (typeof each.item_name === 'string') names.set(wordsOf(item), each.item_name);
          const posted = typeof each.posted === 'string' ? parsePosted(each.posted) : undefined;
          builder.addValues(
            kind === 'recommendations'
              ? {
                  user: record.user_id,
                  item,
                  rating: each.recommend,
                  timestamp: posted === undefined ? undefined : new TypedTime(posted),
                }
              : { user: record.user_id, item, rating: each.playtime_forever },
            at,
          );
        }
      },
      { ...call, malformed: (error) => builder.fault('malformed', () => error) },
    );
  const { log, reading } = builder.build(file);
  const games = await findFile(path, /^steam_games\.json$/);
  return createDataset({
    name: settings.name,
    log,
    catalog:
      games === undefined
        ? new Catalog({
            items: log.items,
            text: { title: Array.from(log.items, (id) => names.get(id) ?? '') },
          })
        : await readGames(games, call),
    licence: 'none stated; published for research',
    source:
      'W.-C. Kang, J. McAuley. Self-Attentive Sequential Recommendation. ICDM 2018; A. Pathak et al. SIGIR 2017.',
    reading,
  });
}

async function readGames(path: string, options: LongCallOptions): Promise<Catalog> {
  const games = new EntityBuilder('item', ['title'], ['genres', 'tags', 'developer'], 'first');
  await readRecordsOfObjects(
    path,
    (record, line) => {
      const id = wordsOf(record.id);
      // The published file holds two games without an id.
      if (id === '') return;
      games.add(
        id,
        { file: path, line },
        {
          title: wordsOf(record.app_name ?? record.title),
          genres: textsOf(record.genres),
          tags: textsOf(record.tags),
          developer: wordsOf(record.developer) || undefined,
        },
      );
    },
    options,
  );
  return games.catalog();
}
