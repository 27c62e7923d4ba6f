import assert from 'node:assert/strict';
import type { Saveable, VectorIndex } from '@palate/core';
import { alteredArtifactConformance } from '@palate/core/testing';
import { describe, test } from 'vitest';
import { ExactIndex, HnswIndex } from '../../src/index.js';

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
