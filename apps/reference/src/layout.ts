/** A text cut to a width, with an ellipsis where something is lost. */
export function fitWidth(text: string, width: number): string {
  const characters = [...text];
  return characters.length <= width
    ? text + ' '.repeat(width - characters.length)
    : `${characters.slice(0, width - 1).join('')}…`;
}

/**
 * Lists side by side, as many columns in a row as fit.
 *
 * @param columns - heading and lines of each
 * @param width - characters in a line
 */
export function sideBySide(
  columns: readonly { readonly heading: string; readonly lines: readonly string[] }[],
  width: number,
): string {
  const columnWidth = 36;
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
