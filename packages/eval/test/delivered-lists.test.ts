import {
  type CatalogueScorer,
  InteractionLog,
  OutcomeCounter,
  type Query,
  type Retriever,
  type ScoredItem,
} from '@palate/core';
import { describe, expect, test } from 'vitest';
import {
  checkTrust,
  evaluateRanking,
  type RankingOptions,
  rankingReport,
  readRankingResult,
} from '../src/index.js';

// Twenty items; every user has item 0 in the history and seeks item 10.
const users = ['ann', 'bob', 'cid', 'dot'];
const log = InteractionLog.fromRows([
  ...Array.from({ length: 20 }, (_, k) => ({ user: 'all', item: `i${k}`, timestamp: 0 })),
  ...users.flatMap((user) => [
    { user, item: 'i0', timestamp: 1 },
    { user, item: 'i10', timestamp: 2 },
  ]),
]);
const rowsAt = (time: number) =>
  log.select(Int32Array.from(log.timestamp.keys()).filter((row) => log.timestamp[row] === time));
const data = { history: rowsAt(1), test: rowsAt(2) };
const options: RankingOptions = { metrics: ['hr@5', 'mrr@10'], resamples: 0, perUser: true };

const list = (...items: number[]): ScoredItem[] => items.map((item, rank) => ({ item, score: -rank }));
const answering = (answer: (query: Query, k: number, q: number) => ScoredItem[]): Retriever => ({
  name: 'lists',
  items: log.items,
  retrieve: async (queries, k) => queries.map((query, q) => answer(query, k, q)),
});
const evaluate = (answer: (query: Query, k: number, q: number) => ScoredItem[], more: RankingOptions = {}) =>
  evaluateRanking(answering(answer), data, { ...options, ...more });
const ten = [1, 2, 3, 4, 5, 6, 7, 8, 9];

test('a list that keeps the contract has no violations, and is counted', async () => {
  const result = await evaluate(() => list(10, ...ten));
  expect(result.violations).toEqual({ queries: 4, violated: 0, kinds: {}, firstUsers: {} });
  expect(result.metrics['hr@5']?.mean).toBe(1);
  expect(() => checkTrust(result)).not.toThrow();
});

describe('mrr and auc without a cut-off ask for the whole ranking', () => {
  const third = (k: number) =>
    list(1, 2, 10, 3, 4, 5, 6, 7, 8, 9, ...Array.from({ length: 9 }, (_, i) => 11 + i)).slice(0, k);
  test('a target at rank 3 has a reciprocal rank of 1/3 and stands above 16 of 18 others', async () => {
    const mrr = await evaluate((_, k) => third(k), { metrics: ['mrr'] });
    expect(mrr.metrics.mrr?.mean).toBeCloseTo(1 / 3, 12);
    expect(mrr.listDepth).toBe(20);
    const auc = await evaluate((_, k) => third(k), { metrics: ['auc', 'hr@1'] });
    expect(auc.metrics.auc?.mean).toBeCloseTo(16 / 18, 12);
    expect(auc.violations?.violated).toBe(0);
  });
  test('as from scores of the catalogue', async () => {
    const scores = Float32Array.from({ length: 20 }, (_, item) => ((item * 7) % 20) / 20);
    const scorer: CatalogueScorer = {
      name: 'scores',
      items: log.items,
      retrieve: async () => [],
      scoreAll: async (queries) => {
        const all = new Float32Array(queries.length * 20);
        for (const q of queries.keys()) all.set(scores, q * 20);
        return all;
      },
    };
    const wanted = { metrics: ['mrr', 'auc', 'ndcg@3', 'coverage@3'] };
    const order = [...scores.keys()].filter((item) => item !== 0).sort((a, b) => scores[b]! - scores[a]!);
    const fromLists = await evaluate((_, k) => list(...order).slice(0, k), wanted);
    const fromScores = await evaluateRanking(scorer, data, { ...options, ...wanted });
    expect(fromLists.perUser).toEqual(fromScores.perUser);
    expect(fromLists.metrics).toEqual(fromScores.metrics);
  });
});

