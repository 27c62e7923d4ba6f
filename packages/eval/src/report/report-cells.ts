import { betterOf } from '../metrics/rank-metrics.js';
import type { Report, ReportRow, ReportValue } from './report.js';

const DIGITS = 4;

/** A value with its uncertainty in words; empty where there is none. */
export function cellText(value: ReportValue | undefined): string {
  if (!value) return '';
  const spread =
    value.deviation !== undefined
      ? ` ± ${value.deviation.toFixed(DIGITS)}`
      : value.low !== undefined && value.high !== undefined
        ? ` [${value.low.toFixed(DIGITS)}, ${value.high.toFixed(DIGITS)}]`
        : '';
  const ties = value.optimistic === undefined ? '' : ` (up to ${value.optimistic.toFixed(DIGITS)} by ties)`;
  return value.mean.toFixed(DIGITS) + spread + ties;
}

/** Whether a row holds the best measured mean of a metric, to be set in bold; never where no end of it is better. */
export function isBest(report: Report, row: ReportRow, metric: string): boolean {
  const better = betterOf(metric);
  const mean = row.metrics[metric]?.mean;
  if (better === 'neither' || mean === undefined || row.source !== undefined) return false;
  const means = report.rows
    .filter((each) => each.source === undefined)
    .map((each) => each.metrics[metric]?.mean ?? Number.NaN)
    .filter((each) => !Number.isNaN(each));
  return mean === (better === 'lower' ? Math.min(...means) : Math.max(...means));
}

/** Where a published figure comes from, and the row's remark. */
export function remarkOf(row: ReportRow): string {
  return [row.source === undefined ? '' : `published: ${row.source}`, row.note ?? '']
    .filter((part) => part !== '')
    .join('; ');
}

/** Pairs up to which all are printed. */
const PRINTED_PAIRS = 15;

/** Paired tests as a table of words: all pairs, or those with the leading system where they are many. */
export interface ComparisonTable {
  readonly caption: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Lays the paired tests of a report out; nothing where there are none. */
export function comparisonTable({ comparisons }: Report): ComparisonTable | undefined {
  if (!comparisons || comparisons.pairs.length === 0) return undefined;
  const { metric, test, pairs } = comparisons;
  const [leading] = pairs;
  const isCut = pairs.length > PRINTED_PAIRS;
  const printed = isCut ? pairs.filter(({ first }) => first === leading?.first) : pairs;
  const chance = (p: number): string => (p < 0.0001 ? '< .0001' : p.toFixed(4));
  return {
    caption: `Paired tests of ${metric} over users (${test}, two-sided), p after Holm's correction for ${pairs.length === 1 ? 'one pair' : `all ${pairs.length} pairs`}${isCut ? `; those with ${leading?.first} are printed` : ''}; smallest detectable: at level 0.05 with power 0.8`,
    head: ['first', 'second', 'difference', 'p', 'p (Holm)', 'smallest detectable'],
    rows: printed.map((pair) => [
      pair.first,
      pair.second,
      `${pair.difference < 0 ? '−' : '+'}${Math.abs(pair.difference).toFixed(DIGITS)}`,
      chance(pair.pValue),
      chance(pair.adjusted),
      pair.detectable.toFixed(DIGITS),
    ]),
  };
}
