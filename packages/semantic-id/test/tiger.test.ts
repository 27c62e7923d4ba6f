import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Catalog, createDataset, type Dataset, EmbeddingTable, IdMap, InteractionLog } from '@palate/core';
import { retrieverConformance } from '@palate/core/testing';
import { describe, expect, it, test } from 'vitest';
import { Tiger, type TigerOptions } from '../src/index.js';
import { idsOf, ring, TINY } from './ring.js';

for (const [mode, options] of Object.entries(TINY))
  describe(`Tiger, ${mode}`, () => {
    const cases = retrieverConformance({
      create: async (dataset, seed) => Tiger.fit(dataset, { ...options, ids: await idsOf(dataset, 6), seed }),
      load: (dir) => Tiger.load(dir),
    });
    for (const { name, run } of cases) test(name, run);
  });

/** Histories of four items in a ring of twelve, with what comes after each. */
function walks({ log: { items } }: Dataset) {
  const at = (k: number) => items.indexOf(`i${k % 12}`);
  const starts = [3, 7, 10];
  return {
    queries: starts.map((k) => ({ history: [at(k), at(k + 1), at(k + 2), at(k + 3)] })),
    next: starts.map((k) => at(k + 4)),
  };
}

describe('what TIGER learns', () => {
  it('is the next item of a certain sequence, in the efficient mode', async () => {
    const dataset = ring(60, 12, 9);
    const tiger = await Tiger.fit(dataset, {
      ids: await idsOf(dataset),
      dimension: 16,
      heads: 2,
      blocks: 1,
      maxLength: 8,
      batchSize: 16,
      epochs: 40,
      learningRate: 0.01,
      dropout: 0,
    });
    const { queries, next } = walks(dataset);
    const lists = await tiger.retrieve(queries, 1);
    expect(lists.map(([first]) => first?.item)).toEqual(next);
    expect(tiger.history.at(-1)?.loss).toBeLessThan(0.3);
  });

  it('is the next item of a certain sequence, in the faithful mode', async () => {
    const dataset = ring(24, 12, 9);
    const tiger = await Tiger.fit(dataset, {
      ids: await idsOf(dataset),
      mode: 'faithful',
      dimension: 32,
      heads: 2,
      blocks: 2,
      inner: 64,
      maxLength: 4,
      userTokens: 0,
      batchSize: 64,
      epochs: 45,
      dropout: 0,
      learningRate: 0.003,
    });
    const { queries, next } = walks(dataset);
    const lists = await tiger.retrieve(queries, 1);
    expect(lists.map(([first]) => first?.item)).toEqual(next);
    const free = await tiger.retrieveFreely(queries, 1);
    expect(free.lists.map(([first]) => first?.item)).toEqual(next);
    // The tail of the beams goes where no ID is.
    expect(free.invalidShare).toBeGreaterThan(0);
    expect(free.invalidShare).toBeLessThan(1);
  });

  it.each(['efficient', 'faithful'] as const)(
    'is a matter of the user where users have tokens, in the %s mode',
    async (mode) => {
      // After the same two items, one half of the users goes on to x and the other half to y.
      const rows = Array.from({ length: 8 }, (_, user) =>
        ['a', 'b', user % 2 === 0 ? 'x' : 'y'].map((item, timestamp) => ({
          user: `u${user}`,
          item,
          timestamp,
        })),
      ).flat();
      const log = InteractionLog.fromRows(rows);
      const dataset = createDataset({
        name: 'tastes',
        log,
        catalog: new Catalog({ items: log.items, text: { title: [...log.items] } }),
        licence: 'MIT',
        source: 'made up',
      });
      const tiger = await Tiger.fit(dataset, {
        ...TINY[mode],
        ids: await idsOf(dataset, 2),
        dimension: 32,
        userTokens: 4000,
        dropout: 0,
        learningRate: mode === 'efficient' ? 0.02 : 0.005,
        epochs: mode === 'efficient' ? 100 : 250,
        batchSize: 8,
      });
      const history = [log.items.indexOf('a'), log.items.indexOf('b')];
      const users = ['u0', 'u1', 'u2', 'u3'];
      const lists = await tiger.retrieve(
        users.map((user) => ({ user, history })),
        1,
      );
      expect(lists.map(([first]) => log.items.idOf(first?.item as number))).toEqual(['x', 'y', 'x', 'y']);
      // Whoever is not named is read by the history alone.
      const [unknown] = await tiger.retrieve([{ history }], 2);
      expect(unknown?.map(({ item }) => log.items.idOf(item)).sort()).toEqual(['x', 'y']);
    },
  );

  it('follows the learning rate', async () => {
    const dataset = ring(60, 12, 9);
    const options = {
      ...TINY.efficient,
      ids: await idsOf(dataset),
      epochs: 4,
      dropout: 0,
      learningRate: 0.01,
    };
    const lossesOf = async (own: Partial<TigerOptions>) =>
      (await Tiger.fit(dataset, { ...options, ...own })).history.map(({ loss }) => loss);
    const [constant, falling, rising] = [
      await lossesOf({}),
      await lossesOf({ decay: 'cosine' }),
      await lossesOf({ warmUpSteps: 1e9 }),
    ];
    const falls = (losses: number[]) => losses.slice(1).map((loss, k) => (losses[k] as number) - loss);
    // A rate near 0 teaches nothing; half a cosine teaches as much at first and less at the end.
    expect(Math.max(...falls(rising))).toBeLessThan(0.1 * Math.max(...falls(constant)));
    expect(falls(falling)[0]).toBeGreaterThan(0.5 * (falls(constant)[0] as number));
    expect(falls(falling).at(-1)).toBeLessThan(0.5 * (falls(constant).at(-1) as number));
    await expect(Tiger.fit(dataset, { ...options, decay: 'linear' as never })).rejects.toThrow(
      "decay to be 'none' or 'cosine'",
    );
  });
});

