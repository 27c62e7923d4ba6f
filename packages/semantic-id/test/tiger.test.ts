import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  Catalog,
  createDataset,
  type Dataset,
  EmbeddingTable,
  IdMap,
  InteractionLog,
  RandomStream,
  type ScoredItem,
} from '@palate/core';
import { retrieverConformance } from '@palate/core/testing';
import { ForwardPass, selectBackend } from '@palate/nn';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it, test } from 'vitest';
import { entropyAtK, RqKMeans, SemanticIds, Tiger, type TigerOptions } from '../src/index.js';
import { EfficientModel } from '../src/tiger/efficient-model.js';
import { FaithfulModel } from '../src/tiger/faithful-model.js';
import type { IdHistory } from '../src/tiger/id-model.js';
import { type IdSearch, IdSearcher } from '../src/tiger/id-search.js';
import { tigerConfig } from '../src/tiger/tiger-options.js';

/** IDs from vectors that a seed draws. */
async function idsOf(dataset: Dataset, size = 4): Promise<SemanticIds> {
  const random = new RandomStream(4);
  const { items } = dataset.log;
  const table = new EmbeddingTable(
    items,
    3,
    Float32Array.from({ length: items.size * 3 }, () => random.normal()),
  );
  return SemanticIds.assign(await RqKMeans.fit(table, { levels: 2, size, minimumUsage: 0 }), table, {
    encoder: 'drawn',
  });
}

const TINY: Record<string, Omit<TigerOptions, 'ids'>> = {
  efficient: { dimension: 8, heads: 1, blocks: 1, maxLength: 8, batchSize: 16, epochs: 2 },
  faithful: {
    mode: 'faithful',
    dimension: 8,
    heads: 1,
    blocks: 1,
    inner: 16,
    maxLength: 4,
    userTokens: 5,
    batchSize: 32,
    epochs: 1,
    learningRate: 0.01,
  },
};

for (const [mode, options] of Object.entries(TINY))
  describe(`Tiger, ${mode}`, () => {
    const cases = retrieverConformance({
      create: async (dataset, seed) => Tiger.fit(dataset, { ...options, ids: await idsOf(dataset, 6), seed }),
      load: (dir) => Tiger.load(dir),
    });
    for (const { name, run } of cases) test(name, run);
  });

