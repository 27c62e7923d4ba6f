import { expect, test } from 'vitest';
import { IdMap, listsFromScores, type Query } from '../src/index.js';

const items = new IdMap(Array.from({ length: 5 }, (_, k) => `i${k}`));
const queries: Query[] = Array.from({ length: 1000 }, () => ({}));
const scoreBlock = async (chunk: readonly Query[]): Promise<Float32Array> =>
  Float32Array.from({ length: chunk.length * 5 }, (_, k) => k % 5);

test('timers and cancellation have their turn between blocks of queries', async () => {
  const controller = new AbortController();
  setImmediate(() => controller.abort());
  await expect(
    listsFromScores('x', items, queries, 1, { signal: controller.signal }, scoreBlock),
  ).rejects.toMatchObject({ code: 'cancelled' });
  const lists = await listsFromScores('x', items, queries, 1, {}, scoreBlock);
  expect(lists.map(([best]) => best?.item)).toEqual(Array(1000).fill(4));
});
