import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Dataset, InvalidInputError, type LongCallOptions, withLog } from '@palate/core';
import { loadBundledMovieTweetings } from '@palate/dataset-movietweetings';
import {
  findDatasets,
  type JsonRecord,
  kCore,
  leaveOneOut,
  minimumItemCount,
  readJsonLines,
  type Split,
} from '@palate/datasets';
import type { Suite } from './suite.js';

/** Data of a suite, split. */
export interface Prepared {
  readonly train: Dataset;
  readonly split: Split;
}

/** Folders in which data sets are looked for. */
function dataFolders(): string[] {
  return [process.env.PALATE_DATA, join('..', 'shared', 'data')].filter((folder) => folder !== undefined);
}

function load(key: string, options: LongCallOptions): Promise<Dataset> {
  return key === 'bundled' ? loadBundledMovieTweetings(options) : loadFolderDataset(key, options);
}

/**
 * Loads a data set that is found in the data folders.
 *
 * @throws InvalidInputError if it is not there
 */
export async function loadFolderDataset(key: string, options: LongCallOptions): Promise<Dataset> {
  for (const folder of dataFolders()) {
    const found = (await findDatasets(folder)).find((each) => each.key === key);
    if (found)
      return found.load({
        signal: options.signal,
        onProgress: options.onProgress,
      });
  }
  throw new InvalidInputError({
    expected: `the data set ${key} in ${dataFolders().join(' or ')}`,
    received: 'none',
    hint: 'Download it (its licence forbids shipping it here) and name the folder in PALATE_DATA.',
  });
}

/** Loads, filters and splits the data of a suite. */
export async function prepare(suite: Suite, options: LongCallOptions): Promise<Prepared> {
  const dataset = await load(suite.data, options);
  let { log } = dataset;
  if (suite.filter?.minimumItemCount !== undefined)
    log = minimumItemCount(log, suite.filter.minimumItemCount);
  if (suite.filter?.kCore !== undefined)
    log = kCore(log, { users: suite.filter.kCore, items: suite.filter.kCore });
  const filtered = withLog(dataset, log);
  const split = leaveOneOut(filtered.log);
  return { train: withLog(filtered, split.train), split };
}

/**
 * Records of a JSON-lines file of a data set's folder.
 *
 * @throws InvalidInputError if it is in none of the data folders
 */
export async function readFolderLines(folder: string, name: string): Promise<JsonRecord[]> {
  const records: JsonRecord[] = [];
  await readJsonLines(folderFile(folder, name), (record) => {
    records.push(record);
  });
  return records;
}

/**
 * The text of a file of a data set's folder.
 *
 * @throws InvalidInputError if it is in none of the data folders
 */
export function readFolderText(folder: string, name: string): Promise<string> {
  return readFile(folderFile(folder, name), 'utf8');
}

/** The path of a file of a data set's folder, in the first data folder that has it. */
function folderFile(folder: string, name: string): string {
  for (const parent of dataFolders()) {
    const path = join(parent, folder, name);
    if (existsSync(path)) return path;
  }
  throw new InvalidInputError({
    expected: `${join(folder, name)} in ${dataFolders().join(' or ')}`,
    received: 'none',
    hint: 'Name the folder of your data sets in PALATE_DATA.',
  });
}
