import assert from 'node:assert/strict';
import { Catalog } from '../data/catalog.js';
import { createDataset, type Dataset } from '../data/dataset.js';
import { InteractionLog } from '../data/interaction-log.js';
import type { Retriever, Saveable } from '../recommend/retriever.js';
import { alteredArtifactConformance } from './altered-artifacts.js';
import type { ConformanceCase } from './conformance.js';
import { type SavedSettingsOptions, savedSettingsConformance } from './saved-settings.js';

/** Arguments of {@link savedRetrieverConformance}. */
export interface SavedRetrieverOptions extends Omit<SavedSettingsOptions, 'fit'> {
  /** Fits a small retriever whose artifact keeps its items in `items.json`; it is told a small data set. */
  readonly fit: (dataset: Dataset) => Promise<Retriever & Saveable>;
  /** Changes with a matching checksum to try. Default 60. */
  readonly changes?: number | undefined;
}

/**
 * The contract of a retriever that is saved as a list of cases to run: those of {@link alteredArtifactConformance} and of
 * {@link savedSettingsConformance}, of one fit.
 */
export function savedRetrieverConformance(options: SavedRetrieverOptions): ConformanceCase[] {
  let made: Promise<Retriever & Saveable> | undefined;
  const fit = (): Promise<Retriever & Saveable> => {
    made ??= options.fit(smallDataset());
    return made;
  };
  return [
    ...alteredArtifactConformance({
      save: async (dir) => (await fit()).save(dir),
      load: options.load,
      use: givesPossibleLists,
      changes: options.changes,
    }),
    ...savedSettingsConformance({ ...options, fit }),
  ];
}

/** 60 ratings of 15 items by 12 users. */
function smallDataset(): Dataset {
  const log = InteractionLog.fromRows(
    Array.from({ length: 60 }, (_, k) => ({
      user: `u${k % 12}`,
      item: `i${(k * 7 + (k % 5)) % 15}`,
      timestamp: k,
      rating: 1 + (k % 5),
    })),
  );
  return createDataset({
    name: 'small',
    log,
    catalog: new Catalog({
      items: log.items,
      text: { title: Array.from(log.items, (id) => `film ${id} of war`) },
    }),
    licence: 'MIT',
    source: 'generated',
  });
}

/** Asserts that the lists of a retriever are possible ones: of items that it has, with finite scores. */
async function givesPossibleLists(retriever: Retriever): Promise<void> {
  const lists = await retriever.retrieve([{ history: [0, 1], text: 'war' }, {}], 5);
  assert.equal(lists.length, 2);
  for (const list of lists) {
    assert.ok(list.length <= 5);
    for (const { item, score } of list) {
      assert.ok(Number.isInteger(item) && item >= 0 && item < retriever.items.size, `item ${item}`);
      assert.ok(Number.isFinite(score), `score ${score}`);
    }
  }
}