describe('items that come after the fit', () => {
  it('get IDs, are found as far as epsilon lets them in, and leave the lists of the others as they were', async () => {
    const dataset = ring(40, 12, 6);
    const ids = await idsOf(dataset, 6);
    for (const mode of ['efficient', 'faithful'] as const) {
      const options = { ...TINY[mode], ids, epochs: 3, epsilon: 0.5 };
      const tiger = await Tiger.fit(dataset, options);
      const vectors = Float32Array.from([0.1, -0.4, 0.7, 1, 1, -1]);
      const more = await ids.extend(new EmbeddingTable(new IdMap(['x', 'y']), 3, vectors));
      const extended = await tiger.extend(more);
      expect(extended.items.size).toBe(14);
      const query = [{ history: [1, 2, 3] }];
      const [before = []] = await tiger.retrieve(query, 9);
      const [after = []] = await extended.retrieve(query, 11);
      expect(after.map(({ item }) => item)).toEqual(expect.arrayContaining([12, 13]));
      const known = after.filter(({ item }) => item < 12);
      // What is new takes nothing of the chances that training gave to what was there.
      expect(known.map(({ item }) => item)).toEqual(before.map(({ item }) => item));
      for (const [at, { score }] of known.entries())
        expect(score).toBeCloseTo(before[at]?.score as number, 5);
      // New items are read as well.
      expect(await extended.retrieve([{ history: [12, 13] }], 3)).not.toEqual(
        await extended.retrieve([{ history: [0, 1] }], 3),
      );
    }
  });

  it('must keep the IDs that are known', async () => {
    const dataset = ring(40, 12, 6);
    const tiger = await Tiger.fit(dataset, { ...TINY.efficient, ids: await idsOf(dataset, 6) });
    await expect(tiger.extend(await idsOf(ring(40, 14, 6), 6))).rejects.toThrow(/another ID of "i0"|none/);
  });
});

describe('Tiger', () => {
  it('goes on from a checkpoint to the numbers of an unbroken run', async () => {
    const dataset = ring(40, 12, 6);
    const ids = await idsOf(dataset);
    const options = { ...TINY.efficient, ids, epochs: 4, seed: 3 };
    const whole = await Tiger.fit(dataset, options);
    const dir = join(mkdtempSync(join(tmpdir(), 'palate-tiger-')), 'checkpoint');
    const controller = new AbortController();
    await expect(
      Tiger.fit(dataset, {
        ...options,
        checkpoint: { dir },
        signal: controller.signal,
        onProgress: ({ phase }) => {
          if (phase.startsWith('epoch 3 ')) controller.abort();
        },
      }),
    ).rejects.toMatchObject({ code: 'cancelled' });
    const resumed = await Tiger.fit(dataset, { ...options, checkpoint: { dir } });
    const query = [{ history: [1, 2, 3] }];
    expect(await resumed.retrieve(query, 5)).toEqual(await whole.retrieve(query, 5));
  });

  it('names the item that has no semantic ID', async () => {
    const dataset = ring(10, 6, 4);
    const fewer = ring(10, 5, 4);
    await expect(Tiger.fit(dataset, { ids: await idsOf(fewer) })).rejects.toMatchObject({
      code: 'unknown-id',
    });
  });

  it('searches freely only where IDs that do not exist have a chance', async () => {
    const dataset = ring(10, 6, 4);
    const tiger = await Tiger.fit(dataset, { ...TINY.efficient, ids: await idsOf(dataset) });
    await expect(tiger.retrieveFreely([{}], 1)).rejects.toMatchObject({ code: 'unsupported' });
  });
});
