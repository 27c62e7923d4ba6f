import { InvalidArgumentError } from 'commander';

/** Reads a whole number of at least `least`. */
export function wholeNumber(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === '' || !Number.isSafeInteger(value) || value < least)
      throw new InvalidArgumentError(`Expected a whole number of at least ${least}.`);
    return value;
  };
}

/** Reads a number from `least` to `most`. */
export function numberBetween(least: number, most = Number.POSITIVE_INFINITY): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === '' || !Number.isFinite(value) || value < least || value > most)
      throw new InvalidArgumentError(
        most === Number.POSITIVE_INFINITY
          ? `Expected a number of at least ${least}.`
          : `Expected a number from ${least} to ${most}.`,
      );
    return value;
  };
}

/** The names in a list such as `ease, item-knn`. */
export function namesIn(list: string, separator = ','): string[] {
  return list
    .split(separator)
    .map((name) => name.trim())
    .filter((name) => name !== '');
}
