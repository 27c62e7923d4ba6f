import assert from 'node:assert/strict';
import { alteredArtifactConformance } from '@palate/core/testing';
import { describe, test } from 'vitest';
import { SemanticIds, Tiger } from '../src/index.js';
import { idsOf, ring, TINY } from './ring.js';

const dataset = ring(12, 8, 5);

describe('altered semantic IDs', () => {
  for (const { name, run } of alteredArtifactConformance({
    save: async (dir) => (await idsOf(dataset)).save(dir),
    load: (dir) => SemanticIds.load(dir),
    use: async (ids) => {
      assert.equal(ids.items.size > 0, true);
      for (let item = 0; item < ids.items.size; item++)
        for (const code of ids.tuple(item)) assert.ok(Number.isInteger(code) && code >= 0, `code ${code}`);
    },
  }))
    test(name, run);
});

for (const [mode, options] of Object.entries(TINY))
  describe(`an altered artifact of TIGER, ${mode}`, () => {
    for (const { name, run } of alteredArtifactConformance({
      save: async (dir) => (await Tiger.fit(dataset, { ...options, ids: await idsOf(dataset) })).save(dir),
      load: (dir) => Tiger.load(dir),
      use: async (tiger) => {
        for (const list of await tiger.retrieve([{ history: [0, 1] }, {}], 4))
          for (const { item, score } of list) {
            assert.ok(Number.isInteger(item) && item >= 0 && item < tiger.items.size, `item ${item}`);
            assert.ok(Number.isFinite(score), `score ${score}`);
          }
      },
      dispose: (tiger) => tiger.dispose(),
      changes: 40,
    }))
      test(name, run);
  });
