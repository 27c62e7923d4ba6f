import stringWidth from 'string-width';
import { fitWidth, terminalWidth } from './text-width.js';

/** A column of a {@link table}. */
export interface Column {
  readonly heading: string;
  /** Numbers stand right. Default left. */
  readonly align?: 'left' | 'right' | undefined;
  /** Columns that it keeps where the terminal is narrow; those with fewer give way first. Default all it needs. */
  readonly least?: number | undefined;
}

const GAP = '  ';

/**
 * Rows in columns that fit the terminal's width: those with a `least` give way, the longest first, and what does not fit
 * ends in an ellipsis. Columns that leave no room at all are left out from the right.
 *
 * @param width - columns of a line. Default the terminal's
 */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width = terminalWidth(),
): string[] {
  let shown = columns.length;
  let widths: number[] = [];
  for (; shown > 0; shown--) {
    widths = columns
      .slice(0, shown)
      .map(({ heading }, k) =>
        Math.max(stringWidth(heading), ...rows.map((row) => stringWidth(row[k] ?? ''))),
      );
    const room = width - GAP.length * (shown - 1);
    for (let over = total(widths) - room; over > 0; ) {
      const candidates = widths
        .map((each, k) => ({ k, each, least: columns[k]?.least ?? each }))
        .filter(({ each, least }) => each > least)
        .sort((a, b) => b.each - a.each);
      const [first, second] = candidates;
      if (!first) break;
      const cut = Math.max(1, Math.min(over, first.each - Math.max(first.least, second?.each ?? 0)));
      widths[first.k] = first.each - cut;
      over -= cut;
    }
    if (total(widths) <= room || shown === 1) break;
  }
  const line = (cells: readonly string[]): string =>
    widths
      .map((each, k) => fitWidth((cells[k] ?? '').replace(/[\r\n\t]+/g, ' '), each, columns[k]?.align))
      .join(GAP)
      .trimEnd();
  const body = rows.map(line);
  return columns.some(({ heading }) => heading !== '')
    ? [line(columns.map(({ heading }) => heading)), ...body]
    : body;
}

const total = (widths: readonly number[]): number => widths.reduce((sum, each) => sum + each, 0);
