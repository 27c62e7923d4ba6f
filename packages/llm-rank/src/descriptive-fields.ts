import type { Catalog } from '@palate/core';

/** Fields of a catalogue that describe an item where none are named: title and genres, as far as there are such. */
export function descriptiveFields({ fields }: Catalog): string[] {
  return ['title', 'genres'].filter((field) => fields.includes(field));
}

/** The attribute that groups the items of a catalogue by kind, if there is one. */
export function genreField({ attributes }: Catalog): string | undefined {
  return ['genres', 'categories'].find((name) => Object.hasOwn(attributes, name));
}

/** Fields of text that name an item: its title, or all texts in a catalogue without titles. */
export function titleFields({ text }: Catalog): string[] {
  return Object.hasOwn(text, 'title') ? ['title'] : Object.keys(text);
}
