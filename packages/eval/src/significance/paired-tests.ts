import {
  checkNumber,
  defineOptions,
  InvalidInputError,
  type OptionsOf,
  option,
  RandomStream,
} from '@palate/core';
import { checkValues } from '../metrics/check-values.js';
import { normalCdf, studentTwoSided } from './distributions.js';

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
      expected: 'two equally long lists of at least two values, one pair per user',
      received: `${first.length} and ${second.length}`,
      hint: 'Compare per-user values of the same users in the same order.',
    });
  checkValues('first values', first);
  checkValues('second values', second);
  return Float64Array.from({ length: first.length }, (_, i) => first[i]! - second[i]!);
}

const meanOf = (values: Float64Array): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/**
 * Student's paired t-test, two-sided.
 *
 * @throws InvalidInputError for values that are not finite
 */
export function pairedTTest(first: ArrayLike<number>, second: ArrayLike<number>): PairedTest {
  const d = differences(first, second);
  const n = d.length;
  const mean = meanOf(d);
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

/** Options of {@link wilcoxonSignedRank}. */
export const WILCOXON = defineOptions(
  'wilcoxonSignedRank',
  {
    method: option.choice(['exact', 'normal']).optional({
      doc: "`'exact'` enumerates all signs of the ranks, ties included; its cost grows with the cube of the pairs. `'normal'` approximates, with tie correction and without continuity correction. Left out: exact for up to 50 pairs that differ, or 25 where some differ by the same",
    }),
  },
  [],
);

/** Options of {@link wilcoxonSignedRank}; {@link WILCOXON} says what each does. */
export type WilcoxonOptions = OptionsOf<typeof WILCOXON.declarations>;

/** Pairs that differ up to which the exact distribution is the default, as in scipy; and where there are ties. */
const EXACT_PAIRS = 50;
const EXACT_TIED_PAIRS = 25;
/** Pairs up to which the chance of a single sign assignment is a normal double. */
const MOST_EXACT_PAIRS = 1000;

/**
 * Wilcoxon's signed-rank test, two-sided: zero differences are left out, and equal ones share their mean rank
 * (Wilcoxon 1945; Pratt's zeros are not counted). The statistic is the smaller of the two sums of ranks.
 *
 * @throws InvalidInputError for values that are not finite, or exact counting of more than 1,000 pairs
 */
export function wilcoxonSignedRank(
  first: ArrayLike<number>,
  second: ArrayLike<number>,
  options: WilcoxonOptions = {},
): PairedTest {
  const { method: wanted } = WILCOXON.settings(options);
  const d = differences(first, second);
  const difference = meanOf(d);
  const nonzero = d.filter((value) => value !== 0);
  const n = nonzero.length;
  if (n === 0) return { difference, statistic: 0, pValue: 1, pairs: 0 };
  const order = Float64Array.from(nonzero).sort((a, b) => Math.abs(a) - Math.abs(b));
  const ranks = new Float64Array(n);
  let plus = 0;
  let tieCorrection = 0;
  for (let i = 0; i < n; ) {
    let j = i;
    while (j < n && Math.abs(order[j]!) === Math.abs(order[i]!)) j++;
    const rank = (i + 1 + j) / 2;
    for (let k = i; k < j; k++) {
      ranks[k] = rank;
      if (order[k]! > 0) plus += rank;
    }
    tieCorrection += (j - i) ** 3 - (j - i);
    i = j;
  }
  const statistic = Math.min(plus, (n * (n + 1)) / 2 - plus);
  const mostExact = tieCorrection === 0 ? EXACT_PAIRS : EXACT_TIED_PAIRS;
  if ((wanted ?? (n <= mostExact ? 'exact' : 'normal')) === 'exact')
    return { difference, statistic, pValue: Math.min(1, 2 * chanceUpTo(statistic, ranks)), pairs: n };
  const mean = (n * (n + 1)) / 4;
  const deviation = Math.sqrt((n * (n + 1) * (2 * n + 1)) / 24 - tieCorrection / 48);
  const z = deviation === 0 ? 0 : (plus - mean) / deviation;
  return { difference, statistic, pValue: 2 * normalCdf(-Math.abs(z)), pairs: n };
}

/** Chance that the ranks that get a plus by fair coins sum up to at most `limit`. */
function chanceUpTo(limit: number, ranks: Float64Array): number {
  checkNumber('the number of pairs that differ in an exact test', ranks.length, { max: MOST_EXACT_PAIRS });
  // Mean ranks are halves: twice a rank is whole. Entry s is the chance that the sum is s, so far.
  const twice = Math.round(2 * limit);
  let chances = new Float64Array(twice + 1);
  chances[0] = 1;
  for (const rank of ranks) {
    const step = Math.round(2 * rank);
    const next = new Float64Array(twice + 1);
    for (let sum = 0; sum <= twice; sum++)
      next[sum] = (chances[sum]! + (sum >= step ? chances[sum - step]! : 0)) / 2;
    chances = next;
  }
  return chances.reduce((total, chance) => total + chance, 0);
}

/** Options of {@link randomisationTest}. */
export const RANDOMISATION = defineOptions(
  'randomisationTest',
  {
    permutations: option.integer({ min: 100 })({
      default: 10_000,
      doc: 'random sign assignments, if there are too many to enumerate',
    }),
    seed: option.integer()({ default: 0, doc: 'seed of the assignments' }),
  },
  [],
);

/** Options of {@link randomisationTest}; {@link RANDOMISATION} says what each does. */
export type RandomisationOptions = OptionsOf<typeof RANDOMISATION.declarations>;

/**
 * Fisher's paired randomisation test, two-sided: how often random signs of the differences give a mean at least
 * as far from zero (Smucker et al. 2007). Where all sign assignments are no more than `permutations`, each is counted
 * once and the p-value is exact; else the observed assignment is counted too, so that it is never 0.
 *
 * @throws InvalidInputError for values that are not finite
 */
export function randomisationTest(
  first: ArrayLike<number>,
  second: ArrayLike<number>,
  options: RandomisationOptions = {},
): PairedTest {
  const { permutations, seed } = RANDOMISATION.settings(options);
  const d = differences(first, second);
  const nonzero = d.filter((value) => value !== 0);
  const observed = Math.abs(nonzero.reduce((sum, value) => sum + value, 0));
  const isExact = nonzero.length < 31 && 2 ** nonzero.length <= permutations;
  const rounds = isExact ? 2 ** nonzero.length : permutations;
  const random = new RandomStream(seed).fork('randomisation');
  let extreme = 0;
  for (let round = 0; round < rounds; round++) {
    let sum = 0;
    let bits = round;
    for (let i = 0; i < nonzero.length; i++) {
      if (!isExact && i % 32 === 0) bits = random.uint32();
      sum += bits & 1 ? nonzero[i]! : -nonzero[i]!;
      bits >>>= 1;
    }
    // Rounding must not turn an equal mean into a smaller one.
    if (Math.abs(sum) >= observed * (1 - 1e-12)) extreme++;
  }
  return {
    difference: meanOf(d),
    statistic: observed / d.length,
    pValue: isExact ? extreme / rounds : (extreme + 1) / (permutations + 1),
    pairs: nonzero.length,
  };
}
