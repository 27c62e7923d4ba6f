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
import { EntityBuilder } from '../tables/entity-builder.js';
import { readEntityTable } from '../tables/entity-table.js';
import { LogBuilder } from '../tables/log-builder.js';
import { SKIP_CAUSES } from '../tables/row-faults.js';
import { readTableInto } from '../tables/table-reader.js';

const SKIP = option.list(option.choice(SKIP_CAUSES))({
  default: [],
  doc: 'faults whose rows are left out and counted instead of refused',
});

/** Options of {@link loadYambda}, each declared once. */
export const YAMBDA_OPTIONS = defineOptions('loadYambda', {
  event: option.choice(['listens', 'likes', 'dislikes', 'unlikes', 'undislikes'])({
    default: 'listens',
    doc: 'which events are read',
  }),
  organicOnly: option.boolean()({
    default: false,
    doc: 'leave out, and count, events that followed a recommendation',
  }),
  skip: SKIP,
  name: option.text()({ default: 'Yambda', doc: 'name of the data set' }),
});

/** Options of {@link loadYambda}. */
export type YambdaOptions = OptionsOf<typeof YAMBDA_OPTIONS.declarations> & LongCallOptions;

/**
 * Reads one kind of event of Yambda (Ploshkin et al. 2025), flat (a row an event) or sequential (a row a user, with
 * lists). Times count seconds from a beginning that is not told, in steps of five.
 *
 * @param path - the folder of one size (`flat/50m`, `sequential/50m`), or one of its files
 * @throws ParseError for a damaged file or a malformed row
 */
export async function loadYambda(path: string, options: YambdaOptions = {}): Promise<Dataset> {
  const settings = YAMBDA_OPTIONS.settings(options);
  const file = await needFile(
    path,
    `${settings.event}.parquet`,
    new RegExp(`^${settings.event}\\.parquet$`),
    /^(?!.*(embeddings|mapping)).*\.parquet$/,
  );
  const isMixed = /multi_event/.test(file);
  const builder = new LogBuilder({ hasRating: false, unit: 'seconds', skip: settings.skip });
  builder.note('times are seconds since an unknown start: they are not dates');
  await readTableInto(
    builder,
    file,
    { user: 'uid', item: 'item_id', timestamp: 'timestamp' },
    {
      signal: options.signal,
      onProgress: options.onProgress,
      format: 'parquet',
      only: {
        ...(isMixed ? { event_type: [settings.event.replace(/s$/, '')] } : {}),
        ...(settings.organicOnly ? { is_organic: [1, true] } : {}),
      },
    },
  );
  const { log, reading } = builder.build(file);
  return createDataset({
    name: settings.name,
    log,
    catalog: new Catalog({ items: log.items, text: {} }),
    licence: 'Apache-2.0',
    source: 'A. Ploshkin et al. Yambda-5B. RecSys 2025. https://huggingface.co/datasets/yandex/yambda',
    reading,
  });
}

/** Options of {@link loadKuaiRec}, each declared once. */
export const KUAIREC_OPTIONS = defineOptions('loadKuaiRec', {
  matrix: option.choice(['big', 'small'])({ default: 'big', doc: 'which of the two matrices is read' }),
  withoutTime: option.choice(['leave-out', 'refuse'])({
    default: 'leave-out',
    doc: 'rows without a time: left out and counted, or refused',
  }),
  name: option.text().optional({ doc: 'name of the data set; left out: KuaiRec and the matrix' }),
});

/** Options of {@link loadKuaiRec}. */
export type KuaiRecOptions = OptionsOf<typeof KUAIREC_OPTIONS.declarations> & LongCallOptions;

/**
 * Reads KuaiRec (Gao et al. 2022): `big_matrix.csv` or `small_matrix.csv`, with the watch ratio as rating (1 is the
 * whole video, more is a repetition), and the categories of the videos.
 *
 * @throws ParseError naming file and line of what is malformed
 */
export async function loadKuaiRec(dir: string, options: KuaiRecOptions = {}): Promise<Dataset> {
  const settings = KUAIREC_OPTIONS.settings(options);
  const call = { signal: options.signal, onProgress: options.onProgress };
  const file = await needFile(
    dir,
    `${settings.matrix}_matrix.csv`,
    new RegExp(`^${settings.matrix}_matrix\\.csv$`),
  );
  const columns = { user: 'user_id', item: 'video_id', rating: 'watch_ratio', timestamp: 'timestamp' };
  const builder = new LogBuilder({
    hasRating: true,
    unit: 'seconds',
    skip: settings.withoutTime === 'leave-out' ? ['no-time'] : [],
    names: columns,
  });
  await readTableInto(builder, file, columns, { ...call, format: 'csv' });
  const { log, reading } = builder.build(file);
  const categories = await findFile(dir, /^item_categories\.csv$/);
  const videos = new EntityBuilder('item', ['caption'], ['categories']);
  const captions = new Map<string, string>();
  const captionFile = await findFile(dir, /^kuairec_caption_category\.csv$/);
  if (captionFile !== undefined)
    await readEntityTable(
      captionFile,
      { delimiter: ',', quote: '"', header: true, needed: ['video_id'] },
      (row) => captions.set(row.get('video_id') ?? '', row.get('caption') ?? ''),
      call,
    );
  if (categories !== undefined)
    await readEntityTable(
      categories,
      { delimiter: ',', quote: '"', header: true, needed: ['video_id', 'feat'] },
      (row) =>
        videos.add(row.get('video_id') ?? '', row.at, {
          categories: row.get('feat')?.match(/\d+/g) ?? undefined,
          caption: captions.get(row.get('video_id') ?? ''),
        }),
      call,
    );
  return createDataset({
    name: settings.name ?? `KuaiRec, ${settings.matrix} matrix`,
    log,
    catalog: categories === undefined ? new Catalog({ items: log.items, text: {} }) : videos.catalog(),
    licence: 'CC BY-SA 4.0',
    source:
      'C. Gao et al. KuaiRec: A Fully-observed Dataset and Insights for Evaluating Recommender Systems. CIKM 2022.',
    reading,
  });
}

