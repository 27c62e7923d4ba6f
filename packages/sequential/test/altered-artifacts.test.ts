import assert from 'node:assert/strict';
import { Catalog, createDataset, InteractionLog, type Retriever } from '@palate/core';
import { alteredArtifactConformance } from '@palate/core/testing';
import { describe, test } from 'vitest';
import { Bert4Rec, SasRec } from '../src/index.js';

const log = InteractionLog.fromRows(
  Array.from({ length: 60 }, (_, k) => ({
    user: `u${k % 12}`,
    item: `i${(k * 7 + (k % 5)) % 15}`,
    timestamp: k,
  })),
);
const data = createDataset({
  name: 'small',
  log,
  catalog: new Catalog({ items: log.items, text: {} }),
  licence: 'MIT',
  source: 'generated',
});
const options = { epochs: 1, dimension: 8, heads: 2, blocks: 1, maxLength: 8, batchSize: 16 };

async function answers(retriever: Retriever): Promise<void> {
  const lists = await retriever.retrieve([{ history: [0, 1] }, {}], 5);
  assert.equal(lists.length, 2);
  for (const list of lists) {
    assert.ok(list.length <= 5);
    for (const { item, score } of list) {
      assert.ok(Number.isInteger(item) && item >= 0 && item < retriever.items.size, `item ${item}`);
      assert.ok(Number.isFinite(score), `score ${score}`);
    }
  }
}

for (const [name, Model] of [
  ['SasRec', SasRec],
  ['Bert4Rec', Bert4Rec],
] as const)
  describe(`an altered artifact of ${name}`, () => {
    for (const { name: fact, run } of alteredArtifactConformance<Retriever>({
      save: async (dir) => (await Model.fit(data, options)).save(dir),
      load: (dir) => Model.load(dir),
      use: answers,
      changes: 40,
    }))
      test(fact, run);
  });
