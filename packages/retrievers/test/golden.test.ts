import { readFileSync } from 'node:fs';
import { Catalog, createDataset, type Dataset, IdMap, InteractionLog, withLog } from '@palate/core';
import { loadBundledMovieTweetings } from '@palate/dataset-movietweetings';
import { leaveOneOut } from '@palate/datasets';
import { evaluateRanking } from '@palate/eval';
import { describe, expect, test } from 'vitest';
import {
  Bm25Retriever,
  BprMf,
  Ease,
  Fusion,
  ImplicitAls,
  ItemKnn,
  PopularityRetriever,
  UserKnn,
} from '../src/index.js';

/** Scores by numpy 2.4.6, written by golden/make_golden.py. */
const golden = JSON.parse(readFileSync(new URL('golden/golden.json', import.meta.url), 'utf8'));

const log = InteractionLog.fromRows(
  (golden.rows as [string, string, number][]).map(([user, item, timestamp]) => ({ user, item, timestamp })),
);
const dataset: Dataset = createDataset({
  name: 'golden',
  log,
  catalog: new Catalog({ items: log.items, text: {} }),
  licence: 'MIT',
  source: 'numpy',
});
const history = (golden.history as number[]).map((item) => log.items.indexOf(`i${item}`));

/** Our scores in the order of numpy's items. */
async function scoresOf(retriever: {
  scoreAll(queries: { history: number[] }[]): Promise<Float32Array>;
}): Promise<number[]> {
  const scores = await retriever.scoreAll([{ history }]);
  return Array.from({ length: 14 }, (_, item) => scores[log.items.indexOf(`i${item}`)] as number);
}

function expectClose(actual: readonly number[], expected: readonly number[], tolerance = 1e-6): void {
  expect(actual).toHaveLength(expected.length);
  for (const [k, value] of expected.entries())
    expect(Math.abs((actual[k] as number) - value)).toBeLessThan(tolerance);
}

describe('scores agree with numpy', () => {
  test('EASE', async () =>
    expectClose(await scoresOf(await Ease.fit(dataset, { lambda: golden.ease.lambda })), golden.ease.scores));
  test('ItemKNN', async () => {
    const { neighbours, shrinkage, scores } = golden.itemKnn;
    expectClose(await scoresOf(await ItemKnn.fit(dataset, { neighbours, shrinkage })), scores);
  });
  test('UserKNN', async () => {
    const { neighbours, shrinkage, scores } = golden.userKnn;
    expectClose(await scoresOf(await UserKnn.fit(dataset, { neighbours, shrinkage })), scores);
  });
  test('recent popularity', async () =>
    expectClose(
      await scoresOf(await PopularityRetriever.fit(dataset, { halfLifeDays: golden.recent.halfLifeDays })),
      golden.recent.scores,
    ));
  test('iALS, run to convergence from another start', async () => {
    const { scores, loss, ...options } = golden.implicitAls;
    expectClose(await scoresOf(await ImplicitAls.fit(dataset, { ...options, seed: 3 })), scores, 2e-3);
    expect(loss).toBeGreaterThan(0);
  });
  test('BM25', async () => {
    const { texts, query, scores } = golden.bm25;
    const items = new IdMap((texts as string[]).map((_, k) => `t${k}`));
    const some = InteractionLog.fromRows([...items].map((item) => ({ user: 'u', item })));
    const catalog = new Catalog({ items, text: { title: texts } });
    const bm25 = await Bm25Retriever.fit(createDataset({ ...dataset, log: some, catalog }));
    expectClose(Array.from(await bm25.scoreAll([{ text: query }])), scores);
    const [list] = await bm25.retrieve([{ history: [0] }], 5, { includeHistory: true });
    expect(list?.[0]?.item).toBe(0);
  });
});

test('fusion by rank is the sum of reciprocal ranks, equal scores sharing the best rank', async () => {
  const items = new IdMap(['a', 'b', 'c', 'd']);
  const part = (name: string, scores: number[]) => ({
    name,
    items,
    retrieve: () => Promise.reject(new Error('unused')),
    scoreAll: async (queries: readonly unknown[]) => Float32Array.from(queries.flatMap(() => scores)),
  });
  const parts = [part('x', [9, 5, 5, 1]), part('y', [1, 2, 3, 4])];
  const ranks = await new Fusion(parts, { weights: [2, 1] }).scoreAll([{}]);
  expectClose(Array.from(ranks), [2 / 61 + 1 / 64, 2 / 62 + 1 / 63, 2 / 62 + 1 / 62, 2 / 64 + 1 / 61]);
  const scaled = await new Fusion(parts, { method: 'scores' }).scoreAll([{}]);
  expectClose(Array.from(scaled), [1, 0.5 + 1 / 3, 0.5 + 2 / 3, 1]);
  expect(() => new Fusion(parts, { weights: [1] })).toThrow(/2 weights/);
  expect(() => new Fusion([parts[0] as never, { ...part('z', [1]), items: new IdMap(['q']) }])).toThrow(
    /same items/,
  );
});