/** Options of {@link loadLastFm}, each declared once. */
export const LAST_FM_OPTIONS = defineOptions('loadLastFm', {
  item: option.choice(['artist', 'track'])({
    default: 'artist',
    doc: 'what is recommended; tracks are in the listening events of a thousand users only',
  }),
  skip: SKIP,
  name: option.text().optional({ doc: 'name of the data set; left out: Last.fm and the edition' }),
});

/** Options of {@link loadLastFm}. */
export type LastFmOptions = OptionsOf<typeof LAST_FM_OPTIONS.declarations> & LongCallOptions;

/**
 * Reads Last.fm in any of its editions, by their files: HetRec 2011 (`user_artists.dat`, play counts), 360K
 * (`usersha1-artmbid-artname-plays.tsv`, play counts) or 1K (`userid-timestamp-artid-artname-traid-traname.tsv`,
 * listening events with times). Play counts are the rating; an artist without an id goes by its name.
 *
 * @param path - the folder, or the file itself
 * @throws ParseError naming file and line of what is malformed
 */
export async function loadLastFm(path: string, options: LastFmOptions = {}): Promise<Dataset> {
  const settings = LAST_FM_OPTIONS.settings(options);
  const call = { signal: options.signal, onProgress: options.onProgress };
  const file = await needFile(
    path,
    'user_artists.dat, usersha1-artmbid-artname-plays.tsv or userid-timestamp-artid-artname-traid-traname.tsv',
    /^user_artists\.dat$/,
    /^usersha1-artmbid-artname-plays\.tsv$/,
    /^userid-timestamp-artid-artname-traid-traname\.tsv$/,
  );
  const edition = /user_artists/.test(file) ? 'HetRec 2011' : /usersha1/.test(file) ? '360K' : '1K';
  const builder = new LogBuilder({
    hasRating: edition !== '1K',
    unit: edition === '1K' ? 'iso' : 'position',
    skip: settings.skip,
  });
  builder.beginFile(file);
  if (edition !== '1K')
    builder.note('there are no times: play counts are sums, and the order of rows has no meaning');
  const names = new Map<string, string>();
  await readEntityTable(
    file,
    {
      delimiter: '\t',
      quote: false,
      header: edition === 'HetRec 2011',
      needed: edition === '1K' ? [5] : edition === '360K' ? [3] : ['userID', 'artistID', 'weight'],
    },
    (row) => {
      if (edition === 'HetRec 2011')
        return builder.addValues(
          { user: row.get('userID'), item: row.get('artistID'), rating: row.get('weight') },
          row.at,
        );
      const [id, name] =
        edition === '1K' && settings.item === 'track' ? [4, 5] : edition === '1K' ? [2, 3] : [1, 2];
      const title = row.get(name) ?? '';
      const item = row.get(id) || title;
      const added = builder.addValues(
        edition === '1K'
          ? { user: row.get(0), item, timestamp: row.get(1) }
          : { user: row.get(0), item, rating: row.get(3) },
        row.at,
      );
      if (added && !names.has(item)) names.set(item, title);
    },
    call,
  );
  const artists = edition === 'HetRec 2011' ? await findFile(path, /^artists\.dat$/) : undefined;
  if (artists !== undefined)
    await readEntityTable(
      artists,
      { delimiter: '\t', quote: false, header: true, needed: ['id', 'name'] },
      (row) => names.set(row.get('id') ?? '', row.get('name') ?? ''),
      call,
    );
  const { log, reading } = builder.build(file);
  return createDataset({
    name: settings.name ?? `Last.fm ${edition}`,
    log,
    catalog: new Catalog({
      items: log.items,
      text: { title: Array.from(log.items, (id) => names.get(id) ?? '') },
    }),
    licence: 'non-commercial use',
    source:
      edition === 'HetRec 2011'
        ? 'I. Cantador, P. Brusilovsky, T. Kuflik. HetRec 2011. RecSys 2011. https://grouplens.org/datasets/hetrec-2011/'
        : 'O. Celma. Music Recommendation and Discovery. Springer 2010.',
    reading,
  });
}
