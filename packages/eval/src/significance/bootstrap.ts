import { defineOptions, InvalidInputError, type OptionsOf, option, RandomStream } from '@palate/core';
import { checkValues } from '../metrics/check-values.js';
import { normalCdf, normalQuantile } from './distributions.js';

/** An estimate with its confidence interval. */
export interface Interval {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
  /** For example 0.95. */
  readonly level: number;
}

/** Options of {@link bootstrapInterval}. */
export const BOOTSTRAP = defineOptions(
  'bootstrapInterval',
  {
    level: option.number({ min: 0.5, max: 0.9999 })({ default: 0.95, doc: 'confidence of the interval' }),
    resamples: option.integer({ min: 10 })({ default: 1000, doc: 'resamples of the values' }),
    method: option.choice(['percentile', 'bca'])({
      default: 'percentile',
      doc: "`'bca'` corrects bias and skew (Efron 1987); `'percentile'` is Efron and Tibshirani 1993, 13.3",
    }),
    seed: option.integer()({ default: 0, doc: 'seed of the resamples' }),
  },
  [],
);

/** Options of {@link bootstrapInterval}; {@link BOOTSTRAP} says what each does. */
export type BootstrapOptions = OptionsOf<typeof BOOTSTRAP.declarations>;

/**
 * Bootstrap confidence interval of a mean over users. Costs `resamples` passes over the values.
 *
 * @throws InvalidInputError if there are no values, or one is not finite
 */
export function bootstrapInterval(values: ArrayLike<number>, options: BootstrapOptions = {}): Interval {
  const { level, resamples, method, seed } = BOOTSTRAP.settings(options);
  const n = values.length;
  if (n === 0)
    throw new InvalidInputError({
      expected: 'at least one value',
      received: 'none',
      hint: 'Pass one value for each user that was evaluated.',
    });
  checkValues('values', values);
  let total = 0;
  for (let i = 0; i < n; i++) total += values[i]!;
  const mean = total / n;
  const random = new RandomStream(seed).fork('bootstrap');
  const means = new Float64Array(resamples);
  for (let b = 0; b < resamples; b++) {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += values[random.integer(n)]!;
    means[b] = sum / n;
  }
  means.sort();
  let lower = (1 - level) / 2;
  let upper = 1 - lower;
  if (method === 'bca') [lower, upper] = biasCorrected(values, mean, means, lower, upper);
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
