import assert from 'node:assert/strict';
import {
  Catalog,
  createDataset,
  EmbeddingTable,
  InteractionLog,
  type Retriever,
  type Saveable,
  WORLD,
} from '@palate/core';
import { alteredArtifactConformance } from '@palate/core/testing';
import { describe, test } from 'vitest';
import { Bert4Rec, Rpg, SasRec, UniSRec, VqRec } from '../src/index.js';

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

const vectors = new EmbeddingTable(
  log.items,
  6,
  Float32Array.from({ length: log.items.size * 6 }, (_, k) => Math.sin(k * k)),
  WORLD,
);
const MODELS: Record<
  string,
  { readonly fit: () => Promise<Retriever & Saveable>; readonly load: (dir: string) => Promise<Retriever> }
> = {
  SasRec: { fit: () => SasRec.fit(data, options), load: (dir) => SasRec.load(dir) },
  Bert4Rec: { fit: () => Bert4Rec.fit(data, options), load: (dir) => Bert4Rec.load(dir) },
  UniSRec: {
    fit: () => UniSRec.fit(data, { ...options, vectors, experts: 2 }),
    load: (dir) => UniSRec.load(dir),
  },
  VqRec: {
    fit: () => VqRec.fit(data, { ...options, vectors, codes: 3, codeValues: 4 }),
    load: (dir) => VqRec.load(dir),
  },
  Rpg: {
    fit: () => Rpg.fit(data, { ...options, vectors, codes: 3, codeValues: 4 }),
    load: (dir) => Rpg.load(dir),
  },
};

for (const [name, { fit, load }] of Object.entries(MODELS))
  describe(`an altered artifact of ${name}`, () => {
    for (const { name: fact, run } of alteredArtifactConformance<Retriever>({
      save: async (dir) => (await fit()).save(dir),
      load,
      use: answers,
      changes: 40,
    }))
      test(fact, run);
  });
