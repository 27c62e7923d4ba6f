import { type CommandContext, sentences, table } from '@palate/command-line';
import { printableJson } from '@palate/core';
import { type Statistics, statistics } from '@palate/datasets';
import { BUNDLED } from '../bundled.js';
import { dataFolders, foundDatasets, loadData } from '../data.js';

/** Options of `palate datasets`. */
export interface DatasetsOptions {
  readonly json?: boolean | undefined;
}

/** `palate datasets`: what can be used here, with the size and sparsity of the 5-core. */
export async function datasetsCommand(
  options: DatasetsOptions,
  { signal, print }: CommandContext,
): Promise<void> {
  const found = await foundDatasets();
  const rows: { key: string; name: string; path: string; licence: string; statistics: Statistics }[] = [];
  for (const { key, path } of [{ key: BUNDLED, path: '@palate/dataset-movietweetings' }, ...found]) {
    const dataset = await loadData(key, { signal });
    rows.push({
      key,
      name: dataset.name,
      path,
      licence: dataset.licence,
      statistics: statistics(dataset.log),
    });
  }
  if (options.json) {
    print(printableJson(rows));
    return;
  }
  const count = (value: number): string => value.toLocaleString('en-US');
  for (const line of table(
    [
      { heading: 'name' },
      { heading: 'users', align: 'right' },
      { heading: 'items', align: 'right' },
      { heading: 'interactions', align: 'right' },
      { heading: 'licence', least: 8 },
    ],
    rows.map(({ key, statistics: { users, items, interactions }, licence }) => [
      key,
      count(users),
      count(items),
      count(interactions),
      licence,
    ]),
  ))
    print(line);
  print('');
  for (const line of sentences([
    'Published data are shown as their 5-core, your own unfiltered.',
    `searched: ${dataFolders().join(', ')} (set PALATE_DATA to search elsewhere)`,
  ]))
    print(line);
}
