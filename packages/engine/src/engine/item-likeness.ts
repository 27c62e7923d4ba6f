import { type AttributeValue, wordsOf } from '@palate/core';

/**
 * Likeness of items by the words of their texts: the cosine of binary word vectors, each word weighted by
 * `ln(1 + items / items with the word)`. Texts are taken apart when they are first asked for.
 */
export class WordLikeness {
  readonly #texts: readonly string[];
  readonly #words = new Map<number, ReadonlyMap<string, number>>();
  #counts: Map<string, number> | undefined;

  constructor(texts: readonly string[]) {
    this.#texts = texts;
  }

  /** From 0, no word in common, to 1. */
  between(a: number, b: number): number {
    const [small, large] = [this.#vector(a), this.#vector(b)].sort((x, y) => x.size - y.size);
    let sum = 0;
    for (const [word, weight] of small as ReadonlyMap<string, number>)
      sum += weight * ((large as ReadonlyMap<string, number>).get(word) ?? 0);
    return Math.min(1, sum);
  }

  #vector(item: number): ReadonlyMap<string, number> {
    const known = this.#words.get(item);
    if (known) return known;
    this.#counts ??= this.#count();
    const counts = this.#counts;
    const vector = new Map<string, number>();
    let square = 0;
    for (const word of new Set(wordsOf(this.#texts[item] ?? ''))) {
      const weight = Math.log(1 + this.#texts.length / (counts.get(word) ?? 1));
      vector.set(word, weight);
      square += weight ** 2;
    }
    for (const [word, weight] of vector) vector.set(word, weight / Math.sqrt(square));
    this.#words.set(item, vector);
    return vector;
  }

  #count(): Map<string, number> {
    const counts = new Map<string, number>();
    for (const text of this.#texts)
      for (const word of new Set(wordsOf(text))) counts.set(word, (counts.get(word) ?? 0) + 1);
    return counts;
  }
}

/**
 * Likeness of two values of a catalogue column: the share of categories in common (Jaccard) of lists, 1 of equal words, and
 * of numbers 1 less their distance against the column's range.
 */
export function valueLikeness(a: AttributeValue, b: AttributeValue, range: number): number {
  if (a === undefined || b === undefined) return 0;
  if (typeof a === 'number' && typeof b === 'number')
    return range > 0 ? Math.max(0, 1 - Math.abs(a - b) / range) : 1;
  const left = new Set(Array.isArray(a) ? a : [String(a)]);
  const right = new Set(Array.isArray(b) ? b : [String(b)]);
  const common = [...left].filter((value) => right.has(value)).length;
  const all = left.size + right.size - common;
  return all === 0 ? 0 : common / all;
}

/** The least and the most of a column of numbers; undefined where it holds something else, or nothing. */
export function rangeOf(values: Iterable<AttributeValue>): { least: number; most: number } | undefined {
  let least = Number.POSITIVE_INFINITY;
  let most = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    if (value === undefined) continue;
    if (typeof value !== 'number') return undefined;
    least = Math.min(least, value);
    most = Math.max(most, value);
  }
  return most >= least ? { least, most } : undefined;
}