describe('violations are counted by kind, and a list is measured as it was delivered', () => {
  const cases: [string, ScoredItem[], number][] = [
    ['repeated item', list(1, 1, 1, 1, 1, 1, 1, 1, 1, 10), 1 / 10],
    ['unknown item', list(99, -1, 1.5, 10, 1, 2, 3, 4, 5, 6), 1 / 4],
    ['history item', list(0, 10, 1, 2, 3, 4, 5, 6, 7, 8), 1 / 2],
    ['short list', list(1, 10), 1 / 2],
    ['long list', list(1, 10, 2, 3, 4, 5, 6, 7, 8, 9, 11), 1 / 2],
    ['unanswered', [], 0],
    [
      'rising scores',
      list(1, 10, 2, 3, 4, 5, 6, 7, 8, 9).map((each, rank) => ({ ...each, score: rank })),
      1 / 2,
    ],
  ];
  for (const [kind, bad, mrr] of cases)
    test(kind, async () => {
      const result = await evaluate(() => bad);
      expect(result.violations).toEqual({
        queries: 4,
        violated: 4,
        kinds: { [kind]: 4 },
        firstUsers: { [kind]: 'ann' },
      });
      expect(result.metrics['mrr@10']?.mean).toBeCloseTo(mrr, 12);
      expect(() => checkTrust(result)).toThrow(new RegExp(`${kind} 4`));
    });
  test('items that are not among sampled candidates', async () => {
    const wanted = { metrics: ['mrr'], candidates: { sampled: 3 } };
    const fair = await evaluate((query) => list(...Array.from(query.candidates ?? [])), wanted);
    expect(fair.violations?.violated).toBe(0);
    const other = (query: Query): number =>
      Array.from({ length: 20 }, (_, k) => k).find(
        (k) => k > 0 && !Array.from(query.candidates ?? []).includes(k),
      ) ?? -1;
    const foul = await evaluate(
      (query) => list(other(query), ...Array.from(query.candidates ?? []).slice(0, 3)),
      wanted,
    );
    expect(foul.violations?.kinds).toEqual({ 'no candidate': 4 });
  });
});

test('a query without an answer keeps its user: two hits of four are a hit rate of a half', async () => {
  const result = await evaluate((_, _k, q) => (q < 2 ? list(10, ...ten) : []));
  expect(result.users).toBe(4);
  expect(result.metrics['hr@5']?.mean).toBe(0.5);
  expect(result.violations?.kinds).toEqual({ unanswered: 2 });
});

test('fewer lists than queries are refused: nobody knows whose they are', async () => {
  const dropping: Retriever = {
    name: 'dropping',
    items: log.items,
    retrieve: async (queries) => queries.slice(1).map(() => list(10, ...ten)),
  };
  await expect(evaluateRanking(dropping, data, options)).rejects.toThrow(/4 lists from dropping.*received 3/);
});

test('scores that differ beyond single precision keep the order of the list', async () => {
  const fine = [1, 10, 2, 3, 4, 5, 6, 7, 8, 9].map((item, rank) => ({ item, score: 1 - rank * 1e-12 }));
  const result = await evaluate(() => fine);
  expect(result.metrics['mrr@10']).toMatchObject({ mean: 0.5 });
  expect(result.metrics['mrr@10']?.optimistic).toBeUndefined();
});

describe('the share of lists that may break the contract', () => {
  const once = (q: number) => (q === 0 ? list(1, 1, 10, 2, 3, 4, 5, 6, 7, 8) : list(10, ...ten));
  test('is 1 % unless asked otherwise', async () => {
    const result = await evaluate((_, _k, q) => once(q));
    expect(result.limits?.violations).toBe(0.01);
    expect(() => rankingReport('x', [result])).toThrow(
      /at most 1\.0 % of the lists.*1 of 4 lists \(25\.0 %\)/,
    );
  });
  test('may be larger, and the report tells what it let pass', async () => {
    const result = await evaluate((_, _k, q) => once(q), { maxViolationShare: 0.25 });
    expect(rankingReport('x', [result]).notes.join()).toContain('1 of 4 lists (25.0 %)');
    await expect(evaluate((_, _k, q) => once(q), { maxViolationShare: 2 })).rejects.toThrow(
      /maxViolationShare/,
    );
  });
});

describe('answers that came from a fallback', () => {
  const falling = (fallbacks: number): Retriever => ({
    name: 'prompted > order',
    items: log.items,
    retrieve: async (queries, _k, call) => {
      const counter = new OutcomeCounter('prompted', queries.length);
      for (let q = 0; q < fallbacks; q++) counter.fallBack('refused', 'HTTP 401: no key');
      call?.onOutcomes?.(counter.counts());
      return queries.map(() => list(10, ...ten));
    },
  });
  test('are counted in the result, and refuse the table beyond a tenth', async () => {
    const result = await evaluateRanking(falling(4), data, options);
    expect(result.outcomes).toEqual([
      {
        source: 'prompted',
        asked: 4,
        fellBack: 4,
        causes: { refused: 4 },
        examples: { refused: 'HTTP 401: no key' },
      },
    ]);
    expect(() => rankingReport('x', [result])).toThrow(/4 of 4 queries.*refused 4.*HTTP 401: no key/);
  });
  test('pass below the limit and are told in the report', async () => {
    const result = await evaluateRanking(falling(1), data, { ...options, maxFallbackShare: 0.3 });
    expect(rankingReport('x', [result]).notes.join()).toMatch(/1 of 4 queries \(25\.0 %\) by its fallback/);
  });
});

