import assert from 'node:assert/strict';
import {
  Catalog,
  createDataset,
  InteractionLog,
  type Retriever,
  type Saveable,
  type VectorIndex,
} from '@palate/core';
import { alteredArtifactConformance } from '@palate/core/testing';
import { describe, test } from 'vitest';
import {
  Bm25Retriever,
  BprMf,
  BprSlim,
  Ease,
  ExactIndex,
  HnswIndex,
  ImplicitAls,
  ItemKnn,
  PopularityRetriever,
  RandomRetriever,
  UserKnn,
} from '../src/index.js';

const log = InteractionLog.fromRows(
  Array.from({ length: 60 }, (_, k) => ({
    user: `u${k % 12}`,
    item: `i${(k * 7 + (k % 5)) % 15}`,
    timestamp: k,
    rating: 1 + (k % 5),
  })),
);
const data = createDataset({
  name: 'small',
  log,
  catalog: new Catalog({
    items: log.items,
    text: { title: Array.from(log.items, (id) => `film ${id} of war`) },
  }),
  licence: 'MIT',
  source: 'generated',
});

async function answers(retriever: Retriever): Promise<void> {
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

const retrievers: Record<
  string,
  { fit: () => Promise<Retriever & Saveable>; load: (dir: string) => Promise<Retriever> }
> = {
  Random: { fit: () => RandomRetriever.fit(data), load: (dir) => RandomRetriever.load(dir) },
  Popularity: { fit: () => PopularityRetriever.fit(data), load: (dir) => PopularityRetriever.load(dir) },
  ItemKnn: { fit: () => ItemKnn.fit(data, { neighbours: 4 }), load: (dir) => ItemKnn.load(dir) },
  UserKnn: { fit: () => UserKnn.fit(data, { neighbours: 4 }), load: (dir) => UserKnn.load(dir) },
  Ease: { fit: () => Ease.fit(data, { lambda: 10 }), load: (dir) => Ease.load(dir) },
  ImplicitAls: {
    fit: () => ImplicitAls.fit(data, { factors: 4, iterations: 2 }),
    load: (dir) => ImplicitAls.load(dir),
  },
  BprMf: { fit: () => BprMf.fit(data, { factors: 4, epochs: 2 }), load: (dir) => BprMf.load(dir) },
  BprSlim: { fit: () => BprSlim.fit(data, { epochs: 2 }), load: (dir) => BprSlim.load(dir) },
  Bm25: { fit: () => Bm25Retriever.fit(data), load: (dir) => Bm25Retriever.load(dir) },
};

for (const [name, { fit, load }] of Object.entries(retrievers))
  describe(`an altered artifact of ${name}`, () => {
    for (const { name: fact, run } of alteredArtifactConformance({
      save: async (dir) => (await fit()).save(dir),
      load,
      use: answers,
    }))
      test(fact, run);
  });

async function indexAnswers(index: VectorIndex): Promise<void> {
  const [found = []] = await index.search(Float32Array.of(1, 0, 0), 3);
  for (const { id, score } of found) {
    assert.equal(typeof id, 'string');
    assert.ok(Number.isFinite(score), `score ${score}`);
  }
}

const indexes: Record<
  string,
  {
    create: () => Promise<VectorIndex & Saveable>;
    load: (dir: string) => Promise<VectorIndex>;
    opaque?: string[];
  }
> = {
  ExactIndex: { create: async () => new ExactIndex(3), load: (dir) => ExactIndex.load(dir) },
  HnswIndex: {
    create: () => HnswIndex.create(3),
    load: (dir) => HnswIndex.load(dir),
    opaque: ['graph.hnsw'],
  },
};

for (const [name, { create, load, opaque }] of Object.entries(indexes))
  describe(`an altered artifact of ${name}`, () => {
    for (const { name: fact, run } of alteredArtifactConformance({
      save: async (dir) => {
        const index = await create();
        await index.add(
          ['a', 'b', 'c', 'd'],
          Float32Array.from({ length: 12 }, (_, k) => Math.sin(k)),
        );
        await index.remove(['b']);
        await index.save(dir);
      },
      load,
      use: indexAnswers,
      opaque,
    }))
      test(fact, run);
  });
