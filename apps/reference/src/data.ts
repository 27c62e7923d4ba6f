import { join } from 'node:path';
import { type Dataset, InvalidInputError, type LongCallOptions, withLog } from '@palate/core';
import { loadBundledMovieTweetings } from '@palate/dataset-movietweetings';
import { type FoundDataset, findDatasets, kCore } from '@palate/datasets';

/** The bundled data set's name on the command line. */
export const BUNDLED = 'bundled';

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

/**
 * Loads a data set by its name on the command line; others than the bundled one are brought to their 5-core too.
 *
 * @throws InvalidInputError for a name that is not there
 */
export async function loadData(key: string, options: LongCallOptions = {}): Promise<Dataset> {
  if (key === BUNDLED) return loadBundledMovieTweetings(options);
  const found = await foundDatasets();
  const dataset = found.find((each) => each.key === key);
  if (!dataset)
    throw new InvalidInputError({
      expected: `a data set among ${[BUNDLED, ...found.map((each) => each.key)].join(', ')}`,
      received: JSON.stringify(key),
      hint: 'Put the data set into the folder that PALATE_DATA names; `palate datasets` lists what is found.',
    });
  const whole = await dataset.load(options);
  return withLog(whole, kCore(whole.log));
}
