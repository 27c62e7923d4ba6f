import { expect, test } from 'vitest';
import { type CatalogueScorer, IdMap, listsFromScores, type Query } from '../src/index.js';

const items = new IdMap(Array.from({ length: 5 }, (_, k) => `i${k}`));
const queries: Query[] = Array.from({ length: 1000 }, () => ({}));
const scorer: CatalogueScorer = {
  name: 'x',
  items,
  scoreAll: async (chunk) => Float32Array.from({ length: chunk.length * 5 }, (_, k) => k % 5),
  retrieve: (asked, k, options = {}) => listsFromScores(scorer, asked, k, options),
};

test('timers and cancellation have their turn between blocks of queries', async () => {
  const controller = new AbortController();
  setImmediate(() => controller.abort());
  await expect(listsFromScores(scorer, queries, 1, { signal: controller.signal })).rejects.toMatchObject({
    code: 'cancelled',
  });
  const lists = await listsFromScores(scorer, queries, 1, {});
  expect(lists.map(([best]) => best?.item)).toEqual(Array(1000).fill(4));
});
