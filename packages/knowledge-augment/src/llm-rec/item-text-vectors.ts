import {
  EmbeddingTable,
  type IdMap,
  InvalidInputError,
  joinProvenance,
  type LongCallOptions,
  type TextEncoder,
  UNKNOWN,
} from '@palate/core';
import type { ItemTexts } from './engagement.js';

/** How several texts of an item become one vector. */
export type TextCombination = 'concatenate-vectors' | 'concatenate-texts';

/** Vectors of items with what the encoder could not read. */
export interface ItemTextVectors {
  readonly table: EmbeddingTable;
  /** Share of the encoded texts that the encoder cut. */
  readonly truncatedShare: number;
}

/**
 * Encodes an item's texts: its own and each augmented one by itself, with the vectors side by side (the default), or all
 * joined into one text, whose end an encoder may not read.
 *
 * @param texts - for each family of texts one text an item; the empty one where there is none. Families that are plain
 * lists do not say what they know of interactions, so that evaluation refuses their vectors
 * @throws InvalidInputError if a family has not one text an item, or there is none
 */
export async function itemTextVectors(
  items: IdMap,
  texts: readonly (readonly string[] | ItemTexts)[],
  encoder: TextEncoder,
  combination: TextCombination = 'concatenate-vectors',
  options: LongCallOptions = {},
): Promise<ItemTextVectors> {
  const families = texts.map((family) => ('texts' in family ? family.texts : family));
  const provenance = joinProvenance(texts.map((family) => ('texts' in family ? family.provenance : UNKNOWN)));
  for (const family of families)
    if (family.length !== items.size)
      throw new InvalidInputError({
        expected: `${items.size} texts in every family`,
        received: String(family.length),
        hint: 'Give one text an item, by dense index.',
      });
  if (texts.length === 0)
    throw new InvalidInputError({
      expected: 'at least one family of texts',
      received: 'none',
      hint: 'Give the items’ own texts.',
    });
  if (combination === 'concatenate-texts') {
    const joined = Array.from({ length: items.size }, (_, item) =>
      families
        .map((family) => family[item])
        .filter((text) => text !== '')
        .join(' '),
    );
    const { data, width, truncated } = await encoder.encode(joined, options);
    return {
      table: new EmbeddingTable(items, width, data, provenance),
      truncatedShare: truncated / Math.max(1, items.size),
    };
  }
  const width = encoder.width * texts.length;
  const rows = new Float32Array(items.size * width);
  let truncated = 0;
  for (const [k, family] of families.entries()) {
    const encoded = await encoder.encode(family, options);
    truncated += encoded.truncated;
    for (let item = 0; item < items.size; item++)
      rows.set(
        encoded.data.subarray(item * encoder.width, (item + 1) * encoder.width),
        item * width + k * encoder.width,
      );
  }
  return {
    table: new EmbeddingTable(items, width, rows, provenance),
    truncatedShare: truncated / Math.max(1, items.size * texts.length),
  };
}
