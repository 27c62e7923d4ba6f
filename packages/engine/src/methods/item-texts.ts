import { type Dataset, InvalidInputError, joinProvenance, type Provenance, WORLD } from '@palate/core';
import type { ItemKnowledge } from '../engine/options.js';

/** Names of text fields, and of attributes that are words: numbers say nothing in a text. */
export function describingFields({ catalog }: Dataset): string[] {
  const isWords = (column: readonly unknown[]): boolean =>
    column.some((value) => typeof value === 'string' || Array.isArray(value));
  return [
    ...Object.keys(catalog.text),
    ...Object.entries(catalog.attributes)
      .filter(([, column]) => isWords(column))
      .map(([name]) => name),
  ];
}

/**
 * Everything in words that describes each item, by dense index: columns of the catalogue, then the text and the tags of the
 * knowledge; the empty text where nothing is known.
 *
 * @param fields - columns; those that describe an item if left out
 */
export function itemTexts(
  dataset: Dataset,
  knowledge: Pick<ItemKnowledge, 'items' | 'provenance'> = {},
  fields: readonly string[] = describingFields(dataset),
): {
  readonly texts: readonly string[];
  /** Knowledge of interactions in the texts. */
  readonly provenance: Provenance;
} {
  const { catalog, log } = dataset;
  return {
    texts: Array.from(log.items, (id, item) => {
      const known = knowledge.items?.get(id);
      return [
        [catalog.itemText(item, fields), known?.text].filter(Boolean).join('. '),
        known?.tags?.join(', '),
      ]
        .filter(Boolean)
        .join(' ');
    }),
    provenance: joinProvenance([
      catalog.provenanceOf(fields),
      ...(knowledge.items ? [knowledge.provenance ?? WORLD] : []),
    ]),
  };
}

/**
 * Checks that there is a text at all.
 *
 * @throws InvalidInputError where no item has one
 */
export function checkTexts(texts: readonly string[], { name }: Dataset): void {
  if (texts.some((text) => text !== '')) return;
  throw new InvalidInputError({
    expected: 'items with texts, for a method that reads them',
    received: `${name} without any`,
    hint: 'Give the catalogue texts (`palate import` with --items FILE), or name a method that uses interactions.',
  });
}

/** Profiles in words by external user id, as methods are fitted with them. */
export function profilesOf({
  profiles,
}: Pick<ItemKnowledge, 'profiles'>): ReadonlyMap<string, string> | undefined {
  return profiles && new Map([...profiles].map(([user, words]) => [user, words.join(', ')]));
}
