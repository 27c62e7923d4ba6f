import { RandomStream, type ScoredItem, yieldToEventLoop } from '@palate/core';
import { settled } from '@palate/core/testing';
import { ForwardPass, selectBackend } from '@palate/nn';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { entropyAtK, Tiger, type TigerOptions } from '../src/index.js';
import { EfficientModel } from '../src/tiger/efficient-model.js';
import { FaithfulModel } from '../src/tiger/faithful-model.js';
import type { IdHistory } from '../src/tiger/id-model.js';
import type { IdSearch } from '../src/tiger/id-search.js';
import { IdSearcher } from '../src/tiger/id-searcher.js';
import { TIGER } from '../src/tiger/tiger-options.js';
import { UnseenItems } from '../src/tiger/unseen-items.js';

import { idsOf, ring, TINY } from './ring.js';

/** Lets others have their turn between the levels of a search. */
const pause = (): Promise<void> => yieldToEventLoop(undefined, 'a search');

describe('the search', () => {
  const dataset = ring(30, 30, 5);

  for (const mode of ['efficient', 'faithful'] as const)
    it(`finds what scoring every item finds, ${mode}`, async () => {
      await selectBackend('ort');
      const ids = (await idsOf(dataset, 5)).align(dataset.log.items);
      const unseen = new UnseenItems(ids.trie, new Uint8Array(30), 0.1);
      const config = TIGER.settings({ ids, ...TINY[mode] });
      const model =
        mode === 'efficient'
          ? new EfficientModel(ids, config, new RandomStream(1), unseen)
          : new FaithfulModel(ids, config, 1);
      const histories = [{ items: [1, 2, 3] }, { items: [] }, { items: [5] }];
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
      const search = (history: IdHistory, width: number, excluded = new Uint8Array(30)): IdSearch => ({
        history,
        excluded,
        width,
        coldWidth: 0,
      });
      const searcher = new IdSearcher(model, ids, unseen);
      const found = await searcher.search(
        histories.map((history) => search(history, 30)),
        pause,
      );
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
      if (model instanceof EfficientModel) {
        // The whole search as one graph finds the same, alone or beside others, narrow or wide.
        for (const width of [30, 7]) {
          const excluded = Uint8Array.from({ length: 30 }, (_, item) => (item % 3 === 0 ? 1 : 0));
          const searches = histories.flatMap((history) => [
            search(history, width),
            search(history, width, excluded),
          ]);
          const model2 = new EfficientModel(ids, config, new RandomStream(1), unseen);
          model2.settle();
          expect(model2.atOnce?.rows(width)).toBeGreaterThan(1);
          const atOnce = new IdSearcher(model2, ids, unseen);
          const together = await atOnce.search([...searches, ...searches], pause);
          const byStep = await searcher.search(searches, pause);
          for (const [at, list] of byStep.entries()) {
            const [alone = []] = await atOnce.search([searches[at] as IdSearch], pause);
            for (const other of [alone, together[at] ?? [], together[at + searches.length] ?? []]) {
              expect(other.map(({ item }) => item)).toEqual(list.map(({ item }) => item));
              for (const [k, { score }] of other.entries())
                expect(score).toBeCloseTo(list[k]?.score as number, 4);
            }
          }
          model2.dispose();
        }
      }
      // A narrow search finds the head of the same list, and never what is excluded.
      const excluded = Uint8Array.from({ length: 30 }, (_, item) => (item % 2 === 0 ? 1 : 0));
      const [narrow = [], wide = []] = await searcher.search(
        [search({ items: [1, 2, 3] }, 8, excluded), search({ items: [5] }, 30)],
        pause,
      );
      expect(narrow).toHaveLength(8);
      expect(narrow.every(({ item }) => item % 2 === 1)).toBe(true);
      expect(wide).toHaveLength(30);
    });
});

it.each(['ort', 'cpu'] as const)(
  'the search leaves no tensors behind, on the backend %s',
  async (backend) => {
    await selectBackend(backend);
    try {
      const dataset = ring(30, 30, 5);
      const ids = (await idsOf(dataset, 5)).align(dataset.log.items);
      const unseen = new UnseenItems(ids.trie, new Uint8Array(30), 0.1);
      for (const model of [
        new EfficientModel(ids, TIGER.settings({ ids, ...TINY.efficient }), new RandomStream(1), unseen),
        new FaithfulModel(ids, TIGER.settings({ ids, ...TINY.faithful }), 1),
      ]) {
        const searcher = new IdSearcher(model, ids, unseen);
        const search = () =>
          searcher.search(
            [{ history: { items: [1, 2] }, excluded: new Uint8Array(30), width: 9, coldWidth: 0 }],
            pause,
          );
        await search();
        const before = await settled(() => tf.memory().numTensors);
        for (let call = 0; call < 4; call++) expect(await search()).toMatchObject([{ length: 9 }]);
        expect(tf.memory().numTensors).toBe(before);
      }
    } finally {
      await selectBackend('ort');
    }
  },
);

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

describe('a search for many queries', () => {
  it('lets timers and cancellation have their turn', async () => {
    const dataset = ring(12, 12, 5);
    using tiger = await Tiger.fit(dataset, { ...TINY.efficient, epochs: 1, ids: await idsOf(dataset) });
    const queries = Array.from({ length: 2000 }, (_, k) => ({ history: [k % 12] }));
    const controller = new AbortController();
    setImmediate(() => controller.abort());
    await expect(tiger.retrieve(queries, 10, { signal: controller.signal })).rejects.toMatchObject({
      code: 'cancelled',
    });
  });

  it.each(['efficient', 'faithful'] as const)(
    'in the %s mode goes step by step, and two at once give what each gives alone',
    async (mode) => {
      const dataset = ring(12, 12, 5);
      using tiger = await Tiger.fit(dataset, { ...TINY[mode], mode, epochs: 1, ids: await idsOf(dataset) });
      const ask = (from: number) =>
        tiger.retrieve(
          // The efficient mode answers 32 in a step, the faithful one a level of all.
          Array.from({ length: mode === 'efficient' ? 100 : 5 }, (_, k) => ({ history: [(from + k) % 12] })),
          4,
        );
      const [first, second] = [await ask(0), await ask(6)];
      let turns = 0;
      let isDone = false;
      const count = (): void => {
        turns++;
        if (!isDone) setImmediate(count);
      };
      setImmediate(count);
      expect(await Promise.all([ask(0), ask(6)])).toEqual([first, second]);
      isDone = true;
      expect(turns).toBeGreaterThanOrEqual(tiger.ids.depth);
      if (mode === 'efficient') return;
      expect(await Promise.all([tiger.retrieveFreely([{ history: [3] }], 4), ask(0)])).toMatchObject([
        await tiger.retrieveFreely([{ history: [3] }], 4),
        first,
      ]);
    },
  );

  it('follows few rows at once in the model of the paper', async () => {
    const dataset = ring(12, 12, 5);
    const ids = await idsOf(dataset);
    const rowsOf = (options: Partial<TigerOptions>): number => {
      const model = new FaithfulModel(ids, TIGER.settings({ ids, mode: 'faithful', ...options }), 1);
      model.parameters.dispose();
      return model.searchRows;
    };
    // A row keeps keys and values (2) of 4 blocks, 6 heads of 64 and the depth of the IDs twice, 4 bytes each.
    const kept = 4 * 2 * 2 * 4 * 6 * 64 * ids.depth;
    expect(rowsOf({}) * kept).toBeLessThanOrEqual(2 ** 25);
    expect(rowsOf({})).toBeGreaterThan(50);
  });
});
