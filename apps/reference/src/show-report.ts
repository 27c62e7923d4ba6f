import { type Column, table, terminalWidth, wrapped } from '@palate/command-line';
import { cellText, comparisonTable, type Report } from '@palate/eval';

/** Columns between two of a table. */
const GAP = 2;

/** Columns that a table takes without cutting anything. */
function widthOf(columns: readonly Column[], rows: readonly (readonly string[])[]): number {
  const widest = columns.map(({ heading }, k) =>
    Math.max(heading.length, ...rows.map((row) => row[k]?.length ?? 0)),
  );
  return widest.reduce((sum, each) => sum + each, GAP * (columns.length - 1));
}

/**
 * A report as lines for a terminal: values with their intervals where these fit, values alone otherwise, and the paired tests
 * below. Numbers are never cut.
 *
 * @param width - columns of a line; default those of the terminal
 */
export function showReport(report: Report, width: number = terminalWidth()): string[] {
  const { title, caption, metrics, rows, notes = [] } = report;
  const columns: Column[] = [
    { heading: 'system', least: 10 },
    ...metrics.map((heading) => ({ heading, align: 'right' as const })),
  ];
  const cells = (intervals: boolean): string[][] =>
    rows.map((row) => [
      row.system,
      ...metrics.map((metric) => {
        const value = row.metrics[metric];
        return intervals ? cellText(value && { ...value, optimistic: undefined }) : cellText(bare(value));
      }),
    ]);
  const whole = cells(true);
  const fits = widthOf(columns, whole) <= width;
  const tests = comparisonTable(report);
  return [
    ...wrapped(`${title} (${caption})`, width),
    '',
    ...table(columns, fits ? whole : cells(false), width),
    ...(fits
      ? []
      : ['', ...wrapped('Intervals of 95 % need a wider terminal; --json includes them.', width)]),
    ...rows.flatMap(({ system, note }) => (note ? wrapped(`${system}: ${note}`, width) : [])),
    ...notes.flatMap((note) => ['', ...wrapped(note, width)]),
    ...(tests ? ['', ...wrapped(`${tests.caption}:`, width), '', ...testsInLines(tests, width)] : []),
  ];
}

const bare = (value: Report['rows'][number]['metrics'][string] | undefined) => value && { mean: value.mean };

/** Paired tests, with all of their columns where these fit, and with difference and corrected p otherwise. */
function testsInLines(
  { head, rows }: { readonly head: readonly string[]; readonly rows: readonly (readonly string[])[] },
  width: number,
): string[] {
  const all = head.map((heading, k): Column => (k < 2 ? { heading, least: 8 } : { heading, align: 'right' }));
  const kept = widthOf(all, rows) <= width ? head.map((_, k) => k) : [0, 1, 2, 4];
  return table(
    kept.map((k) => all[k] as Column),
    rows.map((row) => kept.map((k) => row[k] ?? '')),
    width,
  );
}
