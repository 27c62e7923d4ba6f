import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  averagePrecision,
  f1,
  hitRate,
  ndcg,
  precision,
  type RankedRelevant,
  recall,
  reciprocalRank,
} from '../src/index.js';
import { rankRelevant } from '../src/metrics/rank-counting.js';
import { golden } from './golden/golden.js';

function ranked(grades: readonly number[], scores: readonly number[]): RankedRelevant {
  const relevant = grades.flatMap((grade, item) => (grade > 0 ? [item] : []));
  const { ranks, order } = rankRelevant(Float32Array.from(scores), relevant);
  return { ranks, gains: Array.from(order, (at) => grades[relevant[at] as number] as number) };
}

describe('graded lists agree with scikit-learn 1.2.1', () => {
  for (const [index, { grades, scores, ...values }] of golden.ranking.entries())
    test(`case ${index + 1}`, () => {
      const user = ranked(grades, scores);
      for (const k of [3, 5, 10]) {
        expect(ndcg(user, k)).toBeCloseTo(values[`ndcg@${k}`] as number, 12);
        expect(ndcg(user, k, 'exponential')).toBeCloseTo(values[`ndcg-exp@${k}`] as number, 12);
      }
      expect(averagePrecision(user, 12)).toBeCloseTo(values.map as number, 12);
      expect(reciprocalRank(user)).toBeCloseTo(values.mrr as number, 12);
    });
});

test('a list by hand: relevant at ranks 1, 4 and 9 of which two are within 5', () => {
  const user: RankedRelevant = { ranks: [1, 4, 9], gains: [1, 1, 1] };
  expect(hitRate(user, 5)).toBe(1);
  expect(recall(user, 5)).toBeCloseTo(2 / 3, 15);
  expect(precision(user, 5)).toBe(0.4);
  expect(f1(user, 5)).toBeCloseTo(0.5, 15);
  expect(averagePrecision(user, 5)).toBeCloseTo((1 + 2 / 4) / 3, 15);
  expect(reciprocalRank({ ranks: [4], gains: [1] }, 3)).toBe(0);
  expect(ndcg(user, 5)).toBeCloseTo((1 + 1 / Math.log2(5)) / (1 + 1 / Math.log2(3) + 1 / 2), 15);
  expect(ndcg({ ranks: [3], gains: [1] }, 10)).toBe(0.5);
  expect(averagePrecision({ ranks: [1, 2, 3], gains: [1, 1, 1] }, 2)).toBe(1);
  for (const metric of [hitRate, recall, precision, f1, averagePrecision])
    expect(metric({ ranks: [], gains: [] }, 5)).toBe(0);
});

test('ranks are pessimistic: others of equal score stand first (against counting by definition)', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(0, 1, 2, 3, Number.NEGATIVE_INFINITY), { minLength: 1, maxLength: 25 }),
      fc.integer({ min: 0, max: 12 }),
      (values, wanted) => {
        const scores = Float32Array.from(values);
        const relevant = values.map((_, item) => item).filter((item) => (item * 7) % values.length < wanted);
        const { ranks, order, above, equal, others } = rankRelevant(scores, relevant);
        expect(scores).toEqual(Float32Array.from(values));
        const rest = values
          .map((_, item) => item)
          .filter((item) => !relevant.includes(item) && values[item] !== Number.NEGATIVE_INFINITY);
        expect(others).toBe(rest.length);
        for (const [place, at] of order.entries()) {
          const score = values[relevant[at] as number] as number;
          const before = rest.filter((item) => (values[item] as number) >= score).length;
          expect(ranks[place]).toBe(
            score === Number.NEGATIVE_INFINITY ? Number.POSITIVE_INFINITY : before + place + 1,
          );
          if (score > Number.NEGATIVE_INFINITY) {
            expect(above[place]).toBe(rest.filter((item) => (values[item] as number) > score).length);
            expect(equal[place]).toBe(rest.filter((item) => values[item] === score).length);
          }
        }
      },
    ),
  );
});

describe('grades of any size', () => {
  test('a play count of 5,000 does not overflow: the best order has NDCG 1, the second item alone what it adds', () => {
    expect(ndcg({ ranks: [1, 2], gains: [5000, 3] }, 10, 'exponential')).toBe(1);
    expect(ndcg({ ranks: [1, 2], gains: [3, 5000] }, 10, 'exponential')).toBeCloseTo(1 / Math.log2(3), 12);
    expect(ndcg({ ranks: [1, 2], gains: [1e308, 1e308] }, 10)).toBe(1);
    // Two grades one apart weigh 2 to 1, however large.
    const near = (low: number) => ndcg({ ranks: [1, 2], gains: [low, low + 1] }, 10, 'exponential');
    expect(near(4000)).toBeCloseTo((1 + 2 / Math.log2(3)) / (2 + 1 / Math.log2(3)), 12);
    expect(near(900)).toBeCloseTo(near(4000), 12);
  });
  test('NDCG stays within 0 and 1 and does not change with the unit of linear gains', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.double({ min: 0, max: 1e6, noNaN: true }), fc.integer({ min: 1, max: 30 })), {
          minLength: 1,
          maxLength: 12,
        }),
        fc.integer({ min: 1, max: 20 }),
        (rows, k) => {
          const ranks = [...new Set(rows.map(([, rank]) => rank))].sort((a, b) => a - b);
          const gains = ranks.map((_, i) => rows[i]?.[0] ?? 0);
          const value = ndcg({ ranks, gains }, k);
          expect(value).toBeGreaterThanOrEqual(0);
          expect(value).toBeLessThanOrEqual(1 + 1e-12);
          expect(ndcg({ ranks, gains: gains.map((gain) => gain * 8) }, k)).toBeCloseTo(value, 9);
        },
      ),
    );
  });
});

describe('what no metric can be made of is refused with its place', () => {
  const metrics = { hitRate, recall, precision, f1, ndcg, reciprocalRank, averagePrecision };
  for (const [name, metric] of Object.entries(metrics))
    test(name, () => {
      expect(() => metric({ ranks: [1, Number.NaN], gains: [1, 1] }, 5)).toThrow(/ranks.*NaN at index 1/);
      expect(() => metric({ ranks: [1, 2], gains: [1, Number.NaN] }, 5)).toThrow(/gains.*NaN at index 1/);
      expect(() => metric({ ranks: [1, 2], gains: [1, -1] }, 5)).toThrow(/gains.*-1 at index 1/);
      expect(() => metric({ ranks: [2, 1], gains: [1, 1] }, 5)).toThrow(/in ascending order/);
      expect(() => metric({ ranks: [1], gains: [] }, 5)).toThrow(/as many gains/);
      expect(() => metric({ ranks: [1], gains: [1] }, 0)).toThrow(/cut-off/);
      expect(() => metric({ ranks: [1], gains: [1] }, Number.NaN)).toThrow(/cut-off/);
    });
  test('scores', () => {
    expect(() => rankRelevant(Float32Array.of(1, Number.NaN), [0])).toThrow(/NaN at index 1/);
  });
});

test('optimistic ranks put the relevant items first among equal scores, the higher grade before the lower', () => {
  // Scores 1 for items 0 to 4; items 1 (grade 1) and 3 (grade 5) are relevant.
  const { ranks, order, optimisticRanks, optimisticOrder } = rankRelevant(
    new Float32Array(5).fill(1),
    [1, 3],
    [1, 5],
  );
  expect([...ranks]).toEqual([4, 5]);
  expect([...order]).toEqual([0, 1]);
  expect([...optimisticRanks]).toEqual([1, 2]);
  expect([...optimisticOrder]).toEqual([1, 0]);
});