/** Users walk round a ring of items: what comes next is certain. */
function ring(users: number, items: number, steps: number, unseen = 0): Dataset {
  const rows = [];
  for (let user = 0; user < users; user++)
    for (let step = 0; step < steps; step++)
      rows.push({ user: `u${user}`, item: `i${(user + step) % items}`, timestamp: 100 * user + step });
  const log = InteractionLog.fromRows(rows);
  const all = [...log.items, ...Array.from({ length: unseen }, (_, k) => `new${k}`)];
  const wide =
    unseen === 0
      ? log
      : InteractionLog.fromRows([
          ...rows,
          ...all.slice(log.items.size).map((item) => ({ user: 'u0', item, timestamp: 1e6 })),
        ]).select(Int32Array.from({ length: rows.length }, (_, row) => row));
  return createDataset({
    name: 'ring',
    log: wide,
    catalog: new Catalog({ items: wide.items, text: { title: [...wide.items] } }),
    licence: 'MIT',
    source: 'made up',
  });
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
    const { items } = dataset.log;
    const at = (k: number) => items.indexOf(`i${k % 12}`);
    const queries = [3, 7, 10].map((k) => ({ history: [at(k), at(k + 1), at(k + 2)] }));
    const lists = await tiger.retrieve(queries, 1);
    expect(lists.map(([first]) => first?.item)).toEqual([3, 7, 10].map((k) => at(k + 3)));
    expect(tiger.history.at(-1)?.loss).toBeLessThan(0.3);
  });

  it('is the next item of a certain sequence, in the faithful mode', { timeout: 60_000 }, async () => {
    const dataset = ring(60, 12, 9);
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
      epochs: 60,
      dropout: 0,
      learningRate: 0.001,
    });
    const { items } = dataset.log;
    const at = (k: number) => items.indexOf(`i${k % 12}`);
    const queries = [3, 7, 10].map((k) => ({ history: [at(k), at(k + 1), at(k + 2)] }));
    const lists = await tiger.retrieve(queries, 1);
    expect(lists.map(([first]) => first?.item)).toEqual([3, 7, 10].map((k) => at(k + 3)));
    const free = await tiger.retrieveFreely(queries, 1);
    expect(free.lists.map(([first]) => first?.item)).toEqual([3, 7, 10].map((k) => at(k + 3)));
    // The tail of the beams goes where no ID is.
    expect(free.invalidShare).toBeGreaterThan(0);
    expect(free.invalidShare).toBeLessThan(1);
  });

  it.each(['efficient', 'faithful'] as const)(
    'is a matter of the user where users have tokens, in the %s mode',
    { timeout: 60_000 },
    async (mode) => {
      // After the same two items, one half of the users goes on to x and the other half to y.
      const rows = Array.from({ length: 40 }, (_, user) =>
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
        learningRate: mode === 'efficient' ? 0.02 : 0.003,
        epochs: mode === 'efficient' ? 40 : 100,
        batchSize: 16,
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

describe('the search', () => {
  const dataset = ring(30, 30, 5);

  for (const mode of ['efficient', 'faithful'] as const)
    it(`finds what scoring every item finds, ${mode}`, async () => {
      await selectBackend('ort');
      const ids = (await idsOf(dataset, 5)).align(dataset.log.items);
      const config = tigerConfig({ ids, ...TINY[mode] });
      const model =
        mode === 'efficient'
          ? new EfficientModel(ids, config, new RandomStream(1))
          : new FaithfulModel(ids, config, 1);
      const histories = [{ items: [1, 2, 3] }, { items: [] }, { items: [5] }];
      const cold = new Uint8Array(30);
      // Every item by the chain rule, one path at a time.
      const exact = histories.map((history) =>
        Array.from({ length: 30 }, (_, item) => {
          const steps = model.start([history], 1);
          let score = 0;
          let logChances = steps.next();
          for (let level = 0; level < ids.depth; level++) {
            const node = ids.trie.path[item * ids.depth + level] as number;
            score += logChances[
              node - (ids.trie.childFrom[ids.trie.parent[node] as number] as number)
            ] as number;
            if (level < ids.depth - 1) logChances = steps.next(Int32Array.of(0), Int32Array.of(node));
          }
          steps.dispose();
          return { item, score };
        }).sort((a, b) => b.score - a.score || a.item - b.item),
      );
      const search = (history: IdHistory, width: number, closed = new Uint8Array(30)): IdSearch => ({
        history,
        closed,
        width,
        coldWidth: 0,
      });
      const searcher = new IdSearcher(model, ids, cold);
      const found = searcher.search(histories.map((history) => search(history, 30)));
      for (const [q, list] of found.entries()) {
        expect(list).toHaveLength(30);
        for (const [at, { item, score }] of list.entries()) {
          const own = exact[q]?.find((entry) => entry.item === item);
          expect(score).toBeCloseTo(own?.score as number, 3);
          expect(score).toBeCloseTo(exact[q]?.[at]?.score as number, 3);
        }
      }
      if (model instanceof EfficientModel) {
        // All chances are given to IDs that exist.
        expect(exact[0]?.reduce((sum, { score }) => sum + Math.exp(score), 0)).toBeCloseTo(1, 4);
        // Training, which goes through every level of every target, gives the same chances.
        for (const { item, score } of exact[2] as ScoredItem[]) {
          const loss = tf.tidy(() =>
            model
              .loss(
                {
                  items: tf.tensor2d([[5]], [1, 1], 'int32'),
                  present: tf.ones([1, 1]),
                  users: tf.tensor1d([config.userTokens], 'int32'),
                  targets: tf.tensor1d([item], 'int32'),
                },
                ForwardPass.inference(),
              )
              .arraySync(),
          );
          expect(-score).toBeCloseTo(loss, 4);
        }
      }
      // A narrow search finds the head of the same list, and never what is closed.
      const closed = Uint8Array.from({ length: 30 }, (_, item) => (item % 2 === 0 ? 1 : 0));
      const [narrow = [], wide = []] = searcher.search([
        search({ items: [1, 2, 3] }, 8, closed),
        search({ items: [5] }, 30),
      ]);
      expect(narrow).toHaveLength(8);
      expect(narrow.every(({ item }) => item % 2 === 1)).toBe(true);
      expect(wide).toHaveLength(30);
    });
});

describe('items without interactions', () => {
  const dataset = ring(40, 12, 6, 4);
  const { items } = dataset.log;
  const fresh = [...items].filter((id) => id.startsWith('new')).map((id) => items.indexOf(id));
  const fit = async (epsilon: number) =>
    Tiger.fit(dataset, { ...TINY.efficient, ids: await idsOf(dataset), epsilon, seed: 2 });

  it('take their share of a list, and are not left out when nothing else is there', async () => {
    expect(fresh).toHaveLength(4);
    const count = (list: readonly { item: number }[] = []) =>
      list.filter(({ item }) => fresh.includes(item)).length;
    const none = await fit(0);
    const [strict = []] = await none.retrieve([{ history: [0] }], 8);
    expect(count(strict)).toBe(0);
    const [all = []] = await none.retrieve([{ history: [0] }], 16);
    expect(all).toHaveLength(15);
    expect(count(all)).toBe(4);
    const some = await fit(0.25);
    const [mixed = []] = await some.retrieve([{ history: [0] }], 8);
    expect(mixed).toHaveLength(8);
    expect(count(mixed)).toBe(2);
    const [asked = []] = await none.retrieve([{ history: [0] }], 8, { epsilon: 0.25 });
    expect(asked).toEqual(mixed);
    const drawn = await some.retrieve(Array(40).fill({ history: [0] }), 8, { temperature: 2 });
    expect(drawn.every((list) => list.length === 8 && count(list) === 2)).toBe(true);
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
      // Equal codes give equal scores; new codes below a node take a share of its chance in the efficient mode.
      if (mode === 'faithful') expect(known).toEqual(before);
      else expect(new Set(known.map(({ item }) => item))).toEqual(new Set(before.map(({ item }) => item)));
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

describe('a long candidate list', () => {
  it('is answered as far as it goes, and leaves the other queries of the call as they are', async () => {
    const dataset = ring(40, 30, 6);
    const tiger = await Tiger.fit(dataset, {
      ...TINY.efficient,
      ids: await idsOf(dataset, 6),
      beams: 4,
    });
    const plain = { history: [1, 2, 3] };
    const itemsOf = (list: readonly ScoredItem[] = []) => list.map(({ item }) => item);
    const [alone] = await tiger.retrieve([plain], 2);
    const candidates = Array.from({ length: 25 }, (_, item) => item + 4);
    const [full, long] = await tiger.retrieve([plain, { history: [5], candidates }], 2);
    expect(itemsOf(full)).toEqual(itemsOf(alone));
    const [whole = []] = await tiger.retrieve([{ history: [5], candidates }], 25);
    expect(whole).toHaveLength(24);
    expect(itemsOf(long)).toEqual(itemsOf(whole).slice(0, 2));
  });
});

describe('drawn lists', () => {
  it('have each item first as often as the model would choose it, and each pair as often as drawing twice', async () => {
    const dataset = ring(40, 6, 4);
    const ids = await idsOf(dataset, 3);
    const tiger = await Tiger.fit(dataset, { ...TINY.efficient, ids, epochs: 8, learningRate: 0.01 });
    const query = { history: [2] };
    const [exact = []] = await tiger.retrieve([query], 6, { includeHistory: true });
    const chance = new Map(exact.map(({ item, score }) => [item, Math.exp(score)]));
    const open = [...chance.keys()];
    expect(open).toHaveLength(6);
    const draws = 4000;
    const lists = await tiger.retrieve(Array(draws).fill(query), 2, {
      includeHistory: true,
      temperature: 1,
      seed: 5,
    });
    for (const first of open) {
      const p = chance.get(first) as number;
      const included = lists.filter((list) => list.some(({ item }) => item === first)).length / draws;
      // Drawn first, or second after another one.
      const expected = open.reduce((sum, other) => {
        const q = chance.get(other) as number;
        return other === first ? sum : sum + q * (p / (1 - q));
      }, p);
      expect(Math.abs(included - expected)).toBeLessThan(4 * Math.sqrt(0.25 / draws));
    }
  });

  it('are the same for a seed, differ between seeds, and go further from the likeliest at a higher temperature', async () => {
    const dataset = ring(40, 30, 6);
    const ids = await idsOf(dataset, 5);
    const tiger = await Tiger.fit(dataset, {
      ...TINY.efficient,
      ids,
      epochs: 20,
      learningRate: 0.01,
      seed: 2,
    });
    const queries = Array.from({ length: 60 }, (_, k) => ({ history: [k % 30, (k + 1) % 30] }));
    const draw = (temperature: number, seed: number) => tiger.retrieve(queries, 5, { temperature, seed });
    expect(await draw(1, 3)).toEqual(await draw(1, 3));
    expect(await draw(1, 3)).not.toEqual(await draw(1, 4));
    const chance = async (temperature: number): Promise<number> =>
      (await draw(temperature, 1)).flat().reduce((sum, { score }) => sum + score, 0);
    const [cool, warm] = [await chance(0.3), await chance(3)];
    const [likeliest] = [
      (await tiger.retrieve(queries, 5)).flat().reduce((sum, { score }) => sum + score, 0),
    ];
    expect(warm).toBeLessThan(cool);
    expect(cool).toBeLessThanOrEqual(likeliest + 1e-3);
  });

  it('have the entropy of hand-counted categories', () => {
    const list = [0, 1, 2, 3].map((item) => ({ item, score: 0 }));
    expect(entropyAtK([list], 4, (item) => item % 2)).toBeCloseTo(Math.log(2), 9);
    expect(entropyAtK([list], 1, (item) => item)).toBe(0);
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
