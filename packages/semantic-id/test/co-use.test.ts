// A codebook that is told what is used together: codes of texts, but alike where items share their use.
import { EmbeddingTable, IdMap, madeFrom, RandomStream, WORLD } from '@palate/core';
import { expect, test } from 'vitest';
import { RqVae, SemanticIds } from '../src/index.js';

const ITEMS = 96;
const WIDTH = 8;
const random = new RandomStream(3);
const items = new IdMap(Array.from({ length: ITEMS }, (_, item) => `i${item}`));
/** Texts tell a topic loudly, a use faintly, and other things that do not matter; nothing of one follows from another. */
const topic = (item: number): number => item % 4;
const use = (item: number): number => Math.floor(item / 4) % 2;
const texts = new EmbeddingTable(
  items,
  WIDTH,
  Float32Array.from({ length: ITEMS * WIDTH }, (_, at) => {
    const [item, k] = [Math.floor(at / WIDTH), at % WIDTH];
    const told = k < 4 ? (topic(item) === k ? 2 : 0) : k === 4 ? 0.4 * use(item) : 0;
    return told + (k > 4 ? 0.6 : 0.05) * random.normal();
  }),
  WORLD,
);
const usedTogether = new EmbeddingTable(
  items,
  2,
  // Of the last items nothing is known.
  Float32Array.from({ length: 2 * ITEMS }, (_, at) =>
    at >= 2 * (ITEMS - 8) ? 0 : use(Math.floor(at / 2)) === at % 2 ? 3 : 0,
  ),
  madeFrom({ log: 'the training log' }),
);

/** Share of the pairs with equal codes that have the same use. */
async function sameUse(codebook: RqVae): Promise<number> {
  const codes = await codebook.encode(texts.data);
  const tuple = (item: number): string =>
    codes.subarray(item * codebook.levels, (item + 1) * codebook.levels).join();
  let [same, pairs] = [0, 0];
  for (let a = 0; a < ITEMS; a++)
    for (let b = 0; b < a; b++) {
      if (tuple(a) !== tuple(b)) continue;
      pairs++;
      if (use(a) === use(b)) same++;
    }
  return same / pairs;
}

test('what is used together shares codes, which are made of texts alone', async () => {
  const options = {
    levels: 2,
    size: 4,
    hidden: [16],
    latent: 4,
    epochs: 200,
    batchSize: 48,
    learningRate: 0.02,
    minimumUsage: 0,
  };
  using plain = await RqVae.fit(texts, options);
  using told = await RqVae.fit(texts, { ...options, coUse: usedTogether, coUseWeight: 30 });
  expect(await sameUse(plain)).toBeLessThan(0.7);
  expect(await sameUse(told)).toBeGreaterThan(0.9);
  // What helped in training is not kept: codes are made of texts.
  const parts = await told.parts();
  expect(Object.keys(parts.tensors).filter((name) => name.startsWith('co-use'))).toEqual([]);
  using again = await RqVae.from(parts);
  expect(await again.encode(texts.data)).toEqual(await told.encode(texts.data));
  // The IDs know what the vectors of co-use know.
  const ids = await SemanticIds.assign(told, texts, { encoder: 'drawn' });
  expect(ids.provenance).toEqual(told.provenance);
  expect(ids.provenance.kind).not.toBe('world');
});
