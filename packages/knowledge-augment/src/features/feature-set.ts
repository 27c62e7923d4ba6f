import {
  type AttributeValue,
  type Dataset,
  InvalidInputError,
  type Provenance,
  unknownName,
  WORLD,
} from '@palate/core';
import type { SampleContext } from './context-columns.js';
import type { CtrSamples } from './ctr-samples.js';
import { codesOf, learnEncoding, numbersOfValues } from './encode-values.js';
import { FEATURE, type FeatureDeclaration, type FeatureEncoding } from './feature-encoding.js';

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
  /** Features of the context, whose values come with each sample or request. */
  readonly context: readonly FeatureEncoding[];
}

/** Which entities were seen in training: vocabularies and means are theirs alone. */
export interface SeenEntities {
  readonly users: Uint8Array;
  readonly items: Uint8Array;
  /** Context of the training samples, where they have any. */
  readonly context?: SampleContext | undefined;
}

/** The users and items that training samples are about, those in their histories not counted. */
export function seenEntities(training: CtrSamples): SeenEntities {
  const { log } = training;
  const users = new Uint8Array(log.users.size);
  const items = new Uint8Array(log.items.size);
  for (const user of training.user) users[user] = 1;
  for (const item of training.item) items[item] = 1;
  return { users, items, context: training.context };
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
        expected: `a consistent declaration of ${name}`,
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
          learnEncoding(declaration, values, (at) => (of === 'user' ? seen.users : seen.items)[at] === 1),
          values,
          provenanceOf(dataset, declaration),
        );
      });
  const context = declarations
    .filter((declaration) => declaration.of === 'context')
    .map((declaration) => learnEncoding(declaration, contextOf(seen.context, declaration), () => true));
  return { user: encode('user'), item: encode('item'), context };
}

/** Values of a context in training. */
function contextOf(context: SampleContext = {}, { name }: FeatureDeclaration): readonly AttributeValue[] {
  if (!Object.hasOwn(context, name))
    throw unknownName('a context of the training samples as a feature', name, Object.keys(context));
  return context[name] as readonly AttributeValue[];
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
  return { user: encode(features.user), item: encode(features.item), context: features.context };
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

function encodeValues(
  encoding: FeatureEncoding,
  values: readonly AttributeValue[],
  provenance: Provenance,
): EncodedFeature {
  const { declaration, rows, slots, vocabulary, mean, scale } = encoding;
  return {
    declaration,
    rows,
    slots,
    vocabulary,
    mean,
    scale,
    provenance,
    ...encodeAttributes(encoding, values),
  };
}

/** Values of one feature as numbers: codes of categories, or numbers. */
export function encodeAttributes(
  encoding: FeatureEncoding,
  values: readonly AttributeValue[],
): Pick<EncodedFeature, 'codes' | 'numbers'> {
  const isNumeric = encoding.declaration.kind === 'numeric';
  return {
    codes: isNumeric ? new Int32Array(0) : codesOf(encoding, values),
    numbers: isNumeric ? numbersOfValues(encoding, values) : new Float32Array(0),
  };
}
