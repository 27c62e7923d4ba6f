import { describe, expect, test } from 'vitest';
import {
  bootstrapInterval,
  detectableDifference,
  holm,
  pairedTTest,
  randomisationTest,
  wilcoxonSignedRank,
} from '../src/index.js';
import { normalCdf, normalQuantile, studentTwoSided } from '../src/significance/distributions.js';
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

describe('Wilcoxon is exact for few pairs', () => {
  test('six positive differences: one of 64 sign assignments on each side', () => {
    expect(wilcoxonSignedRank([1, 2, 3, 4, 5, 6], [0, 0, 0, 0, 0, 0]).pValue).toBe(0.03125);
    // All alike: the same assignments, whatever the ranks.
    expect(wilcoxonSignedRank([1, 1, 1, 1, 1, 1], [0, 0, 0, 0, 0, 0]).pValue).toBe(0.03125);
    expect(wilcoxonSignedRank([0, 0, 0, 0, 0, 0], [1, 2, 3, 4, 5, 6]).pValue).toBe(0.03125);
  });
  test("as scipy 1.17.1 counts it (wilcoxon with method 'exact')", () => {
    const ten = [
      0.460144, 1.740215, -0.092207, -0.220475, 0.889842, 0.756887, 0.505414, -0.530468, 0.370748, 1.095303,
    ];
    expect(
      wilcoxonSignedRank(
        ten,
        ten.map(() => 0),
      ).pValue,
    ).toBeCloseTo(0.064453125, 14);
    const many = [
      -0.944215, -0.057616, -1.501223, -0.889538, -1.441735, 0.164909, -0.867446, 0.671264, 0.556751,
      0.213069, -2.11676, -0.138693, 0.351499, 0.513309, -1.130136, -0.077753, -0.578519, -0.408837, 1.460899,
      -0.407535, 0.367478, 1.28439, -0.1836, 0.288298, 0.510464,
    ];
    expect(
      wilcoxonSignedRank(
        many,
        many.map(() => 0),
      ).pValue,
    ).toBeCloseTo(0.4418373703956604, 13);
  });
  test('with ties, as counting all 512 sign assignments of the mean ranks does', () => {
    const d = [1, -1, 2, 2, -3, 3, 4, 5, 5];
    expect(
      wilcoxonSignedRank(
        d,
        d.map(() => 0),
      ).pValue,
    ).toBe(0.078125);
  });
  test('agrees with the approximation on many pairs, and can be asked for', () => {
    const first = Array.from({ length: 200 }, (_, i) => Math.sin(i * 1.7) + 0.12);
    const second = first.map(() => 0);
    const exact = wilcoxonSignedRank(first, second, { method: 'exact' }).pValue;
    expect(wilcoxonSignedRank(first, second).pValue).toBeCloseTo(exact, 3);
    expect(wilcoxonSignedRank(first, second).pValue).toBe(
      wilcoxonSignedRank(first, second, { method: 'normal' }).pValue,
    );
    expect(() => wilcoxonSignedRank([1, 2], [0, 0], { method: 'fast' as never })).toThrow(
      /'exact' or 'normal'/,
    );
    expect(() => wilcoxonSignedRank(Array(1001).fill(1), Array(1001).fill(0), { method: 'exact' })).toThrow(
      /at most 1000/,
    );
  });
});

test('the randomisation test counts all assignments where they are few', () => {
  // Differences 1, 2, 3: of eight assignments two reach a sum of 6.
  expect(randomisationTest([1, 2, 3], [0, 0, 0]).pValue).toBe(0.25);
  expect(randomisationTest([1, 1, -1, 1], [0, 0, 0, 0]).pValue).toBe(10 / 16);
});

describe('what is no number is refused with its place', () => {
  const good = [0.1, 0.2, 0.3];
  const bad = [0.1, Number.NaN, 0.3];
  for (const [name, run] of [
    ['pairedTTest', pairedTTest],
    ['wilcoxonSignedRank', wilcoxonSignedRank],
    ['randomisationTest', randomisationTest],
  ] as const)
    test(name, () => {
      expect(() => run(bad, good)).toThrow(/first values.*NaN at index 1/);
      expect(() => run(good, bad)).toThrow(/second values.*NaN at index 1/);
      expect(() => run(good, [0, Number.POSITIVE_INFINITY, 0])).toThrow(/Infinity at index 1/);
    });
  test('intervals and corrections', () => {
    expect(() => bootstrapInterval(bad)).toThrow(/NaN at index 1/);
    expect(() => holm(bad)).toThrow(/NaN at index 1/);
    expect(() => holm([1.5])).toThrow(/from 0 to 1/);
  });
});

test('the smallest detectable difference, by scipy: (z(.975) + z(.8)) s / sqrt(n)', () => {
  expect(detectableDifference(0.3, 1000)).toBeCloseTo(0.026578171044889787, 12);
  expect(detectableDifference(0.3, 4000)).toBeCloseTo(0.026578171044889787 / 2, 12);
  expect(detectableDifference(0, 5)).toBe(0);
  expect(detectableDifference(0.3, 1000, { power: 0.95 })).toBeGreaterThan(0.0266);
  expect(() => detectableDifference(Number.NaN, 10)).toThrow(/deviation/);
});
