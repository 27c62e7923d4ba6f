import { checkNumber, checkOptions, InvalidInputError, RandomStream } from '@palate/core';
import { normalCdf, normalQuantile, studentTwoSided } from './distributions.js';

/** An estimate with its confidence interval. */
export interface Interval {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
  /** For example 0.95. */
  readonly level: number;
}

/** Options of {@link bootstrapInterval}. */
export interface BootstrapOptions {
  /** Default 0.95. */
  readonly level?: number;
  /** Default 1,000. */
  readonly resamples?: number;
  /** `'bca'` corrects bias and skew (Efron 1987). Default `'percentile'` (Efron and Tibshirani 1993, 13.3). */
  readonly method?: 'percentile' | 'bca';
  /** Default 0. */
  readonly seed?: number;
}

/**
 * Bootstrap confidence interval of a mean over users. Costs `resamples` passes over the values.
 *
 * @throws InvalidInputError if there are no values
 */
export function bootstrapInterval(values: ArrayLike<number>, options: BootstrapOptions = {}): Interval {
  checkOptions('bootstrapInterval', options, ['level', 'resamples', 'method', 'seed']);
  const level = checkNumber('level', options.level ?? 0.95, { min: 0.5, max: 0.9999 });
  const resamples = checkNumber('resamples', options.resamples ?? 1000, { min: 10, integer: true });
  const n = values.length;
  if (n === 0)
    throw new InvalidInputError({
      expected: 'at least one value',
      received: 'none',
      hint: 'Evaluate at least one user.',
    });
  let total = 0;
  for (let i = 0; i < n; i++) total += values[i]!;
  const mean = total / n;
  const random = new RandomStream(options.seed ?? 0).fork('bootstrap');
  const means = new Float64Array(resamples);
  for (let b = 0; b < resamples; b++) {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += values[random.integer(n)]!;
    means[b] = sum / n;
  }
  means.sort();
  let lower = (1 - level) / 2;
  let upper = 1 - lower;
  if (options.method === 'bca') [lower, upper] = biasCorrected(values, mean, means, lower, upper);
  return { mean, low: quantile(means, lower), high: quantile(means, upper), level };
}

/** Quantile of sorted values with linear interpolation (type 7 of Hyndman and Fan 1996, numpy's default). */
function quantile(sorted: Float64Array, share: number): number {
  const at = share * (sorted.length - 1);
  const below = Math.floor(at);
  const low = sorted[below]!;
  return low + (at - below) * ((sorted[Math.min(below + 1, sorted.length - 1)] ?? low) - low);
}

/** The shares at which BCa reads its quantiles: bias from the resamples, acceleration from the jackknife. */
function biasCorrected(
  values: ArrayLike<number>,
  mean: number,
  means: Float64Array,
  lower: number,
  upper: number,
): [number, number] {
  const n = values.length;
  let below = 0;
  for (const each of means) below += each < mean ? 1 : each === mean ? 0.5 : 0;
  const bias = normalQuantile(Math.min(1 - 1e-9, Math.max(1e-9, below / means.length)));
  let cubes = 0;
  let squares = 0;
  for (let i = 0; i < n; i++) {
    // Leaving out value i moves the mean by (mean - value) / (n - 1); the jackknife's signs are the reverse.
    const distance = (values[i]! - mean) / Math.max(1, n - 1);
    cubes += distance ** 3;
    squares += distance ** 2;
  }
  const acceleration = squares === 0 ? 0 : cubes / (6 * squares ** 1.5);
  const shift = (share: number): number => {
    const z = bias + normalQuantile(share);
    return normalCdf(bias + z / (1 - acceleration * z));
  };
  return [shift(lower), shift(upper)];
}

/** A test of paired differences. */
export interface PairedTest {
  /** Mean of the first minus mean of the second. */
  readonly difference: number;
  /** Two-sided. */
  readonly pValue: number;
  readonly statistic: number;
  /** Pairs that differ. */
  readonly pairs: number;
}

function differences(first: ArrayLike<number>, second: ArrayLike<number>): Float64Array {
  if (first.length !== second.length || first.length < 2)
    throw new InvalidInputError({
      expected: 'two equally long lists of at least two values, one pair a user',
      received: `${first.length} and ${second.length}`,
      hint: 'Compare per-user values of the same users in the same order.',
    });
  return Float64Array.from({ length: first.length }, (_, i) => first[i]! - second[i]!);
}

