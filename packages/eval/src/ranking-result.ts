import { InvalidInputError } from '@palate/core';
import type { RankingProtocol } from './protocol.js';
import type { Interval } from './significance.js';

/** A metric's value; per-user metrics carry a confidence interval, metrics of whole lists do not. */
export interface MetricValue extends Partial<Omit<Interval, 'mean'>> {
  readonly mean: number;
}

/** Metrics on a part of the users or targets. */
export interface SliceResult {
  readonly users: number;
  readonly targets: number;
  readonly metrics: Readonly<Record<string, MetricValue>>;
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
  readonly listDepth?: number;
  readonly slices: Readonly<Record<string, SliceResult>>;
  readonly seed: number;
  readonly seconds: number;
  /** Peak resident memory of the process so far, in megabytes. */
  readonly peakMemoryMb: number;
  readonly versions: Readonly<Record<string, string>>;
  /** SHA-256 of the logs. */
  readonly fingerprints: { readonly history: string; readonly test: string };
  /** Values of each user, on request. */
  readonly perUser?: {
    readonly users: readonly string[];
    readonly values: Readonly<Record<string, readonly number[]>>;
  };
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
      hint: 'Update @palate/eval.',
    });
  return record as RankingResult;
}

/** Results of the same system, protocol and data over several seeds. */
export interface SeedAverage {
  readonly system: string;
  readonly protocol: RankingProtocol;
  readonly seeds: readonly number[];
  /** Mean over seeds, with the sample standard deviation where there are at least two. */
  readonly metrics: Readonly<Record<string, { readonly mean: number; readonly deviation?: number }>>;
}

/**
 * Averages one system over seeds.
 *
 * @throws InvalidInputError if systems, protocols or data differ, or there is no result
 */
export function averageOverSeeds(results: readonly RankingResult[]): SeedAverage {
  const [first] = results;
  if (!first)
    throw new InvalidInputError({
      expected: 'at least one result',
      received: 'none',
      hint: 'Run the system first.',
    });
  const key = (result: RankingResult): string =>
    JSON.stringify([result.system, result.protocol, result.fingerprints]);
  const other = results.find((result) => key(result) !== key(first));
  if (other)
    throw new InvalidInputError({
      expected: `results of one system, protocol and data set (${first.system})`,
      received: `one of ${other.system} beside it`,
      hint: 'Average each system by itself.',
    });
  const metrics: Record<string, { mean: number; deviation?: number }> = {};
  for (const name of Object.keys(first.metrics)) {
    const values = results.map((result) => result.metrics[name]?.mean ?? Number.NaN);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
    metrics[name] = {
      mean,
      ...(values.length > 1 ? { deviation: Math.sqrt(squares / (values.length - 1)) } : {}),
    };
  }
  return {
    system: first.system,
    protocol: first.protocol,
    seeds: results.map((result) => result.seed),
    metrics,
  };
}
