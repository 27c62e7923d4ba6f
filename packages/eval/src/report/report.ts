import { defineOptions, type Filled, InvalidInputError, type OptionsOf, option } from '@palate/core';
import { betterOf } from '../metrics/rank-metrics.js';
import { describeProtocol, type RankingProtocol } from '../ranking/protocol.js';
import type { RankingResult, SeedAverage } from '../ranking/ranking-result.js';
import { checkTrust, outcomesInWords, violationsInWords } from '../ranking/trust.js';
import { type Comparisons, compareSystems } from './compare-systems.js';

/** A value of a table cell with what is known of its uncertainty. */
export interface ReportValue {
  readonly mean: number;
  /** Ends of a confidence interval. */
  readonly low?: number | undefined;
  readonly high?: number | undefined;
  /** Standard deviation over seeds. */
  readonly deviation?: number | undefined;
  /** The mean where equal scores count for the system, if that differs. */
  readonly optimistic?: number | undefined;
}

/** A row of a report: a measured system, or a published figure to compare it with. */
export interface ReportRow {
  readonly system: string;
  readonly metrics: Readonly<Record<string, ReportValue>>;
  /** Where a published figure was taken from; left out for measured rows. */
  readonly source?: string | undefined;
  /** A remark, such as a protocol that differs. */
  readonly note?: string | undefined;
}

/** A table of systems over metrics under one protocol. */
export interface Report {
  readonly title: string;
  /** Protocol and data in words, printed below the title. */
  readonly caption: string;
  readonly metrics: readonly string[];
  readonly rows: readonly ReportRow[];
  /** Remarks for a reader: warnings, broken contracts, fallbacks, detectable differences; one line each. */
  readonly notes?: readonly string[] | undefined;
  /** Paired tests of the measured systems, if the values of users are known. */
  readonly comparisons?: Comparisons | undefined;
}

/** Options of {@link rankingReport}. */
export const REPORT = defineOptions(
  'rankingReport',
  {
    metrics: option.list(option.text(1)).optional({
      doc: 'columns, the leading one first; those of the first result if left out',
    }),
    published: option.value<readonly ReportRow[]>(
      'a list of rows',
      Array.isArray,
    )({
      default: [],
      defaultText: 'none',
      doc: 'published rows, printed after the measured ones',
    }),
  },
  [],
);

/** Options of {@link rankingReport}; {@link REPORT} says what each does. */
export type ReportOptions = OptionsOf<typeof REPORT.declarations>;

/**
 * Lays measured results, and published figures beside them, out as a table. Rows stand by the first metric, the best
 * first. Systems that were evaluated with `perUser` are compared in pairs on that metric, with Holm's correction.
 *
 * @param title - heading
 * @param results - results of one protocol on the same data, or averages over seeds
 * @throws InvalidInputError if protocols or data differ: such numbers do not belong in one table
 * @throws UntrustworthyResultError for a result whose lists broke the contract or came from a fallback beyond its limits
 */
export function rankingReport(
  title: string,
  results: readonly (RankingResult | SeedAverage)[],
  options: ReportOptions = {},
): Report & Filled<Pick<Report, 'notes' | 'comparisons'>> {
  const { metrics: columns, published } = REPORT.settings(options);
  const [first] = results;
  if (!first)
    throw new InvalidInputError({
      expected: 'at least one result',
      received: 'none',
      hint: 'Pass what evaluateRanking or averageOverSeeds returned.',
    });
  const key = (protocol: RankingProtocol): string => JSON.stringify(protocol);
  for (const result of results) {
    if (key(result.protocol) !== key(first.protocol))
      throw new InvalidInputError({
        expected: `results under one protocol (${describeProtocol(first.protocol)})`,
        received: `${result.system} under ${describeProtocol(result.protocol)}`,
        hint: 'Make a table for each protocol: such numbers cannot be compared.',
      });
    for (const part of ['history', 'test'] as const)
      if (result.fingerprints[part] !== first.fingerprints[part])
        throw new InvalidInputError({
          expected: `results on the same data (${part} ${first.fingerprints[part].slice(0, 12)} of ${first.system})`,
          received: `${result.system} on another ${part} (${result.fingerprints[part].slice(0, 12)})`,
          hint: 'Evaluate all systems on one split, or make a table for each data set.',
        });
    checkTrust(result);
  }
  const metrics = columns ?? Object.keys(first.metrics);
  const leading = metrics[0] ?? '';
  const sign = betterOf(leading) === 'lower' ? -1 : 1;
  const value = (result: RankingResult | SeedAverage): number =>
    sign * (result.metrics[leading]?.mean ?? sign * Number.NEGATIVE_INFINITY);
  const sorted = [...results].sort((a, b) => (value(a) === value(b) ? 0 : value(b) - value(a)));
  return {
    title,
    caption: describeProtocol(first.protocol),
    metrics,
    rows: [
      ...sorted.map(({ system, metrics: values }) => ({
        system,
        metrics: values as Readonly<Record<string, ReportValue>>,
      })),
      ...published,
    ],
    notes: notesOf(sorted, leading),
    comparisons: compareSystems(sorted, leading),
  };
}

/** Collects the remarks for a reader of the results, one line each. */
function notesOf(results: readonly (RankingResult | SeedAverage)[], leading: string): string[] {
  const notes = new Set<string>();
  for (const result of results) {
    for (const warning of result.warnings ?? []) notes.add(`Warning: ${result.system}: ${warning}.`);
    const broken = result.violations && violationsInWords(result.violations);
    if (broken) notes.add(`${result.system}: ${broken}.`);
    for (const outcomes of result.outcomes ?? []) {
      const told = outcomesInWords(outcomes);
      if (told) notes.add(`${result.system}: ${told}.`);
    }
  }
  const detectable = results.flatMap((result) => {
    const value = result.metrics[leading];
    return value && 'detectable' in value && value.detectable !== undefined ? [value.detectable] : [];
  });
  if (detectable.length > 0)
    notes.add(
      `Smallest difference in ${leading} that a test on these users finds (level 0.05, power 0.8, without the gain of pairing): ${Math.max(...detectable).toFixed(4)}.`,
    );
  return [...notes];
}
