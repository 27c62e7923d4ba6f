import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Dataset, InvalidInputError, type LongCallOptions, nearestName, withLog } from '@palate/core';
import { loadBundledMovieTweetings } from '@palate/dataset-movietweetings';
import { type FoundDataset, findDatasets, isDatasetFolder, kCore, openDataset } from '@palate/datasets';
import { BUNDLED } from './bundled.js';

/** Folders that are searched for data sets. */
export function dataFolders(): string[] {
  return [
    ...(process.env.PALATE_DATA === undefined ? [] : [process.env.PALATE_DATA]),
    join('..', 'shared', 'data'),
  ];
}

/** Data sets found on this machine, the first of each name. */
export async function foundDatasets(): Promise<FoundDataset[]> {
  const found = new Map<string, FoundDataset>();
  for (const folder of dataFolders())
    for (const each of await findDatasets(folder)) if (!found.has(each.key)) found.set(each.key, each);
  return [...found.values()];
}

/** Names of the folders here that `palate import` wrote. */
async function ownFolders(): Promise<string[]> {
  const names = await readdir('.', { withFileTypes: true }).catch(() => []);
  const folders = names.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  const isOwn = await Promise.all(folders.map((name) => isDatasetFolder(name)));
  return folders.filter((_, k) => isOwn[k]);
}

/**
 * Loads a data set by its name on the command line, or from a folder that `palate import` wrote. Published data other
 * than the bundled ones are brought to their 5-core too; one's own are used as they are.
 *
 * @throws InvalidInputError for a name that is not there, ArtifactError for a folder that is damaged
 */
export async function loadData(key: string, options: LongCallOptions = {}): Promise<Dataset> {
  if (key === BUNDLED) return loadBundledMovieTweetings(options);
  if (await isDatasetFolder(key)) return openDataset(key, options);
  const found = await foundDatasets();
  const dataset = found.find((each) => each.key === key);
  if (dataset) {
    const whole = await dataset.load(options);
    return dataset.isOwn ? whole : withLog(whole, kCore(whole.log));
  }
  const known = [BUNDLED, ...found.map((each) => each.key)];
  const isFolder = await stat(key).then(
    (entry) => entry.isDirectory(),
    () => false,
  );
  // A folder whose manifest cannot be read says why itself.
  if (isFolder && (await readdir(key)).includes('manifest.json')) return openDataset(key, options);
  const meant = nearestName(key, [...known, ...(await ownFolders())]);
  throw new InvalidInputError({
    expected: `a data set among ${known.join(', ')}, or the folder of one`,
    received: isFolder ? `${JSON.stringify(key)}, a folder of something else` : JSON.stringify(key),
    hint: `${meant === undefined ? '' : `Did you mean ${meant}? `}\`palate import\` makes a folder from your own tables; \`palate datasets\` lists what is found, also in PALATE_DATA.`,
  });
}
