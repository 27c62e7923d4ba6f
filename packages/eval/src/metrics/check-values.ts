import { InvalidInputError } from '@palate/core';

/** Bounds that {@link checkValues} demands beyond "a number". */
export interface ValueBounds {
  /** Smallest value allowed. Default: none. */
  readonly min?: number | undefined;
  /** Largest value allowed. Default: none. */
  readonly max?: number | undefined;
  /** True to let infinities pass, where only the order counts. Default false. */
  readonly infinite?: boolean | undefined;
}

/**
 * Refuses lists of numbers in which a value is not a number, infinite or out of bounds: an average over them would be
 * not a number, and a sort by them would be in no order.
 *
 * @param what - the list, as the message calls it: `"scores"`
 * @param nameOf - an index in words, for the message. Default `index 3`
 * @throws InvalidInputError naming the first such value and its position
 */
export function checkValues(
  what: string,
  values: ArrayLike<number>,
  bounds: ValueBounds = {},
  nameOf: (index: number) => string = (index) => `index ${index}`,
): void {
  const min = bounds.min ?? Number.NEGATIVE_INFINITY;
  const max = bounds.max ?? Number.POSITIVE_INFINITY;
  for (let index = 0; index < values.length; index++) {
    const value = values[index]!;
    // Written so that NaN, and what is no number at all, fails.
    if (
      value >= min &&
      value <= max &&
      (bounds.infinite || Number.isFinite(value)) &&
      typeof value === 'number'
    )
      continue;
    const range =
      bounds.min !== undefined && bounds.max !== undefined
        ? ` from ${min} to ${max}`
        : bounds.min !== undefined
          ? ` of at least ${min}`
          : '';
    throw new InvalidInputError({
      expected: `${what} that are ${bounds.infinite ? '' : 'finite '}numbers${range}`,
      received: `${String(value)} at ${nameOf(index)}`,
      hint: 'Find the origin of this value: a model that diverged, a division by zero, or a row that was not read.',
    });
  }
}
