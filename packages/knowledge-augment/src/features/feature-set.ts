import { createHash } from 'node:crypto';
import { type AttributeValue, checkNumber, type Dataset, InvalidInputError } from '@palate/core';

/** A declared feature of users or items. */
export interface FeatureDeclaration {
  /** Attribute of the catalogue or the user table; `"id"` for the external id itself. */
  readonly name: string;
  readonly of: 'user' | 'item';
  /** `'multi'` holds several categories, whose vectors are averaged. */
  readonly kind: 'categorical' | 'multi' | 'numeric';
  /** Rows onto which values are hashed. Default: a vocabulary of the values seen in training, others are unknown. */
  readonly hashSize?: number;
  /** Most categories of a `'multi'` feature that are read. Default 6. */
  readonly most?: number;
}

/** A feature as numbers, one row an entity. */
export interface EncodedFeature {
  readonly declaration: FeatureDeclaration;
  /** Rows of its table; row 0 stands for what is unknown or missing. 0 for numbers. */
  readonly rows: number;
  /** Codes of an entity, padded with 0; 1 for categorical features. */
  readonly slots: number;
  /** Row-major `entities` x `slots`; empty for numbers. */
  readonly codes: Int32Array;
  /** One number an entity, of mean 0 and variance 1 over training; empty for categories. */
  readonly numbers: Float32Array;
}

/** Declared features of a data set as numbers. */
export interface FeatureSet {
  readonly user: readonly EncodedFeature[];
  readonly item: readonly EncodedFeature[];
}

/** Which entities were seen in training: vocabularies and means are theirs alone. */
export interface SeenEntities {
  readonly users: Uint8Array;
  readonly items: Uint8Array;
}

/**
 * Encodes declared features.
 *
 * @throws InvalidInputError for an attribute that does not exist, or values of another kind
 */
export function encodeFeatures(
  dataset: Dataset,
  declarations: readonly FeatureDeclaration[],
  seen: SeenEntities,
): FeatureSet {
  const encode = (of: 'user' | 'item'): EncodedFeature[] =>
    declarations
      .filter((declaration) => declaration.of === of)
      .map((declaration) =>
        encodeFeature(declaration, valuesOf(dataset, declaration), of === 'user' ? seen.users : seen.items),
      );
  return { user: encode('user'), item: encode('item') };
}

function valuesOf(dataset: Dataset, { name, of }: FeatureDeclaration): readonly AttributeValue[] {
  const { log, catalog, users } = dataset;
  if (name === 'id') return [...(of === 'user' ? log.users : log.items)];
  const columns: Readonly<Record<string, readonly AttributeValue[]>> =
    of === 'item' ? { ...catalog.text, ...catalog.attributes } : (users?.attributes ?? {});
  const column = columns[name];
  if (!column)
    throw new InvalidInputError({
      expected: `an attribute of the ${of}s among ${Object.keys(columns).join(', ') || '(none)'}, or id`,
      received: JSON.stringify(name),
      mend: 'Correct the name of the feature.',
    });
  return column;
}

function encodeFeature(
  declaration: FeatureDeclaration,
  values: readonly AttributeValue[],
  seen: Uint8Array,
): EncodedFeature {
  if (declaration.kind === 'numeric') return encodeNumbers(declaration, values, seen);
  const slots = declaration.kind === 'multi' ? (declaration.most ?? 6) : 1;
  const lists = values.map((value, entity) => {
    if (value === undefined || value === '') return [];
    if (Array.isArray(value) && declaration.kind === 'categorical')
      throw new InvalidInputError({
        expected: `one category of ${declaration.name} an entity`,
        received: `${JSON.stringify(value)} at index ${entity}`,
        mend: "Declare the feature as 'multi'.",
      });
    return (Array.isArray(value) ? value : [value]).map(String).slice(0, slots);
  });
  let rows: number;
  let codeOf: (value: string) => number;
  if (declaration.hashSize !== undefined) {
    const size = checkNumber('hashSize', declaration.hashSize, { min: 1, integer: true });
    rows = size + 1;
    codeOf = (value) => 1 + (createHash('sha256').update(value).digest().readUInt32LE(0) % size);
  } else {
    const known = new Map<string, number>();
    for (const [entity, list] of lists.entries())
      if (seen[entity]) for (const value of list) if (!known.has(value)) known.set(value, known.size + 1);
    rows = known.size + 1;
    codeOf = (value) => known.get(value) ?? 0;
  }
  const codes = new Int32Array(values.length * slots);
  for (const [entity, list] of lists.entries())
    for (const [slot, value] of list.entries()) codes[entity * slots + slot] = codeOf(value);
  return { declaration, rows, slots, codes, numbers: new Float32Array(0) };
}

function encodeNumbers(
  declaration: FeatureDeclaration,
  values: readonly AttributeValue[],
  seen: Uint8Array,
): EncodedFeature {
  const numbers = values.map((value, entity) => {
    const number = value === undefined || value === '' ? Number.NaN : Number(value);
    if (value !== undefined && value !== '' && !Number.isFinite(number))
      throw new InvalidInputError({
        expected: `numbers as ${declaration.name}`,
        received: `${JSON.stringify(value)} at index ${entity}`,
        mend: "Declare the feature as 'categorical', or repair the value.",
      });
    return number;
  });
  const own = numbers.filter((number, entity) => seen[entity] && Number.isFinite(number));
  const mean = own.reduce((sum, number) => sum + number, 0) / Math.max(1, own.length);
  const variance = own.reduce((sum, number) => sum + (number - mean) ** 2, 0) / Math.max(1, own.length);
  const scale = variance > 0 ? 1 / Math.sqrt(variance) : 0;
  return {
    declaration,
    rows: 0,
    slots: 0,
    codes: new Int32Array(0),
    // A missing number is the mean.
    numbers: Float32Array.from(numbers, (number) => (Number.isFinite(number) ? (number - mean) * scale : 0)),
  };
}