test('a weight of EASE from an item to itself is exactly zero', async () => {
  const ease = await Ease.fit(dataset, { lambda: 5 });
  for (let item = 0; item < log.items.size; item++) {
    const scores = await ease.scoreAll([{ history: [item] }]);
    expect(scores[item]).toBe(0);
  }
});

test('BPR ranks a held-in item above a random one for most users', async () => {
  const bpr = await BprMf.fit(dataset, { factors: 8, epochs: 60, seed: 1 });
  let wins = 0;
  let pairs = 0;
  for (let user = 0; user < log.users.size; user++) {
    const own = new Set(log.history(user));
    const scores = await bpr.scoreAll([{ user: log.users.idOf(user), history: [...own] }]);
    for (const item of own)
      for (let other = 0; other < log.items.size; other++) {
        if (own.has(other)) continue;
        pairs++;
        if ((scores[item] as number) > (scores[other] as number)) wins++;
      }
  }
  expect(wins / pairs).toBeGreaterThan(0.8);
});

describe('MovieTweetings, leave-one-out, full catalogue, history masked: an independent numpy run gave', async () => {
  const films = await loadBundledMovieTweetings();
  const split = leaveOneOut(films.log);
  const { offsets, row } = films.log.byUser();
  // Everything but the test: training and validation, in the order of the log.
  const last = new Set(
    Array.from({ length: films.log.users.size }, (_, user) => row[(offsets[user + 1] as number) - 1]),
  );
  const known = films.log.select(
    Int32Array.from({ length: films.log.length }, (_, r) => r).filter((r) => !last.has(r)),
  );
  const measure = async (retriever: Parameters<typeof evaluateRanking>[0]): Promise<string[]> => {
    const { metrics } = await evaluateRanking(
      retriever,
      { history: known, test: split.test },
      { metrics: ['hr@10', 'ndcg@10'], resamples: 0 },
    );
    return ['hr@10', 'ndcg@10'].map((name) => (metrics[name]?.mean ?? 0).toFixed(4));
  };
  const train = withLog(films, split.train);
  test('popularity of training and validation .1502 / .0767', async () =>
    expect(await measure(await PopularityRetriever.fit(withLog(films, known)))).toEqual([
      '0.1502',
      '0.0767',
    ]));
  test('EASE 500 .1689 / .0890', async () =>
    expect(await measure(await Ease.fit(train))).toEqual(['0.1689', '0.0890']));
  test('ItemKNN 200 .1694 / .0899, within what the order of equally near items moves', async () => {
    const [hr, ndcg] = await measure(await ItemKnn.fit(train));
    expect(Math.abs(Number(hr) - 0.1694)).toBeLessThan(5e-4);
    expect(Math.abs(Number(ndcg) - 0.0899)).toBeLessThan(3e-4);
  });
});

describe('bad options and data are refused', () => {
  test('by name, bound and kind', async () => {
    await expect(Ease.fit(dataset, { lambda: 0 })).rejects.toThrow(/lambda to be/);
    await expect(Ease.fit(dataset, { lamda: 5 } as never)).rejects.toThrow(/"lamda"/);
    await expect(ItemKnn.fit(dataset, { neighbours: 1.5 })).rejects.toThrow(
      /neighbours to be a whole number/,
    );
    await expect(Bm25Retriever.fit(dataset)).rejects.toThrow(/a catalogue with text/);
    const positions = new InteractionLog({
      users: log.users,
      items: log.items,
      user: log.user,
      item: log.item,
      timestamp: log.timestamp,
      timeUnit: 'position',
    });
    await expect(PopularityRetriever.fit(withLog(dataset, positions), { halfLifeDays: 3 })).rejects.toThrow(
      /real times/,
    );
  });
  test('a fit stops when its signal fires', async () => {
    const signal = AbortSignal.abort();
    await expect(Ease.fit(dataset, { signal })).rejects.toMatchObject({ code: 'cancelled' });
    await expect(BprMf.fit(dataset, { signal })).rejects.toMatchObject({ code: 'cancelled' });
  });
});
