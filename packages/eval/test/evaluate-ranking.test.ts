import {
  type CatalogueScorer,
  EmbeddingTable,
  IdMap,
  InteractionLog,
  type Query,
  type Retriever,
  topK,
  unavailableItems,
} from '@palate/core';
import { describe, expect, test } from 'vitest';
import { evaluateRanking, type RankingOptions, readRankingResult } from '../src/index.js';

/** Scores every query by one fixed row, or by a function of the query. */
function scorer(
  items: IdMap,
  scoresOf: (query: Query) => ArrayLike<number>,
  blocks?: number[],
): CatalogueScorer {
  return {
    name: 'test scorer',
    items,
    retrieve: async (queries, k, options) =>
      queries.map((query) =>
        topK(Float32Array.from(scoresOf(query)), k, unavailableItems(query, items.size, options)),
      ),
    scoreAll: async (queries) => {
      blocks?.push(queries.length);
      return Float32Array.from(queries.flatMap((query) => Array.from(scoresOf(query))));
    },
  };
}

/** The same retriever without catalogue scores. */
const listsOnly = ({ name, items, retrieve }: CatalogueScorer): Retriever => ({ name, items, retrieve });

const full = InteractionLog.fromRows([
  { user: 'ann', item: 'a', timestamp: 1, rating: 2 },
  { user: 'ann', item: 'b', timestamp: 2, rating: 3 },
  { user: 'bob', item: 'c', timestamp: 3, rating: 5 },
  { user: 'bob', item: 'd', timestamp: 4, rating: 1 },
  { user: 'cid', item: 'a', timestamp: 5, rating: 4 },
  { user: 'cid', item: 'e', timestamp: 6, rating: 3 },
]);
const history = full.select(Int32Array.of(0, 2, 4));
const test_ = full.select(Int32Array.of(1, 3, 5));
const data = { history, test: test_ };
// By dense index a b c d e: ann seeks b behind a (masked) and c; bob seeks d, last; cid seeks e behind b, c.
const fixed = scorer(full.items, () => [5, 3, 4, 1, 2]);
const quick: RankingOptions = { metrics: ['hr@1', 'hr@2', 'ndcg@10', 'mrr'], resamples: 0, perUser: true };

describe('by hand on three users', () => {
  test('history masked', async () => {
    const result = await evaluateRanking(fixed, data, quick);
    // ann: c, b -> rank 2. bob: a, b, e, d -> rank 4. cid: c, b, e -> rank 3.
    expect(result.perUser?.values.mrr).toEqual([1 / 2, 1 / 4, 1 / 3]);
    expect(result.metrics['hr@2']?.mean).toBeCloseTo(1 / 3, 12);
    expect(result.metrics['ndcg@10']?.mean).toBeCloseTo(
      (1 / Math.log2(3) + 1 / Math.log2(5) + 1 / 2) / 3,
      12,
    );
    expect(result).toMatchObject({
      users: 3,
      targets: 3,
      unknownTargets: 0,
      maskedTargets: 0,
      system: 'test scorer',
    });
    expect(result.perUser?.users).toEqual(['ann', 'bob', 'cid']);
  });
  test('history not masked', async () => {
    const result = await evaluateRanking(fixed, data, { ...quick, maskHistory: false });
    expect(result.perUser?.values.mrr).toEqual([1 / 3, 1 / 5, 1 / 4]);
  });
  test('a system that only gives lists is measured alike within the cut-off', async () => {
    const lists = await evaluateRanking(listsOnly(fixed), data, { ...quick, metrics: ['hr@2', 'ndcg@3'] });
    const scores = await evaluateRanking(fixed, data, { ...quick, metrics: ['hr@2', 'ndcg@3'] });
    expect(lists.perUser).toEqual(scores.perUser);
    expect(lists.listDepth).toBe(3);
    expect(scores.listDepth).toBeUndefined();
  });
  test('AUC counts the share of other items below', async () => {
    const result = await evaluateRanking(fixed, data, { ...quick, metrics: ['auc'] });
    // ann: of c, d, e two are below b; bob: none of a, b, e; cid: of b, c, d one is below e.
    expect(result.perUser?.values.auc).toEqual([2 / 3, 0, 1 / 3]);
  });
});

test('a scorer that scores everything alike finds nothing', async () => {
  const flat = scorer(full.items, () => [1, 1, 1, 1, 1]);
  const result = await evaluateRanking(flat, data, { metrics: ['hr@3', 'ndcg@3'], resamples: 0 });
  expect(result.metrics['hr@3']?.mean).toBe(0);
});

