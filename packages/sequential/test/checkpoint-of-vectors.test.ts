import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Catalog, createDataset, EmbeddingTable, InteractionLog, RandomStream, WORLD } from '@palate/core';
import { afterAll, expect, test } from 'vitest';
import { Rpg, UniSRec, VqRec, ZesRec } from '../src/index.js';

const log = InteractionLog.fromRows(
  Array.from({ length: 48 }, (_, k) => ({ user: `u${k % 12}`, item: `i${(k * 5) % 11}`, timestamp: k })),
);
const dataset = createDataset({
  name: 'small',
  log,
  catalog: new Catalog({ items: log.items, text: { title: [...log.items] } }),
  licence: 'MIT',
  source: 'made up',
});
const vectorsOf = (seed: number): EmbeddingTable => {
  const random = new RandomStream(seed);
  return new EmbeddingTable(
    log.items,
    4,
    Float32Array.from({ length: 4 * log.items.size }, () => random.uint32() / 2 ** 32 - 0.5),
    WORLD,
  );
};
const small = { epochs: 1, dimension: 4, heads: 1, blocks: 1, maxLength: 4, batchSize: 8 };
const codes = { codes: 2, codeValues: 4 };

const folder = await mkdtemp(join(tmpdir(), 'palate-checkpoints-'));
afterAll(() => rm(folder, { recursive: true }));

test.each([
  [
    'UniSRec',
    (more: object, vectors: EmbeddingTable) => UniSRec.fit(dataset, { ...small, ...more, vectors }),
  ],
  ['ZESRec', (more: object, vectors: EmbeddingTable) => ZesRec.fit(dataset, { ...small, ...more, vectors })],
  [
    'VQ-Rec',
    (more: object, vectors: EmbeddingTable) => VqRec.fit(dataset, { ...small, ...codes, ...more, vectors }),
  ],
  [
    'RPG',
    (more: object, vectors: EmbeddingTable) => Rpg.fit(dataset, { ...small, ...codes, ...more, vectors }),
  ],
])('%s does not go on from a checkpoint that was trained with other vectors', async (name, fit) => {
  const checkpoint = { dir: join(folder, name) };
  const losses: number[][] = [];
  for (const vectors of [vectorsOf(1), vectorsOf(1), vectorsOf(2)]) {
    const model = await fit({ checkpoint }, vectors);
    losses.push(model.history.map(({ loss }) => loss));
    model.dispose();
  }
  // The second run finds the first one's end; the third is a run of its own.
  expect(losses[1]).toEqual(losses[0]);
  expect(losses[2]).not.toEqual(losses[0]);
});