/** Student's paired t-test, two-sided. */
export function pairedTTest(first: ArrayLike<number>, second: ArrayLike<number>): PairedTest {
  const d = differences(first, second);
  const n = d.length;
  const mean = d.reduce((sum, value) => sum + value, 0) / n;
  const variance = d.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1);
  const pairs = d.filter((value) => value !== 0).length;
  if (variance === 0)
    return {
      difference: mean,
      statistic: mean === 0 ? 0 : Number.POSITIVE_INFINITY * Math.sign(mean),
      pValue: mean === 0 ? 1 : 0,
      pairs,
    };
  const statistic = mean / Math.sqrt(variance / n);
  return { difference: mean, statistic, pValue: studentTwoSided(statistic, n - 1), pairs };
}

/**
 * Wilcoxon's signed-rank test, two-sided: zero differences are left out, equal ones share their mean rank, and
 * the p-value is the normal approximation with tie correction and without continuity correction (Wilcoxon 1945;
 * Pratt's zeros are not counted).
 */
export function wilcoxonSignedRank(first: ArrayLike<number>, second: ArrayLike<number>): PairedTest {
  const d = differences(first, second);
  const difference = d.reduce((sum, value) => sum + value, 0) / d.length;
  const nonzero = d.filter((value) => value !== 0);
  const n = nonzero.length;
  if (n === 0) return { difference, statistic: 0, pValue: 1, pairs: 0 };
  const order = Array.from(nonzero).sort((a, b) => Math.abs(a) - Math.abs(b));
  let plus = 0;
  let tieCorrection = 0;
  for (let i = 0; i < n; ) {
    let j = i;
    while (j < n && Math.abs(order[j]!) === Math.abs(order[i]!)) j++;
    const rank = (i + 1 + j) / 2;
    for (let k = i; k < j; k++) if (order[k]! > 0) plus += rank;
    tieCorrection += (j - i) ** 3 - (j - i);
    i = j;
  }
  const mean = (n * (n + 1)) / 4;
  const deviation = Math.sqrt((n * (n + 1) * (2 * n + 1)) / 24 - tieCorrection / 48);
  const statistic = Math.min(plus, (n * (n + 1)) / 2 - plus);
  const z = deviation === 0 ? 0 : (plus - mean) / deviation;
  return { difference, statistic, pValue: 2 * normalCdf(-Math.abs(z)), pairs: n };
}

/** Options of {@link randomisationTest}. */
export interface RandomisationOptions {
  /** Random sign assignments. Default 10,000. */
  readonly permutations?: number;
  /** Default 0. */
  readonly seed?: number;
}

/**
 * Fisher's paired randomisation test, two-sided: how often random signs of the differences give a mean at least
 * as far from zero (Smucker et al. 2007). The p-value counts the observed assignment too, so it is never 0.
 */
export function randomisationTest(
  first: ArrayLike<number>,
  second: ArrayLike<number>,
  options: RandomisationOptions = {},
): PairedTest {
  checkOptions('randomisationTest', options, ['permutations', 'seed']);
  const permutations = checkNumber('permutations', options.permutations ?? 10_000, {
    min: 100,
    integer: true,
  });
  const d = differences(first, second);
  const nonzero = d.filter((value) => value !== 0);
  const observed = Math.abs(nonzero.reduce((sum, value) => sum + value, 0));
  const random = new RandomStream(options.seed ?? 0).fork('randomisation');
  let extreme = 0;
  for (let round = 0; round < permutations; round++) {
    let sum = 0;
    let bits = 0;
    for (let i = 0; i < nonzero.length; i++) {
      if (i % 32 === 0) bits = random.uint32();
      sum += bits & 1 ? nonzero[i]! : -nonzero[i]!;
      bits >>>= 1;
    }
    // Rounding must not turn an equal mean into a smaller one.
    if (Math.abs(sum) >= observed * (1 - 1e-12)) extreme++;
  }
  return {
    difference: d.reduce((sum, value) => sum + value, 0) / d.length,
    statistic: observed / d.length,
    pValue: (extreme + 1) / (permutations + 1),
    pairs: nonzero.length,
  };
}

/**
 * Holm's step-down correction for several tests: adjusted p-values in the order given, to be compared with the
 * level as they are (Holm 1979).
 */
export function holm(pValues: readonly number[]): number[] {
  const order = pValues.map((_, i) => i).sort((a, b) => pValues[a]! - pValues[b]!);
  const adjusted = new Array<number>(pValues.length);
  let running = 0;
  for (const [step, index] of order.entries()) {
    running = Math.max(running, Math.min(1, (pValues.length - step) * pValues[index]!));
    adjusted[index] = running;
  }
  return adjusted;
}
