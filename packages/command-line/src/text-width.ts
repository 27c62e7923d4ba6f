import stringWidth from 'string-width';

/** Columns where output goes to no terminal and `COLUMNS` says nothing. */
const WITHOUT_TERMINAL = 120;

/** Columns that a line may take: `COLUMNS`, or those of the terminal. */
export function terminalWidth(
  env: Readonly<Record<string, string | undefined>> = process.env,
  columns: number | undefined = process.stdout.columns,
): number {
  const given = Number(env.COLUMNS);
  const width = Number.isInteger(given) && given > 0 ? given : (columns ?? WITHOUT_TERMINAL);
  return Math.max(20, width);
}

const GRAPHEMES = new Intl.Segmenter();

/** A text in at most `width` columns, cut between graphemes, with an ellipsis where something is lost. */
function cut(text: string, width: number): string {
  if (stringWidth(text) <= width) return text;
  let kept = '';
  let taken = 0;
  for (const { segment } of GRAPHEMES.segment(text)) {
    taken += stringWidth(segment);
    if (taken > width - 1) break;
    kept += segment;
  }
  return `${kept.trimEnd()}…`;
}

/** A text in exactly as many columns of a terminal, with an ellipsis where something is lost. */
export function fitWidth(text: string, width: number, align: 'left' | 'right' = 'left'): string {
  const shown = cut(text, width);
  const blanks = ' '.repeat(Math.max(0, width - stringWidth(shown)));
  return align === 'right' ? blanks + shown : shown + blanks;
}

/** Lines of at most `width` columns, each after the first under the first word. */
export function wrapped(line: string, width: number): string[] {
  const indent = ' '.repeat(/^ */.exec(line)?.[0].length ?? 0);
  const lines: string[] = [];
  let current = indent;
  for (const word of line.trim().split(/\s+/)) {
    const isFirst = current.trim() === '';
    const longer = isFirst ? current + word : `${current} ${word}`;
    if (!isFirst && stringWidth(longer) > width) {
      lines.push(current);
      current = indent + word;
    } else current = longer;
  }
  // A word that is longer than the line alone.
  return [...lines, current].map((each) => cut(each, width));
}

/** Sentences as lines that fit the terminal. */
export const sentences = (texts: readonly string[], width = terminalWidth()): string[] =>
  texts.flatMap((text) => wrapped(text, width));

/**
 * Lists side by side, as many in a row as fit.
 *
 * @param columns - heading and lines of each
 * @param width - columns of a line
 */
export function sideBySide(
  columns: readonly { readonly heading: string; readonly lines: readonly string[] }[],
  width: number,
): string {
  const columnWidth = Math.min(36, width);
  const perRow = Math.max(1, Math.floor((width + 2) / (columnWidth + 2)));
  const blocks: string[] = [];
  for (let from = 0; from < columns.length; from += perRow) {
    const row = columns.slice(from, from + perRow);
    const height = Math.max(...row.map(({ lines }) => lines.length));
    const line = (cells: readonly string[]): string =>
      cells
        .map((cell) => fitWidth(cell, columnWidth))
        .join('  ')
        .trimEnd();
    blocks.push(
      [
        line(row.map(({ heading }) => heading)),
        line(row.map(() => '-'.repeat(columnWidth))),
        ...Array.from({ length: height }, (_, k) => line(row.map(({ lines }) => lines[k] ?? ''))),
      ].join('\n'),
    );
  }
  return blocks.join('\n\n');
}
