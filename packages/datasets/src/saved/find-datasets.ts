import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Dataset, LongCallOptions } from '@palate/core';
import { isThere } from '../files/existing-file.js';
import { loadAmazonReviews } from '../formats/amazon-reviews.js';
import { loadBookCrossing } from '../formats/book-ratings.js';
import { loadKuaiRec, loadLastFm, loadYambda } from '../formats/media-logs.js';
import { loadMind } from '../formats/mind.js';
import {
  loadMovieLens,
  loadMovieLens1m,
  loadMovieLens100k,
  loadMovieLensLatest,
} from '../formats/movielens.js';
import { loadMovieTweetings } from '../formats/movietweetings.js';
import { loadS3RecSequences } from '../formats/s3-rec.js';
import { isDatasetFolder, openDataset } from './dataset-folder.js';

/** A data set found in a folder, to be loaded when wanted. */
export interface FoundDataset {
  /** Short name for command lines: `ml-1m`, `beauty`. */
  readonly key: string;
  /** File or folder it is in. */
  readonly path: string;
  /** True for a folder that `saveDataset` wrote: it is used as it is. */
  readonly isOwn: boolean;
  readonly load: (options?: LongCallOptions) => Promise<Dataset>;
}

interface Known {
  readonly key: string;
  /** Files, any of which shows that the data set is there; the first that exists is passed to `load`. */
  readonly files: readonly string[];
  readonly load: (folder: string, file: string, options?: LongCallOptions) => Promise<Dataset>;
}

const above = (file: string): string => join(file, '..');

const KNOWN: readonly Known[] = [
  {
    key: 'movietweetings-100k',
    files: ['movietweetings-100k/ratings.dat'],
    load: (_, file, options) => loadMovieTweetings(above(file), options),
  },
  {
    key: 'ml-100k',
    files: ['ml-100k/u.data', 'ml-100k/orig/u.data'],
    load: (_, file, options) => loadMovieLens100k(above(file), options),
  },
  {
    key: 'ml-1m',
    files: ['ml-1m/ratings.dat', 'ml-1m/derived/ratings_time_ordered.tsv.gz'],
    load: (folder, _, options) => loadMovieLens1m(join(folder, 'ml-1m'), options),
  },
  {
    key: 'ml-latest',
    files: ['ml-latest-small/ratings.csv', 'ml-latest/ratings.csv'],
    load: (_, file, options) => loadMovieLensLatest(above(file), options),
  },
  {
    key: 'ml-10m',
    files: ['ml-10M100K/ratings.dat', 'ml-10m/ratings.dat'],
    load: (_, file, options) => loadMovieLens(above(file), options),
  },
  ...['ml-20m', 'ml-25m', 'ml-32m'].map((key) => ({
    key,
    files: [`${key}/ratings.csv`],
    load: (_: string, file: string, options?: LongCallOptions) => loadMovieLens(above(file), options),
  })),
  {
    key: 'mind',
    files: ['MINDsmall_train/behaviors.tsv', 'MINDlarge_train/behaviors.tsv', 'mind/behaviors.tsv'],
    load: (_, file, options) => loadMind(above(file), options),
  },
  {
    key: 'kuairec',
    files: ['KuaiRec 2.0/data/big_matrix.csv', 'KuaiRec/data/big_matrix.csv', 'kuairec/big_matrix.csv'],
    load: (_, file, options) => loadKuaiRec(above(file), options),
  },
  {
    key: 'yambda',
    files: ['yambda/flat/50m/listens.parquet', 'yambda/listens.parquet'],
    load: (_, file, options) => loadYambda(file, options),
  },
  {
    key: 'last-fm',
    files: [
      'hetrec2011-lastfm-2k/user_artists.dat',
      'lastfm-dataset-360K/usersha1-artmbid-artname-plays.tsv',
    ],
    load: (_, file, options) => loadLastFm(above(file), options),
  },
  {
    key: 'book-crossing',
    files: ['book-crossing/BX-Book-Ratings.csv', 'BX-CSV-Dump/BX-Book-Ratings.csv'],
    load: (_, file, options) => loadBookCrossing(above(file), options),
  },
  {
    key: 'beauty',
    files: ['amazon-beauty/orig/s3rec_Beauty.txt', 'amazon-beauty/Beauty.txt'],
    load: async (folder, file, options) => {
      const items = join(folder, 'amazon-beauty', 'derived', 'items.jsonl');
      return loadS3RecSequences(file, {
        ...options,
        name: 'Amazon Beauty 2014, 5-core',
        items: (await isThere(items)) ? items : undefined,
      });
    },
  },
  {
    key: 'sports',
    files: ['amazon-sports/s3rec_Sports_and_Outdoors.txt', 'amazon-sports/Sports_and_Outdoors.txt'],
    load: (_, file, options) => loadS3RecSequences(file, { ...options, name: 'Amazon Sports 2014, 5-core' }),
  },
  {
    key: 'giftcards',
    files: ['amazon-giftcards-2018/Gift_Cards_5.json'],
    load: async (folder, file, options) => {
      const metadata = join(folder, 'amazon-giftcards-2018', 'meta_Gift_Cards.json.gz');
      return loadAmazonReviews(file, {
        ...options,
        name: 'Amazon Gift Cards 2018, 5-core',
        metadata: (await isThere(metadata)) ? metadata : undefined,
      });
    },
  },
];

/**
 * Looks for the data sets this package has loaders for, in the folder layouts they are commonly kept in:
 * `ml-100k/u.data`, `ml-1m/ratings.dat`, `ml-latest-small/ratings.csv`, `amazon-beauty/Beauty.txt` and so on; and for
 * folders that `importDataset` or `saveDataset` wrote.
 *
 * @param folder - where data sets lie side by side; a folder that is not there holds none
 */
export async function findDatasets(folder: string): Promise<FoundDataset[]> {
  const found: FoundDataset[] = [];
  for (const { key, files, load } of KNOWN)
    for (const name of files) {
      const path = join(folder, name);
      if (!(await isThere(path))) continue;
      found.push({ key, path, isOwn: false, load: (options) => load(folder, path, options) });
      break;
    }
  return [...found, ...(await ownDatasets(folder))];
}

/** Data set folders that {@link saveDataset} wrote, by name. */
async function ownDatasets(folder: string): Promise<FoundDataset[]> {
  const entries = await readdir(folder).catch(() => []);
  const own: FoundDataset[] = [];
  for (const key of entries.sort()) {
    const path = join(folder, key);
    if (await isDatasetFolder(path))
      own.push({ key, path, isOwn: true, load: (options) => openDataset(path, options) });
  }
  return own;
}
