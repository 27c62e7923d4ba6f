import { defineOptions, InvalidInputError, type OptionsOf, option, type SettingsOf } from '@palate/core';

/** How a feature of users or items is declared. */
export const FEATURE = defineOptions(
  'a feature',
  {
    name: option.text().required({
      doc: 'attribute of the catalogue or the user table, `id` for the external id itself, or a column of the context',
    }),
    of: option.choice(['user', 'item', 'context']).required({
      doc: "what it is an attribute of; `'context'` for values of each sample and request, such as the device, the hour or the position",
    }),
    kind: option.choice(['categorical', 'multi', 'numeric']).required({
      doc: "`'multi'` holds several categories, whose vectors are averaged",
    }),
    hashSize: option.integer({ min: 1, max: 100_000_000 }).optional({
      doc: 'rows that values are hashed to; if left out, a vocabulary of the values seen in training, and others are unknown',
    }),
    most: option.integer({ min: 1, max: 1000 }).optional({
      doc: "most categories of a `'multi'` feature that are read; 6 if left out",
    }),
  },
  [],
);

/** A declared feature of users or items. */
export type FeatureDeclaration = OptionsOf<typeof FEATURE.declarations>;

/** How values become numbers, as training has it. */
export interface FeatureEncoding {
  readonly declaration: FeatureDeclaration;
  /** Rows of its table; row 0 stands for what is unknown or missing. 0 for numbers. */
  readonly rows: number;
  /** Codes of an entity, padded with 0; 1 for categorical features, 0 for numbers. */
  readonly slots: number;
  /** The categories of rows 1, 2, …; empty for hashed features and numbers. */
  readonly vocabulary: readonly string[];
  /** Mean over training; 0 for categories. */
  readonly mean: number;
  /** Factor of the distance from the mean; 0 for categories and for numbers that are all the same. */
  readonly scale: number;
}

/** Categories of a `'multi'` feature that are read where nothing is said. */
const MOST = 6;

/** Codes of an entity. */
export function slotsOf({ kind, most }: SettingsOf<typeof FEATURE.declarations>): number {
  return kind === 'numeric' ? 0 : kind === 'multi' ? (most ?? MOST) : 1;
}

/**
 * Reads an encoding from parsed JSON.
 *
 * @param dir - the artifact, for the message
 * @throws ArtifactError for a declaration that cannot be; InvalidInputError where the rest does not fit it
 */
export function readFeatureEncoding(
  dir: string,
  of: FeatureDeclaration['of'],
  value: unknown,
): FeatureEncoding {
  const given = (typeof value === 'object' && value !== null ? value : {}) as Partial<FeatureEncoding>;
  const declared = FEATURE.restored(dir, given.declaration);
  const { rows, vocabulary, mean, scale } = given;
  const isNumeric = declared.kind === 'numeric';
  const words: unknown = vocabulary;
  const fits =
    declared.of === of &&
    given.slots === slotsOf(declared) &&
    Array.isArray(words) &&
    words.every((word) => typeof word === 'string') &&
    new Set(words).size === words.length &&
    Number.isFinite(mean) &&
    Number.isFinite(scale) &&
    (isNumeric || (mean === 0 && scale === 0)) &&
    rows === (isNumeric ? 0 : 1 + (declared.hashSize ?? words.length)) &&
    (words.length === 0 || (declared.hashSize === undefined && !isNumeric));
  if (!fits)
    throw new InvalidInputError({
      expected: `an encoding of the ${of} feature ${declared.name} that fits its declaration`,
      received: JSON.stringify({ ...given, vocabulary: undefined }).slice(0, 120),
      hint: 'Restore the artifact, or fit again.',
    });
  const { name, kind, hashSize, most } = declared;
  return {
    declaration: {
      name,
      of,
      kind,
      hashSize,
      most,
    },
    rows: rows as number,
    slots: given.slots as number,
    vocabulary: words as string[],
    mean: mean as number,
    scale: scale as number,
  };
}
