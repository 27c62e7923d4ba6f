import { createHash } from 'node:crypto';
import { type AttributeValue, InvalidInputError } from '@palate/core';
import { FEATURE, type FeatureDeclaration, type FeatureEncoding, slotsOf } from './feature-encoding.js';

/** Learns the vocabulary, or mean and scale, of the values that training saw. */
export function learnEncoding(
  declaration: FeatureDeclaration,
  values: readonly AttributeValue[],
  isSeen: (at: number) => boolean,
): FeatureEncoding {
  const { kind, hashSize } = declaration;
  if (kind === 'numeric') {
    const own = numbersOf(declaration, values).filter((number, at) => isSeen(at) && Number.isFinite(number));
    const mean = own.reduce((sum, number) => sum + number, 0) / Math.max(1, own.length);
    const variance = own.reduce((sum, number) => sum + (number - mean) ** 2, 0) / Math.max(1, own.length);
    const scale = variance > 0 ? 1 / Math.sqrt(variance) : 0;
    return { declaration, rows: 0, slots: 0, vocabulary: [], mean, scale };
  }
  const shared = { declaration, slots: slotsOf(FEATURE.settings(declaration)), mean: 0, scale: 0 };
  if (hashSize !== undefined) return { ...shared, rows: hashSize + 1, vocabulary: [] };
  const known = new Set<string>();
  for (const [at, list] of categoriesOf(declaration, values, shared.slots).entries())
    if (isSeen(at)) for (const value of list) known.add(value);
  return { ...shared, rows: known.size + 1, vocabulary: [...known] };
}

/** Codes of values, row-major `values` x `slots`; 0 for what is missing or not known. */
export function codesOf(
  { declaration, slots, vocabulary }: FeatureEncoding,
  values: readonly AttributeValue[],
): Int32Array {
  const known = new Map(vocabulary.map((value, at) => [value, at + 1]));
  const codeOf = (value: string): number =>
    declaration.hashSize === undefined
      ? (known.get(value) ?? 0)
      : 1 + (createHash('sha256').update(value).digest().readUInt32LE(0) % declaration.hashSize);
  const codes = new Int32Array(values.length * slots);
  for (const [at, list] of categoriesOf(declaration, values, slots).entries())
    for (const [slot, value] of list.entries()) codes[at * slots + slot] = codeOf(value);
  return codes;
}

/** Numbers of values, of mean 0 and variance 1 over training. */
export function numbersOfValues(
  { declaration, mean, scale }: FeatureEncoding,
  values: readonly AttributeValue[],
): Float32Array {
  // A missing number is the mean.
  return Float32Array.from(numbersOf(declaration, values), (number) =>
    Number.isFinite(number) ? (number - mean) * scale : 0,
  );
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
        expected: `one category of ${name} per entity`,
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
