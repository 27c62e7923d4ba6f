import type { CommandContext } from '@palate/command-line';
import { fitWidth } from '@palate/command-line';
import { printableJson } from '@palate/core';
import { type Statistics, statistics } from '@palate/datasets';
import { BUNDLED } from '../bundled.js';
import { dataFolders, foundDatasets, loadData } from '../data.js';

/** Options of `palate datasets`. */
export interface DatasetsOptions {
  readonly json?: boolean | undefined;
}

/** `palate datasets`: what can be used here, with figures of the 5-core. */
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
  print(
    `${fitWidth('name', 20)} ${'users'.padStart(8)} ${'items'.padStart(8)} ${'interactions'.padStart(13)}  licence (figures of the 5-core)`,
  );
  for (const { key, statistics: counts, licence } of rows)
    print(
      `${fitWidth(key, 20)} ${String(counts.users).padStart(8)} ${String(counts.items).padStart(8)} ${String(counts.interactions).padStart(13)}  ${licence}`,
    );
  print(`\nsearched: ${dataFolders().join(', ')} (set PALATE_DATA to search elsewhere)`);
}
