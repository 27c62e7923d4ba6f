import { createHash } from 'node:crypto';
import {
  type AttributeValue,
  type Dataset,
  InvalidInputError,
  type Provenance,
  unknownName,
  WORLD,
} from '@palate/core';
import type { CtrSamples } from './ctr-samples.js';
import { FEATURE, type FeatureDeclaration, type FeatureEncoding, slotsOf } from './feature-encoding.js';

/** A feature as numbers, one row an entity. */
export interface EncodedFeature extends FeatureEncoding {
  /** Row-major `entities` x `slots`; empty for numbers. */
  readonly codes: Int32Array;
  /** One number an entity, of mean 0 and variance 1 over training; empty for categories. */
  readonly numbers: Float32Array;
  /** Knowledge of interactions in the attribute: an item's mean rating knows those it is the mean of. */
  readonly provenance: Provenance;
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

/** The users and items that training samples are about, those in their histories not counted. */
export function seenEntities(training: CtrSamples): SeenEntities {
  const { log } = training;
  const users = new Uint8Array(log.users.size);
  const items = new Uint8Array(log.items.size);
  for (const user of training.user) users[user] = 1;
  for (const item of training.item) items[item] = 1;
  return { users, items };
}

/**
 * Encodes declared features.
 *
 * @param seen - of the training samples alone, by {@link seenEntities}
 * @throws InvalidInputError for a declaration that cannot be, an attribute that does not exist, or values of another kind
 */
export function encodeFeatures(
  dataset: Dataset,
  declarations: readonly FeatureDeclaration[],
  seen: SeenEntities,
): FeatureSet {
  for (const declaration of declarations) {
    const { name, kind, hashSize, most } = FEATURE.settings(declaration);
    if ((hashSize !== undefined && kind === 'numeric') || (most !== undefined && kind !== 'multi'))
      throw new InvalidInputError({
        expected: `a declaration of ${name} that is read as a whole`,
        received: `${hashSize !== undefined && kind === 'numeric' ? 'hashSize' : 'most'} with kind '${kind}'`,
        hint: 'Numbers are not hashed, and only the multi kind has several categories.',
      });
  }
  const { users, items } = dataset.log;
  if (seen.users.length !== users.size || seen.items.length !== items.size)
    throw new InvalidInputError({
      expected: `marks for ${users.size} users and ${items.size} items`,
      received: `${seen.users.length} and ${seen.items.length}`,
      hint: 'Mark the entities of the training samples by seenEntities.',
    });
  const encode = (of: 'user' | 'item'): EncodedFeature[] =>
    declarations
      .filter((declaration) => declaration.of === of)
      .map((declaration) => {
        const values = valuesOf(dataset, declaration);
        return encodeValues(
          learnEncoding(declaration, values, of === 'user' ? seen.users : seen.items),
          values,
          provenanceOf(dataset, declaration),
        );
      });
  return { user: encode('user'), item: encode('item') };
}

/**
 * Encodes another data set with the vocabularies and means of one that a model was fitted on: new users and items, or
 * new values of known ones. Categories that training did not know have row 0.
 *
 * @param features - what {@link encodeFeatures} gave, or the `features` of a model
 * @throws InvalidInputError for an attribute that does not exist, or values of another kind
 */
export function encodeFeaturesLike(dataset: Dataset, features: FeatureSet): FeatureSet {
  const encode = (list: readonly EncodedFeature[]): EncodedFeature[] =>
    list.map((feature) =>
      encodeValues(
        feature,
        valuesOf(dataset, feature.declaration),
        provenanceOf(dataset, feature.declaration),
      ),
    );
  return { user: encode(features.user), item: encode(features.item) };
}

function valuesOf(dataset: Dataset, { name, of }: FeatureDeclaration): readonly AttributeValue[] {
  const { log, catalog, users } = dataset;
  if (name === 'id') return [...(of === 'user' ? log.users : log.items)];
  const columns: Readonly<Record<string, readonly AttributeValue[]>> =
    of === 'item' ? { ...catalog.text, ...catalog.attributes } : (users?.attributes ?? {});
  const column = columns[name];
  if (!column)
    throw unknownName(`an attribute of the ${of}s as a feature`, name, ['id', ...Object.keys(columns)]);
  return column;
}

function provenanceOf({ catalog, users }: Dataset, { name, of }: FeatureDeclaration): Provenance {
  if (name === 'id') return WORLD;
  if (of === 'item') return catalog.provenanceOf([name]);
  const notes = users?.provenance ?? {};
  return Object.hasOwn(notes, name) ? (notes[name] as Provenance) : WORLD;
}

/** Vocabulary, or mean and scale, of the entities that training saw. */
function learnEncoding(
  declaration: FeatureDeclaration,
  values: readonly AttributeValue[],
  seen: Uint8Array,
): FeatureEncoding {
  const { kind, hashSize } = declaration;
  if (kind === 'numeric') {
    const own = numbersOf(declaration, values).filter((number, at) => seen[at] && Number.isFinite(number));
    const mean = own.reduce((sum, number) => sum + number, 0) / Math.max(1, own.length);
    const variance = own.reduce((sum, number) => sum + (number - mean) ** 2, 0) / Math.max(1, own.length);
    const scale = variance > 0 ? 1 / Math.sqrt(variance) : 0;
    return { declaration, rows: 0, slots: 0, vocabulary: [], mean, scale };
  }
  const shared = { declaration, slots: slotsOf(FEATURE.settings(declaration)), mean: 0, scale: 0 };
  if (hashSize !== undefined) return { ...shared, rows: hashSize + 1, vocabulary: [] };
  const known = new Set<string>();
  for (const [entity, list] of categoriesOf(declaration, values, shared.slots).entries())
    if (seen[entity]) for (const value of list) known.add(value);
  return { ...shared, rows: known.size + 1, vocabulary: [...known] };
}

function encodeValues(
  encoding: FeatureEncoding,
  values: readonly AttributeValue[],
  provenance: Provenance,
): EncodedFeature {
  const { declaration, rows, slots, vocabulary, mean, scale } = encoding;
  const kept = { declaration, rows, slots, vocabulary, mean, scale, provenance };
  if (declaration.kind === 'numeric')
    return {
      ...kept,
      codes: new Int32Array(0),
      // A missing number is the mean.
      numbers: Float32Array.from(numbersOf(declaration, values), (number) =>
        Number.isFinite(number) ? (number - mean) * scale : 0,
      ),
    };
  const known = new Map(vocabulary.map((value, at) => [value, at + 1]));
  const codeOf = (value: string): number =>
    declaration.hashSize === undefined
      ? (known.get(value) ?? 0)
      : 1 + (createHash('sha256').update(value).digest().readUInt32LE(0) % declaration.hashSize);
  const codes = new Int32Array(values.length * slots);
  for (const [entity, list] of categoriesOf(declaration, values, slots).entries())
    for (const [slot, value] of list.entries()) codes[entity * slots + slot] = codeOf(value);
  return { ...kept, codes, numbers: new Float32Array(0) };
}

function categoriesOf(
  { name, kind }: FeatureDeclaration,
  values: readonly AttributeValue[],
  slots: number,
): string[][] {
  return values.map((value, entity) => {
    if (value === undefined || value === '') return [];
    if (Array.isArray(value) && kind === 'categorical')
      throw new InvalidInputError({
        expected: `one category of ${name} an entity`,
        received: `${JSON.stringify(value)} at index ${entity}`,
        hint: "Declare the feature as 'multi'.",
      });
    return (Array.isArray(value) ? value : [value]).map(String).slice(0, slots);
  });
}

/** Numbers of entities; NaN where there is none. */
function numbersOf({ name }: FeatureDeclaration, values: readonly AttributeValue[]): number[] {
  return values.map((value, entity) => {
    const number = value === undefined || value === '' ? Number.NaN : Number(value);
    if (value !== undefined && value !== '' && !Number.isFinite(number))
      throw new InvalidInputError({
        expected: `numbers as ${name}`,
        received: `${JSON.stringify(value)} at index ${entity}`,
        hint: "Declare the feature as 'categorical', or repair the value.",
      });
    return number;
  });
}
