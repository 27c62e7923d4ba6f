import { InvalidInputError, UnknownIdError } from '../basics/errors.js';

/**
 * Two-way map between external ids (any string) and dense indexes 0, 1, 2, …
 *
 * @example
 * ```ts
 * const items = new IdMap(['tt0068646', 'tt0071562']);
 * items.indexOf('tt0071562'); // 1
 * items.idOf(0); // 'tt0068646'
 * ```
 */
export class IdMap implements Iterable<string> {
  readonly #ids: readonly string[];
  readonly #indexes: ReadonlyMap<string, number>;
  /** Kind of thing that the ids name (`"user"`, `"item"`), for messages. */
  readonly what: string;

  /**
   * @param ids - external ids; the position becomes the dense index
   * @param what - what they stand for, for messages
   * @throws InvalidInputError if an id is duplicated
   */
  constructor(ids: Iterable<string>, what = 'item') {
    this.what = what;
    const list = Array.from(ids);
    const indexes = new Map<string, number>();
    for (let index = 0; index < list.length; index++) {
      const id = list[index] as string;
      if (typeof id !== 'string')
        throw new InvalidInputError({
          expected: `${what} ids to be strings`,
          received: `${typeof id} at position ${index}`,
          hint: 'Convert ids with String(id).',
        });
      indexes.set(id, index);
      // One look-up for each of millions of ids: the map has not grown where it was there.
      if (indexes.size === index)
        throw new InvalidInputError({
          expected: `every ${what} id once`,
          received: `${JSON.stringify(id)} at positions ${list.indexOf(id)} and ${index}`,
          hint: 'Leave the second one out, or give it an id of its own.',
        });
    }
    this.#ids = list;
    this.#indexes = indexes;
  }

  /** How many ids there are; dense indexes run from 0 to `size - 1`. */
  get size(): number {
    return this.#ids.length;
  }

  has(id: string): boolean {
    return this.#indexes.has(id);
  }

  /** The dense index of `id`, or `undefined` if it is unknown. */
  find(id: string): number | undefined {
    return this.#indexes.get(id);
  }

  /**
   * The dense index of `id`.
   *
   * @throws UnknownIdError if it is unknown
   */
  indexOf(id: string): number {
    const index = this.#indexes.get(id);
    if (index === undefined) throw new UnknownIdError(id, this.what);
    return index;
  }

  /**
   * The external id at a dense index.
   *
   * @throws InvalidInputError if the index is out of range
   */
  idOf(index: number): string {
    const id = this.#ids[index];
    if (id === undefined)
      throw new InvalidInputError({
        expected: `a dense ${this.what} index from 0 to ${this.size - 1}`,
        received: String(index),
        hint: 'Use indexes of the same data set.',
      });
    return id;
  }

  [Symbol.iterator](): Iterator<string> {
    return this.#ids[Symbol.iterator]();
  }
}

/** Collects ids in order of first appearance and hands out their dense indexes. */
export class IdMapBuilder {
  readonly #indexes = new Map<string, number>();
  readonly #what: string;

  constructor(what = 'item') {
    this.#what = what;
  }

  get size(): number {
    return this.#indexes.size;
  }

  /** The dense index of `id`, new or known. */
  add(id: string): number {
    const known = this.#indexes.get(id);
    if (known !== undefined) return known;
    const index = this.#indexes.size;
    this.#indexes.set(id, index);
    return index;
  }

  build(): IdMap {
    return new IdMap(this.#indexes.keys(), this.#what);
  }
}
