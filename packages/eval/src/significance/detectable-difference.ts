import { checkNumber, defineOptions, type OptionsOf, option } from '@palate/core';
import { normalQuantile } from './distributions.js';

/** Level and power of the detectable differences that results carry. */
export const DETECTABLE = { level: 0.05, power: 0.8 } as const;

/** Options of {@link detectableDifference}. */
export const DETECTABLE_DIFFERENCE = defineOptions(
  'detectableDifference',
  {
    level: option.number({ min: 1e-9, max: 0.5 })({
      default: DETECTABLE.level,
      doc: 'chance of calling a difference real where there is none, two-sided',
    }),
    power: option.number({ min: 0.5, max: 1 - 1e-9 })({
      default: DETECTABLE.power,
      doc: 'chance of finding a difference of this size',
    }),
  },
  [],
);

/** Options of {@link detectableDifference}; {@link DETECTABLE_DIFFERENCE} says what each does. */
export type DetectableOptions = OptionsOf<typeof DETECTABLE_DIFFERENCE.declarations>;

/** How the detectable differences of results are made, for the result. */
export const DETECTABLE_FORMULA = {
  ...DETECTABLE,
  formula:
    '(z(1 - level/2) + z(power)) · √2 · s / √users, s the standard deviation of the values over users: two systems alike in spread, without the gain of pairing',
} as const;

/**
 * Smallest mean difference that a paired two-sided test over `users` finds with the given power:
 * `(z(1 - level / 2) + z(power)) · deviation / √users`, by the normal approximation (Cohen 1988, 2.4; for metrics of
 * retrieval Sakai 2016).
 *
 * @param deviation - sample standard deviation of the per-user differences. Of one system alone, √2 times the
 *   deviation of its values: the differences of two systems alike in spread whose values do not correlate, a bound
 *   from above, as systems on the same users do correlate
 * @param users - pairs
 */
export function detectableDifference(
  deviation: number,
  users: number,
  options: DetectableOptions = {},
): number {
  const { level, power } = DETECTABLE_DIFFERENCE.settings(options);
  checkNumber('deviation', deviation, { min: 0 });
  checkNumber('users', users, { min: 1, integer: true });
  return ((normalQuantile(1 - level / 2) + normalQuantile(power)) * deviation) / Math.sqrt(users);
}

/** Sample standard deviation; 0 for fewer than two values. */
export function sampleDeviation(values: ArrayLike<number>): number {
  const n = values.length;
  if (n < 2) return 0;
  let mean = 0;
  for (let i = 0; i < n; i++) mean += values[i]! / n;
  let squares = 0;
  for (let i = 0; i < n; i++) squares += (values[i]! - mean) ** 2;
  return Math.sqrt(squares / (n - 1));
}
