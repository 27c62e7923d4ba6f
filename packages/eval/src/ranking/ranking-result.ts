import { InvalidInputError, type OutcomeCounts, sumOutcomes } from '@palate/core';
import type { Interval } from '../significance/bootstrap.js';
import { type ContractViolations, sumViolations } from './list-contract.js';
import type { RankingProtocol } from './protocol.js';
import { checkTrust, type TrustLimits } from './trust.js';

/** A metric's value; per-user metrics carry a confidence interval, metrics of whole lists do not. */
export interface MetricValue extends Partial<Omit<Interval, 'mean'>> {
  /** Under the pessimistic rule for equal scores. */
  readonly mean: number;
  /** The mean under the optimistic rule, targets first among equal scores; left out where both rules agree. */
  readonly optimistic?: number | undefined;
  /** Users that the mean is over, where the metric is not defined for all (`auc` without another item). */
  readonly users?: number | undefined;
  /**
   * Smallest difference to another system that a test on as many users finds, as `RankingResult.detectable` says; left
   * out for metrics of whole lists.
   */
  readonly detectable?: number | undefined;
}

/** Metrics on a part of the users or targets. */
export interface SliceResult {
  readonly users: number;
  readonly targets: number;
  readonly metrics: Readonly<Record<string, MetricValue>>;
}

/** Values of each user, one list a metric, aligned with the users. */
export interface PerUserValues {
  /** External ids. */
  readonly users: readonly string[];
  readonly values: Readonly<Record<string, readonly number[]>>;
}

/** One evaluation as a JSON record. */
export interface RankingResult extends SliceResult {
  readonly schema: 'palate-ranking-result';
  readonly schemaVersion: 1;
  readonly system: string;
  readonly protocol: RankingProtocol;
  /** Targets that the system does not have in its catalogue: they count as not found. */
  readonly unknownTargets: number;
  /** Targets that are in the user's history and so masked: they count as not found. */
  readonly maskedTargets: number;
  /** Length of the lists asked for, where the system cannot score its whole catalogue. */
  readonly listDepth?: number | undefined;
  /** Lists that broke the contract of `Retriever`, by kind. Left out by older records, as the next four. */
  readonly violations?: ContractViolations | undefined;
  /** Counts that the parts of the system reported about their answers: how many came from a fallback, and why. */
  readonly outcomes?: readonly OutcomeCounts[] | undefined;
  /** Shares of violations and fallbacks beyond which `checkTrust` and reports refuse the result. */
  readonly limits?: TrustLimits | undefined;
  /** Warnings to a reader of the numbers, such as histories that lack what would be known. */
  readonly warnings?: readonly string[] | undefined;
  /** Level, power and formula of the metrics' `detectable`. */
  readonly detectable?: { readonly level: number; readonly power: number; readonly formula: string };
  readonly slices: Readonly<Record<string, SliceResult>>;
  readonly seed: number;
  readonly seconds: number;
  /** Peak resident memory of the process so far, in megabytes; 0 in a browser, where it is unknown. */
  readonly peakMemoryMb: number;
  readonly versions: Readonly<Record<string, string>>;
  /** SHA-256 of the logs. */
  readonly fingerprints: { readonly history: string; readonly test: string };
  /** Values of each user, on request; NaN where a metric is not defined for a user. */
  readonly perUser?: PerUserValues | undefined;
}

/**
 * Takes a parsed JSON value for a result.
 *
 * @throws InvalidInputError if it is something else or of a newer version
 */
export function readRankingResult(value: unknown): RankingResult {
  const record = value as Partial<RankingResult> | null;
  if (
    typeof record !== 'object' ||
    record === null ||
    record.schema !== 'palate-ranking-result' ||
    typeof record.metrics !== 'object'
  )
    throw new InvalidInputError({
      expected: 'a ranking result of @palate/eval',
      received: JSON.stringify(value)?.slice(0, 60) ?? String(value),
      hint: 'Pass a record that evaluateRanking made.',
    });
  if (record.schemaVersion !== 1)
    throw new InvalidInputError({
      expected: 'schema version 1',
      received: String(record.schemaVersion),
      hint: 'Update @palate/eval to the version that wrote the record.',
    });
  const result = record as RankingResult;
  if (!result.perUser) return result;
  // JSON has no NaN: it writes null.
  const values = Object.entries(result.perUser.values).map(([name, list]): [string, number[]] => [
    name,
    list.map((value: number | null) => value ?? Number.NaN),
  ]);
  return { ...result, perUser: { ...result.perUser, values: Object.fromEntries(values) } };
}

