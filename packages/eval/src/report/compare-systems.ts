import { defineOptions, InvalidInputError, type OptionsOf } from '@palate/core';
import type { PerUserValues, RankingResult } from '../ranking/ranking-result.js';
import { DETECTABLE, detectableDifference, sampleDeviation } from '../significance/detectable-difference.js';
import { holm } from '../significance/holm.js';
import { pairedTTest, RANDOMISATION, randomisationTest } from '../significance/paired-tests.js';

/** Two systems on the same users. */
export interface Comparison {
  readonly first: string;
  readonly second: string;
  /** Mean of the first minus mean of the second. */
  readonly difference: number;
  /** Two-sided, as tested. */
  readonly pValue: number;
  /** The p-value after Holm's correction for all pairs of the table. */
  readonly adjusted: number;
  /** Smallest difference that this test finds at level 0.05 with power 0.8, by the spread of the differences. */
  readonly detectable: number;
  /** Users that both systems have a value for. */
  readonly users: number;
}

/** Paired tests of all pairs of some systems. */
export interface Comparisons {
  readonly metric: string;
  /** The test, in words. */
  readonly test: string;
  readonly pairs: readonly Comparison[];
}

/** Input of {@link compareSystems}: results, or averages over seeds, with the values of their users. */
export interface Comparable extends Pick<RankingResult, 'system' | 'fingerprints'> {
  readonly perUser?: PerUserValues | undefined;
}

/** Options of {@link compareSystems}: those of the randomisation test. */
export const COMPARE = defineOptions('compareSystems', RANDOMISATION.declarations, []);

/** Options of {@link compareSystems}; {@link COMPARE} says what each does. */
export type CompareOptions = OptionsOf<typeof COMPARE.declarations>;

/** Number of users from which the t-test replaces the randomisation test: both agree there, and it costs one pass. */
const MANY_USERS = 1000;

/**
 * Tests every pair of systems on one metric over users, with Holm's correction for all pairs: Fisher's randomisation
 * test, or the paired t-test from 1,000 users on (Smucker et al. 2007 find no practical difference between them).
 *
 * @param systems - evaluated with `perUser` on the same test; those without values of the metric are left out
 * @returns pairs in the order of the systems; none if fewer than two have values
 * @throws InvalidInputError if they were evaluated on other data or users
 */
export function compareSystems(
  systems: readonly Comparable[],
  metric: string,
  options: CompareOptions = {},
): Comparisons {
  const settings = COMPARE.settings(options);
  const known = systems.filter((system) => system.perUser?.values[metric]);
  const [base] = known;
  const other = known.find(
    ({ fingerprints, perUser }) =>
      fingerprints.test !== base?.fingerprints.test ||
      fingerprints.history !== base.fingerprints.history ||
      perUser?.users.length !== base.perUser?.users.length ||
      perUser?.users.some((user, u) => user !== base.perUser?.users[u]),
  );
  if (base && other)
    throw new InvalidInputError({
      expected: `values of the same users on the same data as ${base.system}`,
      received: `those of ${other.system}, evaluated on other data`,
      hint: 'Evaluate both systems with the same history, test and users, then compare them.',
    });
  const isLarge = (base?.perUser?.users.length ?? 0) >= MANY_USERS;
  const pairs: Omit<Comparison, 'adjusted'>[] = [];
  for (const [a, first] of known.entries())
    for (const second of known.slice(a + 1)) {
      const left = first.perUser?.values[metric] ?? [];
      const right = second.perUser?.values[metric] ?? [];
      const both = left.map((_, u) => u).filter((u) => !Number.isNaN(left[u]! + right[u]!));
      if (both.length < 2) continue;
      const x = both.map((u) => left[u]!);
      const y = both.map((u) => right[u]!);
      const { difference, pValue } = isLarge ? pairedTTest(x, y) : randomisationTest(x, y, settings);
      const spread = sampleDeviation(x.map((value, u) => value - y[u]!));
      pairs.push({
        first: first.system,
        second: second.system,
        difference,
        pValue,
        detectable: detectableDifference(spread, both.length, DETECTABLE),
        users: both.length,
      });
    }
  const adjusted = holm(pairs.map(({ pValue }) => pValue));
  return {
    metric,
    test: isLarge ? 'paired t-test' : "Fisher's randomisation test",
    pairs: pairs.map((pair, i) => ({ ...pair, adjusted: adjusted[i] ?? 1 })),
  };
}
