import { describe, expect, test } from 'vitest';
import { normalCdf, normalQuantile, studentTwoSided } from '../src/distributions.js';
import { bootstrapInterval, holm, pairedTTest, randomisationTest, wilcoxonSignedRank } from '../src/index.js';
import { golden } from './golden/golden.js';

const { a, b, ...expected } = golden.significance;

describe('distributions agree with scipy 1.10.1', () => {
  test('Student, two-sided', () => {
    for (const [t, freedom, p] of expected.student as [number, number, number][])
      expect(Math.abs(studentTwoSided(t, freedom) - p)).toBeLessThanOrEqual(1e-12 + 1e-9 * p);
  });
  test('normal', () => {
    for (const [z, p] of expected.normal as [number, number][])
      expect(Math.abs(normalCdf(z) - p)).toBeLessThanOrEqual(1e-10 * p);
    for (const [share, z] of expected.quantile as [number, number][])
      expect(normalQuantile(share)).toBeCloseTo(z, 9);
  });
});

test('paired t and Wilcoxon agree with scipy', () => {
  const t = pairedTTest(a, b);
  expect(t.statistic).toBeCloseTo(expected.t[0] as number, 10);
  expect(t.pValue).toBeCloseTo(expected.t[1] as number, 12);
  expect(t.pairs).toBe(a.filter((value, i) => value !== b[i]).length);
  const w = wilcoxonSignedRank(a, b);
  expect(w.statistic).toBe(expected.wilcoxon[0]);
  expect(w.pValue).toBeCloseTo(expected.wilcoxon[1] as number, 12);
});

test('the randomisation test agrees with 200,000 sign flips of numpy within sampling error', () => {
  const p = randomisationTest(a, b, { permutations: 20_000, seed: 4 }).pValue;
  const error = Math.sqrt((expected.randomisation * (1 - expected.randomisation)) / 20_000);
  expect(Math.abs(p - expected.randomisation)).toBeLessThan(5 * error + 1e-4);
  expect(randomisationTest(a, a).pValue).toBe(1);
  expect(randomisationTest(a, b, { seed: 4 })).toEqual(randomisationTest(a, b, { seed: 4 }));
});

test('bootstrap intervals agree with scipy.stats.bootstrap within sampling error', () => {
  const plain = bootstrapInterval(a, { resamples: 20_000, seed: 2 });
  expect(plain.mean).toBeCloseTo(a.reduce((sum, value) => sum + value, 0) / a.length, 12);
  expect(Math.abs(plain.low - (expected.percentile[0] as number))).toBeLessThan(0.004);
  expect(Math.abs(plain.high - (expected.percentile[1] as number))).toBeLessThan(0.004);
  const skewed = bootstrapInterval(
    a.map((value) => value ** 4),
    { resamples: 20_000, seed: 2, method: 'bca' },
  );
  expect(Math.abs(skewed.low - (expected.bca[0] as number))).toBeLessThan(0.006);
  expect(Math.abs(skewed.high - (expected.bca[1] as number))).toBeLessThan(0.006);
  expect(bootstrapInterval([0.3, 0.3, 0.3])).toEqual({
    mean: expect.closeTo(0.3, 12),
    low: expect.closeTo(0.3, 12),
    high: expect.closeTo(0.3, 12),
    level: 0.95,
  });
  expect(() => bootstrapInterval([])).toThrow(/at least one value/);
});

test('Holm by hand: 0.01, 0.04, 0.03 become 0.03, 0.06, 0.06', () => {
  expect(holm([0.01, 0.04, 0.03]).map((p) => Number(p.toFixed(10)))).toEqual([0.03, 0.06, 0.06]);
  expect(holm([0.5, 0.9])).toEqual([1, 1]);
  expect(holm([])).toEqual([]);
});

test('equal lists differ in nothing, constant differences are certain', () => {
  expect(pairedTTest([1, 2, 3], [1, 2, 3])).toMatchObject({ difference: 0, pValue: 1, pairs: 0 });
  expect(pairedTTest([2, 3, 4], [1, 2, 3])).toMatchObject({ difference: 1, pValue: 0, pairs: 3 });
  expect(wilcoxonSignedRank([1, 2], [1, 2]).pValue).toBe(1);
  expect(() => pairedTTest([1, 2], [1])).toThrow(/equally long/);
});