/** Results of the same system, protocol and data over several seeds. */
export interface SeedAverage {
  readonly system: string;
  readonly protocol: RankingProtocol;
  readonly seeds: readonly number[];
  readonly fingerprints: RankingResult['fingerprints'];
  /** Sums over the results. */
  readonly violations?: ContractViolations | undefined;
  readonly outcomes?: readonly OutcomeCounts[] | undefined;
  /** The narrowest limits of the results. */
  readonly limits?: TrustLimits | undefined;
  /** Warnings of any of the results, each once. */
  readonly warnings: readonly string[];
  /** Values of each user, as means over seeds; where all results have them. */
  readonly perUser?: PerUserValues | undefined;
  /** Mean over seeds, with the sample standard deviation where there are at least two. */
  readonly metrics: Readonly<
    Record<string, { readonly mean: number; readonly deviation?: number | undefined }>
  >;
}

/**
 * Averages one system over seeds.
 *
 * @throws InvalidInputError if systems, protocols or data differ, or there is no result
 * @throws UntrustworthyResultError if a result is beyond its limits
 */
export function averageOverSeeds(results: readonly RankingResult[]): SeedAverage {
  const [first] = results;
  if (!first)
    throw new InvalidInputError({
      expected: 'at least one result',
      received: 'none',
      hint: 'Pass the results of one system, one for each seed.',
    });
  const key = (result: RankingResult): string =>
    JSON.stringify([result.system, result.protocol, result.fingerprints]);
  const other = results.find((result) => key(result) !== key(first));
  if (other)
    throw new InvalidInputError({
      expected: `results of one system, protocol and data set (${first.system})`,
      received: `one of ${other.system} beside it`,
      hint: 'Call averageOverSeeds once for each system.',
    });
  for (const result of results) checkTrust(result);
  const metrics: Record<string, { mean: number; deviation?: number | undefined }> = {};
  for (const name of Object.keys(first.metrics)) {
    const values = results.map((result) => result.metrics[name]?.mean ?? Number.NaN);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
    metrics[name] = {
      mean,
      deviation: values.length > 1 ? Math.sqrt(squares / (values.length - 1)) : undefined,
    };
  }
  return {
    system: first.system,
    protocol: first.protocol,
    seeds: results.map((result) => result.seed),
    fingerprints: first.fingerprints,
    warnings: [...new Set(results.flatMap((result) => result.warnings ?? []))],
    ...trustOf(results),
    ...perUserMeans(results),
    metrics,
  };
}

/** Joins what the results say of how far they can be trusted; those without counts add none. */
function trustOf(results: readonly RankingResult[]): Pick<SeedAverage, 'violations' | 'outcomes' | 'limits'> {
  const limits = results.flatMap((result) => result.limits ?? []);
  const violations = results.flatMap((result) => result.violations ?? []);
  const outcomes = sumOutcomes(results.flatMap((result) => result.outcomes ?? []));
  return {
    violations: violations.length > 0 ? sumViolations(violations) : undefined,
    outcomes: outcomes.length > 0 ? outcomes : undefined,
    limits:
      limits.length > 0
        ? {
            violations: Math.min(...limits.map((each) => each.violations)),
            fallbacks: Math.min(...limits.map((each) => each.fallbacks)),
          }
        : undefined,
  };
}

/** Means of each user's values over results, where all have them for the same users. */
function perUserMeans(results: readonly RankingResult[]): Pick<SeedAverage, 'perUser'> {
  const [first, ...rest] = results.map(({ perUser }) => perUser);
  if (!first || rest.some((other) => other?.users.join('\0') !== first.users.join('\0'))) return {};
  const values: Record<string, number[]> = {};
  for (const [name, list] of Object.entries(first.values)) {
    const others = rest.map((other) => other?.values[name]);
    if (others.some((other) => other?.length !== list.length)) continue;
    values[name] = list.map(
      (value, u) => others.reduce((sum, other) => sum + (other?.[u] ?? Number.NaN), value) / results.length,
    );
  }
  return { perUser: { users: first.users, values } };
}
