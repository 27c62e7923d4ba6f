import { InvalidInputError } from '@palate/core';
import { plainText, readValue, type TableValue } from './table-values.js';

/** One row: its cells in the order of the columns, and where a published one comes from. */
export interface TableRow {
  readonly cells: readonly TableValue[];
  /** Source of a number by others, as the table's last column says; absent for what was measured here. */
  readonly published?: string;
  /** Further remarks of the last column. */
  readonly note?: string;
}

/** A committed table, read. */
export interface TableText {
  readonly title: string;
  /** Sentences under or behind the title: protocol, notes, how it was made. */
  readonly notes: readonly string[];
  readonly columns: readonly string[];
  readonly rows: readonly TableRow[];
}

/**
 * Reads a table as the benchmark app writes it: a line in bold with the title, one Markdown table, and paragraphs. A
 * second table (the paired tests) is left out. The last column is remarks where its head is empty.
 *
 * @param source - what an error names: the file
 * @throws InvalidInputError if there is no table, or a row has another number of cells than the head
 */
export function readTable(markdown: string, source: string): TableText {
  const lines = markdown.split(/\r?\n/);
  const from = lines.findIndex((line, at) => isRow(line) && isRule(lines[at + 1] ?? ''));
  if (from < 0)
    throw new InvalidInputError({
      expected: `a Markdown table in ${source}`,
      received: 'none',
      hint: 'Write it again: palate-benchmark leaderboard SUITE, or study NAME.',
    });
  const head = cellsOf(lines[from] ?? '');
  const hasRemarks = head.at(-1) === '';
  const rows: TableRow[] = [];
  let at = from + 2;
  for (; at < lines.length && isRow(lines[at] ?? ''); at++) {
    const cells = cellsOf(lines[at] ?? '');
    if (cells.length !== head.length)
      throw new InvalidInputError({
        expected: `${head.length} cells in line ${at + 1} of ${source}`,
        received: String(cells.length),
        hint: 'Write the table again: palate-benchmark leaderboard SUITE, or study NAME.',
      });
    const remark = hasRemarks ? plainText(cells.at(-1) ?? '') : '';
    const published = /^published: (.*)$/.exec(remark)?.[1];
    rows.push({
      cells: (hasRemarks ? cells.slice(0, -1) : cells).map(readValue),
      ...(published === undefined ? (remark === '' ? {} : { note: remark }) : { published }),
    });
  }
  const [title, caption] = titleOf(lines.slice(0, from));
  const notes = lines
    .slice(at)
    .filter((line) => line.trim() !== '' && !isRow(line) && !line.startsWith('Paired tests of '))
    .map((line) => plainText(line.trim()));
  return {
    title,
    notes: caption === '' ? notes : [caption, ...notes],
    columns: (hasRemarks ? head.slice(0, -1) : head).map(plainText),
    rows,
  };
}

const isRow = (line: string): boolean => line.startsWith('|');
const isRule = (line: string): boolean => /^\|(?: ?:?-+:? ?\|)+$/.test(line);

/** The cells of a row, still escaped: a bar with a backslash belongs to its cell. */
function cellsOf(line: string): string[] {
  return line
    .trim()
    .replace(/^\|/, '')
    .replace(/\|$/, '')
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim());
}

/** The title in bold, and the brackets behind it. */
function titleOf(lines: readonly string[]): [string, string] {
  const found = /^\*\*(.*?)\*\*\s*(?:\((.*)\))?\s*$/.exec(lines.find((line) => line.trim() !== '') ?? '');
  return [plainText(found?.[1] ?? ''), plainText(found?.[2] ?? '')];
}