test('several targets, graded by rating, each pair once', async () => {
  const log = InteractionLog.fromRows([
    { user: 'u', item: 'a', timestamp: 1, rating: 1 },
    { user: 'u', item: 'b', timestamp: 2, rating: 3 },
    { user: 'u', item: 'c', timestamp: 3, rating: 2 },
    { user: 'u', item: 'b', timestamp: 4, rating: 1 },
    { user: 'u', item: 'd', timestamp: 5, rating: 5 },
  ]);
  const parts = { history: log.select(Int32Array.of(0)), test: log.select(Int32Array.of(1, 2, 3)) };
  const system = scorer(log.items, () => [0, 1, 3, 2]);
  const result = await evaluateRanking(system, parts, {
    metrics: ['ndcg@3', 'recall@2'],
    grades: 'rating',
    resamples: 0,
  });
  // Order c, d, b: grades 2, -, 3; the ideal order is 3, 2.
  expect(result.metrics['ndcg@3']?.mean).toBeCloseTo((2 + 3 / 2) / (3 + 2 / Math.log2(3)), 12);
  expect(result.metrics['recall@2']?.mean).toBe(0.5);
  expect(result.targets).toBe(2);
});

test('items the system does not know, and targets in the masked history, count as not found', async () => {
  const small = scorer(new IdMap(['e', 'a', 'b']), () => [1, 2, 3]);
  const result = await evaluateRanking(small, data, { metrics: ['hr@2'], resamples: 0, perUser: true });
  expect(result.perUser?.values['hr@2']).toEqual([1, 0, 1]);
  expect(result.unknownTargets).toBe(1);
  const again = full.select(Int32Array.of(0));
  const masked = await evaluateRanking(fixed, { history, test: again }, { metrics: ['hr@2'], resamples: 0 });
  expect(masked).toMatchObject({ maskedTargets: 1, metrics: { 'hr@2': { mean: 0 } } });
});

describe('sampled candidates', () => {
  const rows = Array.from({ length: 40 }, (_, u) => [
    { user: `u${u}`, item: `i${u % 50}`, timestamp: 1 },
    { user: `u${u}`, item: `i${(u + 7) % 50}`, timestamp: 2 },
  ]).flat();
  const log = InteractionLog.fromRows([
    ...rows,
    ...Array.from({ length: 50 }, (_, k) => ({ user: 'all', item: `i${k}`, timestamp: 0 })),
  ]);
  const parts = {
    history: log.select(Int32Array.from({ length: 40 }, (_, u) => 2 * u)),
    test: log.select(Int32Array.from({ length: 40 }, (_, u) => 2 * u + 1)),
  };
  const byIndex = scorer(log.items, () => Array.from({ length: 50 }, (_, k) => k));

  test('are labelled, repeat by seed, and give the value of their definition', async () => {
    const run = (seed: number) =>
      evaluateRanking(byIndex, parts, {
        metrics: ['hr@5'],
        candidates: { sampled: 9 },
        seed,
        resamples: 0,
        perUser: true,
      });
    const first = await run(1);
    expect(first.protocol.candidates).toEqual({ sampled: 9 });
    expect((await run(1)).perUser).toEqual(first.perUser);
    expect((await run(2)).perUser).not.toEqual(first.perUser);
    // Against nine random others, an item is among the best 5 of 10 about half the time; in all of 50 a tenth.
    expect(first.metrics['hr@5']?.mean).toBeGreaterThan(0.25);
    const all = await evaluateRanking(byIndex, parts, { metrics: ['hr@5'], resamples: 0 });
    expect(all.metrics['hr@5']?.mean).toBeLessThan(0.25);
  });
  test('a system that only gives lists is measured alike', async () => {
    const options: RankingOptions = {
      metrics: ['hr@5', 'mrr'],
      candidates: { sampled: 9 },
      seed: 1,
      resamples: 0,
      perUser: true,
    };
    expect((await evaluateRanking(listsOnly(byIndex), parts, options)).perUser).toEqual(
      (await evaluateRanking(byIndex, parts, options)).perUser,
    );
  });
  test('fewer negatives than the cut-off, or than there are items, are refused', async () => {
    await expect(
      evaluateRanking(byIndex, parts, { metrics: ['hr@10'], candidates: { sampled: 10 } }),
    ).rejects.toThrow(/more sampled negatives than the largest cut-off, 10/);
    await expect(
      evaluateRanking(byIndex, parts, { metrics: ['hr@10'], candidates: { sampled: 60 } }),
    ).rejects.toThrow(/at least 60 items that the user/);
  });
});

test('slices by training count measure parts of the targets', async () => {
  const result = await evaluateRanking(fixed, data, {
    ...quick,
    slices: {
      cold: { by: 'item', maximum: 0 },
      warm: { by: 'item', minimum: 1 },
      'short histories': { by: 'user', maximum: 1 },
    },
  });
  // None of b, d, e is in the histories: every target is cold.
  expect(result.slices.cold).toMatchObject({ users: 3, targets: 3 });
  expect(result.slices.warm).toMatchObject({ users: 0, targets: 0, metrics: {} });
  expect(result.slices['short histories']?.metrics).toEqual(result.metrics);
  await expect(
    evaluateRanking(fixed, data, { slices: { x: { by: 'item', max: 1 } as never } }),
  ).rejects.toThrow(/"max"/);
});

