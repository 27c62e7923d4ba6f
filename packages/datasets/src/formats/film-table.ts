import type { Catalog, LongCallOptions } from '@palate/core';
import { EntityBuilder } from '../tables/entity-builder.js';
import { type EntityRow, readEntityTable } from '../tables/entity-table.js';

/** Positions of the facts of a film in its line. */
export interface FilmTableLayout {
  readonly delimiter: string;
  readonly id: string | number;
  readonly title: string | number;
  readonly genres: (row: EntityRow) => string[];
  /** True for CSV with quotes and a header line. */
  readonly csv?: boolean | undefined;
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
 * @throws ParseError if a line lacks a field or an id stands on two lines
 */
export async function readFilmTable(
  path: string,
  layout: FilmTableLayout,
  options: LongCallOptions = {},
): Promise<Catalog> {
  const films = new EntityBuilder('item', ['title'], ['genres', 'year']);
  await readEntityTable(
    path,
    {
      delimiter: layout.delimiter,
      quote: layout.csv ? '"' : false,
      header: layout.csv ?? false,
      needed: [layout.id, layout.title],
    },
    (row) => {
      const title = row.get(layout.title) ?? '';
      films.add(row.get(layout.id) ?? '', row.at, {
        title,
        genres: layout.genres(row),
        year: yearOf(title),
      });
    },
    { ...options, notUtf8: 'latin1' },
  );
  return films.catalog();
}