describe('equal scores', () => {
  const tied = [1, 10, 2, 3, 4, 5, 6, 7, 8, 9].map((item, rank) => ({ item, score: rank < 4 ? 1 : 0 }));
  test('have a pessimistic mean and an optimistic bound, for lists and for scores', async () => {
    const lists = await evaluate(() => tied);
    expect(lists.metrics['mrr@10']).toMatchObject({ mean: 1 / 4, optimistic: 1 });
    expect(lists.metrics['hr@5']?.optimistic).toBeUndefined();
    const flat: CatalogueScorer = {
      name: 'flat',
      items: log.items,
      retrieve: async () => [],
      scoreAll: async (queries) => new Float32Array(queries.length * 20).fill(1),
    };
    const { metrics } = await evaluateRanking(flat, data, options);
    expect(metrics['hr@5']).toMatchObject({ mean: 0, optimistic: 1 });
  });
});

test('a scorer may return an array that it keeps: nobody writes into it', async () => {
  const kept = Float32Array.from({ length: 4 * 20 }, (_, k) => (k % 20) + 1);
  const before = kept.slice();
  const scorer: CatalogueScorer = {
    name: 'cached',
    items: log.items,
    retrieve: async () => [],
    scoreAll: async () => kept,
  };
  const first = await evaluateRanking(scorer, data, options);
  expect(kept).toEqual(before);
  expect((await evaluateRanking(scorer, data, options)).metrics).toEqual(first.metrics);
});

test('a score that is no number is refused with item and user', async () => {
  await expect(
    evaluate((_, _k, q) => [{ item: 10, score: q === 2 ? Number.NaN : 1 }, ...list(...ten)]),
  ).rejects.toThrow(/NaN for the item "i10" and the user "cid"/);
  await expect(
    evaluate((_, _k, q) => (q === 2 ? [...new Array<ScoredItem>(1), ...list(10)] : list(...ten))),
  ).rejects.toThrow(/undefined at position 0 \(from 0\) for the user "cid"/);
});

test('AUC keeps its place for a user without another item, and the record survives JSON', async () => {
  const tiny = InteractionLog.fromRows([
    { user: 'u', item: 'a', timestamp: 1 },
    { user: 'u', item: 'b', timestamp: 2 },
    { user: 'v', item: 'b', timestamp: 2 },
  ]);
  const parts = { history: tiny.select(Int32Array.of(0)), test: tiny.select(Int32Array.of(1, 2)) };
  const scorer: CatalogueScorer = {
    name: 's',
    items: tiny.items,
    retrieve: async () => [],
    scoreAll: async (queries) => Float32Array.from({ length: queries.length * 2 }, (_, k) => k % 2),
  };
  // u knows a, so that b is the only item left; v has b above a.
  const result = await evaluateRanking(scorer, parts, { metrics: ['auc'], perUser: true, resamples: 0 });
  expect(result.perUser?.values.auc).toEqual([Number.NaN, 1]);
  expect(result.metrics.auc).toEqual({ mean: 1, users: 1 });
  expect(readRankingResult(JSON.parse(JSON.stringify(result)))).toEqual(result);
});

test('slices measure AUC and the metrics of whole lists too', async () => {
  const result = await evaluate(
    (_, k) => list(10, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14, 15, 16, 17, 18, 19).slice(0, k),
    {
      metrics: ['auc', 'coverage@2', 'hr@1'],
      slices: { all: { by: 'item' }, everybody: { by: 'user' }, none: { by: 'item', minimum: 100 } },
    },
  );
  expect(result.slices.all?.metrics).toEqual(result.metrics);
  expect(result.slices.everybody?.metrics).toEqual(result.metrics);
  expect(result.metrics['coverage@2']?.mean).toBe(2 / 20);
  expect(result.slices.none).toEqual({ users: 0, targets: 0, metrics: {} });
});

test('a metric carries the smallest difference that a test on as many users finds', async () => {
  const result = await evaluate((_, _k, q) => (q < 2 ? list(10, ...ten) : list(...ten, 11)), {
    metrics: ['hr@5'],
  });
  // Values 1, 1, 0, 0: a sample standard deviation of sqrt(1/3).
  const z = 1.959963984540054 + 0.8416212335729143;
  expect(result.metrics['hr@5']?.detectable).toBeCloseTo((z * Math.SQRT2 * Math.sqrt(1 / 3)) / 2, 9);
  expect(result.detectable).toMatchObject({ level: 0.05, power: 0.8 });
});

test('grades below 0 are refused with their place', async () => {
  const rated = InteractionLog.fromRows([
    { user: 'u', item: 'a', timestamp: 1, rating: 2 },
    { user: 'u', item: 'b', timestamp: 2, rating: -1 },
  ]);
  const parts = { history: rated.select(Int32Array.of(0)), test: rated.select(Int32Array.of(1)) };
  const system: Retriever = { name: 's', items: rated.items, retrieve: async () => [[]] };
  await expect(evaluateRanking(system, parts, { grades: 'rating' })).rejects.toThrow(
    /-1 of the item "b" by the user "u"/,
  );
});