test('metrics of whole lists, by hand', async () => {
  const vectors = new EmbeddingTable(full.items, 2, Float32Array.of(1, 0, 0, 2, 1, 0, 1, 1, 0, 1));
  const result = await evaluateRanking(fixed, data, {
    metrics: ['coverage@2', 'gini@2', 'novelty@2', 'popularity@2', 'diversity@2', 'serendipity@2'],
    itemVectors: vectors,
    resamples: 0,
  });
  // Lists: ann c b, bob a b, cid c b; popularity in the histories: a 2, c 1.
  expect(result.metrics['coverage@2']?.mean).toBe(3 / 5);
  expect(result.metrics['popularity@2']?.mean).toBeCloseTo((1 + 0 + 2 + 0 + 1 + 0) / 6, 12);
  expect(result.metrics['novelty@2']?.mean).toBeCloseTo((5 * Math.log2(3) + Math.log2(3 / 2)) / 6, 12);
  // Recommended 0, 0, 1, 2, 3 times: sum of (2i - 6) x_i is 0 + 0 + 0 + 4 + 12 over 5 * 6.
  expect(result.metrics['gini@2']?.mean).toBeCloseTo(16 / 30, 12);
  // c b and a b are at right angles.
  expect(result.metrics['diversity@2']?.mean).toBeCloseTo(1, 6);
  // Most popular two: a, c. Of the found ones only ann's b is not among them, and b is relevant.
  expect(result.metrics['serendipity@2']?.mean).toBeCloseTo(1 / 2 / 3, 12);
  await expect(evaluateRanking(fixed, data, { metrics: ['diversity@2'] })).rejects.toThrow(/item vectors/);
});

test('memory is bounded: no block of scores is larger than asked for', async () => {
  const users = 3000;
  const items = 2000;
  const log = new InteractionLog({
    users: new IdMap(
      Array.from({ length: users }, (_, u) => `u${u}`),
      'user',
    ),
    items: new IdMap(Array.from({ length: items }, (_, i) => `i${i}`)),
    user: Int32Array.from({ length: users * 2 }, (_, r) => r >> 1),
    item: Int32Array.from({ length: users * 2 }, (_, r) => (r * 31) % items),
    timestamp: Float64Array.from({ length: users * 2 }, (_, r) => r),
  });
  const blocks: number[] = [];
  const row = Array.from({ length: items }, (_, k) => k);
  const system = scorer(log.items, () => row, blocks);
  const parts = {
    history: log.select(Int32Array.from({ length: users }, (_, u) => 2 * u)),
    test: log.select(Int32Array.from({ length: users }, (_, u) => 2 * u + 1)),
  };
  await evaluateRanking(system, parts, { blockBytes: 100 * items * 4, resamples: 0 });
  expect(Math.max(...blocks)).toBe(100);
  expect(blocks.reduce((sum, size) => sum + size, 0)).toBe(users);
});

describe('what cannot be measured is refused', () => {
  test('scores that are no numbers', async () => {
    const bad = scorer(full.items, () => [1, 2, Number.NaN, 4, 5]);
    await expect(evaluateRanking(bad, data)).rejects.toThrow(
      /finite scores from test scorer, but received NaN for the item "c"/,
    );
  });
  test('metrics, options and logs that do not fit', async () => {
    await expect(evaluateRanking(fixed, data, { metrics: ['ndcg'] })).rejects.toThrow(/"ndcg"/);
    await expect(evaluateRanking(fixed, data, { metrics: ['hr@0'] })).rejects.toThrow(/"hr@0"/);
    await expect(evaluateRanking(fixed, data, { metric: ['hr@1'] } as never)).rejects.toThrow(/"metric"/);
    await expect(
      evaluateRanking(fixed, { history, test: InteractionLog.fromRows([{ user: 'x', item: 'y' }]) }),
    ).rejects.toThrow(/the history to share the id maps/);
    await expect(evaluateRanking(fixed, { history, test: full.select(new Int32Array(0)) })).rejects.toThrow(
      /at least one test interaction/,
    );
    await expect(evaluateRanking(fixed, data, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'cancelled',
    });
  });
});

test('the record goes through JSON and says where it comes from', async () => {
  const result = await evaluateRanking(fixed, data, { seed: 5, split: 'by hand' });
  const read = readRankingResult(JSON.parse(JSON.stringify(result)));
  expect(read).toEqual(result);
  expect(read.fingerprints.history).toMatch(/^[0-9a-f]{64}$/);
  expect(read).toMatchObject({
    seed: 5,
    protocol: { split: 'by hand', ties: 'pessimistic', candidates: 'full' },
  });
  expect(read.metrics['ndcg@10']).toMatchObject({ level: 0.95 });
  expect(() => readRankingResult({ schema: 'other' })).toThrow(/ranking result of @palate\/eval/);
  expect(() => readRankingResult({ ...result, schemaVersion: 2 })).toThrow(/schema version 1/);
});

test('scores that are not a typed array of the right length are refused', async () => {
  const given = (scores: unknown) =>
    evaluateRanking(
      { ...fixed, scoreAll: async () => scores as Float32Array } as CatalogueScorer,
      data,
      quick,
    );
  await expect(given([1, 2, 3])).rejects.toThrow(/Float32Array of 3 x 5 scores.*not a typed array/);
  await expect(given(undefined)).rejects.toThrow(/not a typed array/);
  await expect(given(new Float32Array(14))).rejects.toThrow(/received 14/);
});
