import { type AttributeValue, InvalidInputError } from '@palate/core';
import { codesOf, numbersOfValues } from './encode-values.js';
import type { FeatureEncoding } from './feature-encoding.js';

/** Values of the context by name, one a sample: the device, the hour, the position at which an item was shown. */
export type SampleContext = Readonly<Record<string, readonly AttributeValue[]>>;

/** Context of samples as numbers, row-major. */
export interface ContextColumns {
  /** Codes of a sample, those of all categorical features side by side. */
  readonly slots: number;
  readonly codes: Int32Array;
  /** Numeric features. */
  readonly width: number;
  readonly numbers: Float32Array;
}

/**
 * Encodes the context of samples.
 *
 * @param isComplete - true to refuse columns that are not there; they are unknown otherwise
 * @throws InvalidInputError for a column that is missing or of another length, or values of another kind
 */
export function contextColumns(
  encodings: readonly FeatureEncoding[],
  context: SampleContext | undefined,
  count: number,
  isComplete: boolean,
): ContextColumns {
  const columnOf = ({ declaration: { name } }: FeatureEncoding): readonly AttributeValue[] => {
    const column = context && Object.hasOwn(context, name) ? context[name] : undefined;
    if (column?.length === count) return column;
    if (column === undefined && !isComplete) return new Array<AttributeValue>(count).fill(undefined);
    throw new InvalidInputError({
      expected: `the context ${name} of ${count} samples`,
      received: column ? `one of ${column.length}` : 'none',
      hint: 'Give ctrSamples the columns of the context that the features declare.',
    });
  };
  const categorical = encodings.filter(({ rows }) => rows > 0);
  const numeric = encodings.filter(({ rows }) => rows === 0);
  const slots = categorical.reduce((sum, encoding) => sum + encoding.slots, 0);
  const codes = new Int32Array(count * slots);
  let before = 0;
  for (const encoding of categorical) {
    const own = codesOf(encoding, columnOf(encoding));
    for (let at = 0; at < count; at++)
      for (let slot = 0; slot < encoding.slots; slot++)
        codes[at * slots + before + slot] = own[at * encoding.slots + slot]!;
    before += encoding.slots;
  }
  const numbers = new Float32Array(count * numeric.length);
  for (const [k, encoding] of numeric.entries())
    for (const [at, value] of numbersOfValues(encoding, columnOf(encoding)).entries())
      numbers[at * numeric.length + k] = value;
  return { slots, codes, width: numeric.length, numbers };
}
