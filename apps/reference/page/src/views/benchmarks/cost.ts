import type { Metric, PlottedRow } from './read-rows.js';

/** Seconds as people say them. */
export function duration(seconds: number): string {
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 90) return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}

/** The cost of a row in seconds: of its fit, or of ranking for a thousand users. */
export function costOf({ row }: PlottedRow, cost: 'fit' | 'rank'): number {
  if (!row.cost) return Number.NaN;
  const seconds = cost === 'fit' ? row.cost.fitSeconds : (row.cost.rankSeconds / row.cost.users) * 1000;
  return Math.max(seconds, 0.001);
}

/** The rows that no cheaper row equals. */
export function frontOf(rows: readonly PlottedRow[], metric: Metric, cost: 'fit' | 'rank'): PlottedRow[] {
  const sign = metric.isBetter === 'higher' ? 1 : -1;
  const front: PlottedRow[] = [];
  for (const row of [...rows].sort(
    (a, b) => costOf(a, cost) - costOf(b, cost) || sign * (b.value.mean - a.value.mean),
  )) {
    const best = front.at(-1);
    if (!best || sign * (row.value.mean - best.value.mean) > 0) front.push(row);
  }
  return front;
}
