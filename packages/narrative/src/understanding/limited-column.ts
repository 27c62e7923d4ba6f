import type { AttributeValue, Catalog } from '@palate/core';

/** Names under which catalogues keep what a limit calls by its own. */
const NAMES: Readonly<Record<string, readonly string[]>> = {
  minutes: ['minutes', 'runtime', 'duration', 'length'],
  pages: ['pages', 'num_pages', 'pageCount', 'page_count'],
  year: ['year', 'release_year', 'published'],
  price: ['price'],
};

/** The number that a value is, or begins with. */
export const numeric = (value: AttributeValue): number | undefined => {
  const number =
    typeof value === 'number' ? value : typeof value === 'string' ? Number.parseFloat(value) : Number.NaN;
  return Number.isFinite(number) ? number : undefined;
};

/** The column of a catalogue that tells the number which a limit bounds; undefined where none does. */
export function limitedColumn(catalog: Catalog, attribute: string): readonly AttributeValue[] | undefined {
  const name = (NAMES[attribute] ?? [attribute]).find((each) => catalog.attributes[each]);
  const column = name === undefined ? undefined : catalog.attributes[name];
  return column?.some((value) => numeric(value) !== undefined) ? column : undefined;
}
