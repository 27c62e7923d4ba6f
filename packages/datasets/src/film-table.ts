import { Catalog, IdMap, type LongCallOptions, ParseError } from '@palate/core';
import { parse } from 'csv-parse/sync';
import { decodeLine, readLines, readTextLines } from './read-lines.js';

/** Where the facts of a film stand in its line. */
export interface FilmTableLayout {
  readonly delimiter: string;
  readonly id: number;
  readonly title: number;
  readonly genres: (fields: readonly string[]) => string[];
  /** True for CSV with quotes and a header line. */
  readonly csv?: boolean;
}

/** `Crime|Drama` as a list; nothing for an empty field or MovieLens' "(no genres listed)". */
export function splitGenres(field: string | undefined): string[] {
  return field === undefined || field === '' || field === '(no genres listed)' ? [] : field.split('|');
}

/** The year in brackets at the end of a title: `Alien (1979)`. */
function yearOf(title: string): number | undefined {
  const year = /\((\d{4})(?:[-–]\d{0,4})?\)\s*$/.exec(title)?.[1];
  return year === undefined ? undefined : Number(year);
}

/**
 * Reads a table of films into a catalogue: text field `title`, attributes `genres` and `year`. Files that are
 * not UTF-8 are read as ISO 8859-1.
 *
 * @throws ParseError if a line lacks a field or an id stands twice
 */
export async function readFilmTable(
  path: string,
  layout: FilmTableLayout,
  options: LongCallOptions = {},
): Promise<Catalog> {
  const ids: string[] = [];
  const seen = new Map<string, number>();
  const titles: string[] = [];
  const genres: string[][] = [];
  const take = (fields: readonly string[], line: number): void => {
    const id = fields[layout.id];
    const title = fields[layout.title];
    if (!id || title === undefined)
      throw new ParseError(
        { file: path, line, column: 1 },
        {
          expected: `at least ${Math.max(layout.id, layout.title) + 1} fields separated by ${JSON.stringify(layout.delimiter)}`,
          received: `${fields.length}`,
          hint: 'Repair or remove the line.',
        },
      );
    const before = seen.get(id);
    if (before !== undefined)
      throw new ParseError(
        { file: path, line, column: 1 },
        {
          expected: 'every item once',
          received: `${JSON.stringify(id)}, which line ${before} holds too`,
          hint: 'Remove one of the lines.',
        },
      );
    seen.set(id, line);
    ids.push(id);
    titles.push(title.trim());
    genres.push(layout.genres(fields));
  };
  if (layout.csv) {
    const chunks: string[] = [];
    const numbers: number[] = [];
    await readLines(
      path,
      (bytes, start, end, line) => {
        chunks.push(decodeLine(bytes, start, end, { file: path, line }));
        numbers.push(line);
      },
      options,
    );
    let records: { record: string[]; info: { lines: number } }[];
    try {
      records = parse(chunks.join('\n'), {
        delimiter: layout.delimiter,
        info: true,
        relax_column_count: true,
      }) as never;
    } catch (cause) {
      const line = numbers[Number((cause as { lines?: number }).lines ?? 1) - 1] ?? 1;
      throw new ParseError(
        { file: path, line, column: 1 },
        {
          expected: 'CSV as RFC 4180 has it',
          received: (cause as Error).message,
          hint: 'Close the quotes, doubling quotes inside them.',
          cause,
        },
      );
    }
    for (const { record, info } of records.slice(1)) take(record, numbers[info.lines - 1] ?? info.lines);
  } else {
    for (const { text, line } of await readTextLines(path, options, 'auto'))
      take(text.split(layout.delimiter), line);
  }
  return new Catalog({
    items: new IdMap(ids),
    text: { title: titles },
    attributes: { genres, year: titles.map(yearOf) },
  });
}
