import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Catalog, createDataset, IdMap, InteractionLog, RandomStream } from '@palate/core';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { keepTop } from '../src/classic/top-weights.js';
import { Ease } from '../src/index.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'palate-top-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('the largest weights of each row stay as they are, and nothing else', async () => {
  const size = 30;
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: -4, max: 4 }), { minLength: size ** 2, maxLength: size ** 2 }),
      async (given) => {
        const weights = Float32Array.from(given);
        await keepTop(weights, size, undefined);
        for (let row = 0; row < size; row++) {
          const before = given.slice(row * size, (row + 1) * size);
          const after = [...weights.subarray(row * size, (row + 1) * size)];
          // Twenty of thirty: by the absolute value, then by the place.
          const kept = before
            .map((value, k) => ({ value, k }))
            .sort((a, b) => Math.abs(b.value) - Math.abs(a.value) || a.k - b.k)
            .slice(0, 20);
          const expected = new Array<number>(size).fill(0);
          for (const { value, k } of kept) expected[k] = value;
          expect(after.map((value) => value + 0)).toEqual(expected.map((value) => value + 0));
        }
      },
    ),
    { numRuns: 10 },
  );
});

test('EASE that keeps the largest weights is saved in a tenth, and answers the same after loading', async () => {
  const [users, items, each] = [600, 600, 20];
  const random = new RandomStream(3);
  const ids = new IdMap(Array.from({ length: items }, (_, item) => `i${item}`));
  const dataset = createDataset({
    name: 'made up',
    log: new InteractionLog({
      users: new IdMap(
        Array.from({ length: users }, (_, user) => `u${user}`),
        'user',
      ),
      items: ids,
      user: Int32Array.from({ length: users * each }, (_, row) => Math.floor(row / each)),
      item: Int32Array.from({ length: users * each }, () => Math.floor(items * random.uniform() ** 2)),
      timestamp: Float64Array.from({ length: users * each }, (_, row) => row),
    }),
    catalog: new Catalog({ items: ids, text: {} }),
    licence: 'MIT',
    source: 'made up',
  });
  const bytesOf = async (dir: string): Promise<number> => {
    const sizes = await Promise.all(
      (await readdir(dir)).map(async (name) => (await stat(join(dir, name))).size),
    );
    return sizes.reduce((sum, size) => sum + size, 0);
  };
  const all = await Ease.fit(dataset, { threads: 1 });
  const top = await Ease.fit(dataset, { threads: 1, keep: 'top' });
  await all.save(join(folder, 'all'));
  await top.save(join(folder, 'top'));
  expect(await bytesOf(join(folder, 'top'))).toBeLessThan(0.1 * (await bytesOf(join(folder, 'all'))));
  const loaded = await Ease.load(join(folder, 'top'));
  const queries = Array.from({ length: 20 }, (_, user) => ({ history: dataset.log.history(user) }));
  expect(await loaded.retrieve(queries, 10)).toEqual(await top.retrieve(queries, 10));
  // Of a short history with few weights most of what is found is the same.
  const [a, b] = await Promise.all([all.retrieve(queries, 10), top.retrieve(queries, 10)]);
  const shared = a.reduce((sum, list, q) => {
    const other = new Set(b[q]?.map(({ item }) => item));
    return sum + list.filter(({ item }) => other.has(item)).length;
  }, 0);
  expect(shared).toBeGreaterThan(120);
});
