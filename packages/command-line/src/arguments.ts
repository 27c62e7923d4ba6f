import { InvalidArgumentError } from 'commander';

/** Reads a whole number from `least` to `most`. */
export function wholeNumber(least: number, most = Number.POSITIVE_INFINITY): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === '' || !Number.isSafeInteger(value) || value < least || value > most)
      throw new InvalidArgumentError(`Expected a whole number ${inWords(least, most)}.`);
    return value;
  };
}

/** Reads a number from `least` to `most`. */
export function numberBetween(least: number, most = Number.POSITIVE_INFINITY): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === '' || !Number.isFinite(value) || value < least || value > most)
      throw new InvalidArgumentError(`Expected a number ${inWords(least, most)}.`);
    return value;
  };
}

const inWords = (least: number, most: number): string =>
  most === Number.POSITIVE_INFINITY ? `of at least ${least}` : `from ${least} to ${most}`;

/** The names in a list such as `ease, item-knn`. */
export function namesIn(list: string, separator = ','): string[] {
  return list
    .split(separator)
    .map((name) => name.trim())
    .filter((name) => name !== '');
}
