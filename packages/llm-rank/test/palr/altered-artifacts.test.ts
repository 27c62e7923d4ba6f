import assert from 'node:assert/strict';
import { Catalog, createDataset, InteractionLog } from '@palate/core';
import { alteredArtifactConformance } from '@palate/core/testing';
import { describe, test } from 'vitest';
import { LocalRanker } from '../../src/index.js';

const log = InteractionLog.fromRows(
  Array.from({ length: 72 }, (_, k) => ({ user: `u${k % 12}`, item: `i${(k * 5) % 16}`, timestamp: k })),
);
const dataset = createDataset({
  name: 'small',
  log,
  catalog: new Catalog({ items: log.items, text: { title: Array.from(log.items, (id) => `Film ${id}`) } }),
  licence: 'MIT',
  source: 'made up',
});

describe('an altered artifact of the local ranker', () => {
  for (const { name, run } of alteredArtifactConformance({
    save: async (dir) =>
      (
        await LocalRanker.fit(dataset, {
          dimension: 8,
          heads: 2,
          blocks: 1,
          epochs: 1,
          perUser: 1,
          batchSize: 16,
        })
      ).save(dir),
    load: (dir) => LocalRanker.load(dir),
    use: async (ranker) => {
      const given = [3, 1, 2].map((item, k) => ({ item, score: 3 - k }));
      for (const list of await ranker.rank([{ history: [0, 1] }], [given], 3))
        for (const { item, score } of list) {
          assert.ok(
            given.some((each) => each.item === item),
            `item ${item}`,
          );
          assert.ok(Number.isFinite(score), `score ${score}`);
        }
    },
    dispose: (ranker) => ranker.dispose(),
    changes: 40,
  }))
    test(name, run);
});
