import { IdMap, InvalidInputError } from '@palate/core';

const UTF8 = new TextDecoder('utf-8', { fatal: true });

/** Numbers that are looked up in a table, at most, and for each id that there is. */
const LARGEST_TABLE = 1 << 26;
const SPARSEST = 16;

/** Thrown for an id whose bytes are not UTF-8; who knows the position makes an error of it. */
export class NotUtf8 extends Error {}

/**
 * Numbers ids in the order in which they are met, as bytes or text. Whole numbers without leading zeros, which is what
 * most data sets use, are looked up by value, so that no string is made per row.
 */
export class IdInterner {
  /** Number of each id that is a small whole number, plus one; 0 where there is none yet. */
  #table = new Int32Array(1 << 12);
  /** Those that are too large for the table at the moment they are met. */
  readonly #byNumber = new Map<number, number>();
  readonly #byText = new Map<string, number>();
  readonly #ids: (number | string)[] = [];

  addText(id: string): number {
    const number = /^(?:0|[1-9]\d{0,14})$/.test(id) ? Number(id) : undefined;
    return number === undefined ? this.#intern(this.#byText, id) : this.addNumber(number);
  }

  /**
   * An id as bytes; blanks of any script and byte-order marks around it are no part of it.
   *
   * @returns its number; -1 where nothing is left
   * @throws NotUtf8 for bytes of another encoding
   */
  addBytes(bytes: Buffer, start: number, end: number): number {
    const digits = end - start;
    const first = bytes[start]!;
    if (digits <= 15 && (first !== 48 || digits === 1)) {
      let value = 0;
      let at = start;
      for (; at < end; at++) {
        const digit = bytes[at]! - 48;
        if (digit < 0 || digit > 9) break;
        value = value * 10 + digit;
      }
      if (at === end) return this.addNumber(value);
    }
    const text = this.#decode(bytes, start, end);
    const id = text.trim();
    if (id === '') return -1;
    // "\uFEFF1" has become "1", which is looked up by value.
    return id.length < end - start ? this.addText(id) : this.#intern(this.#byText, id);
  }

  /** An id that is a whole number of at most 15 digits, written without zeros in front. */
  addNumber(value: number): number {
    if (value >= this.#table.length) this.#widen(value);
    if (value >= this.#table.length) return this.#intern(this.#byNumber, value);
    const known = this.#table[value]!;
    if (known > 0) return known - 1;
    // Met before the table was as wide as now.
    const number = this.#byNumber.size > 0 ? this.#byNumber.get(value) : undefined;
    const index = number ?? this.#ids.length;
    if (number === undefined) this.#ids.push(value);
    this.#table[value] = index + 1;
    return index;
  }

  /** Widens the table for a number, as far as the ids so far are dense enough: a share of it is used. */
  #widen(value: number): void {
    let length = this.#table.length;
    while (length <= value && length < LARGEST_TABLE && length < SPARSEST * this.#ids.length) length *= 2;
    if (length === this.#table.length) return;
    const wider = new Int32Array(length);
    wider.set(this.#table);
    this.#table = wider;
  }

  #decode(bytes: Buffer, start: number, end: number): string {
    for (let at = start; at < end; at++)
      if (bytes[at]! >= 0x80) {
        try {
          return UTF8.decode(bytes.subarray(start, end));
        } catch (cause) {
          throw new NotUtf8('bytes of another encoding', { cause });
        }
      }
    return bytes.toString('latin1', start, end);
  }

  #intern<K extends number | string>(map: Map<K, number>, key: K): number {
    const known = map.get(key);
    if (known !== undefined) return known;
    const index = this.#ids.length;
    map.set(key, index);
    this.#ids.push(key);
    return index;
  }

  get size(): number {
    return this.#ids.length;
  }

  /** Whether an id occurs. */
  has(id: string): boolean {
    return this.#byText.has(id);
  }

  /** Whether every id is a whole number written with a decimal point, as floating-point columns are. */
  looksLikeFloats(): boolean {
    return (
      !this.#ids.some((id) => typeof id === 'number') &&
      this.#ids.length > 0 &&
      this.#ids.every((id) => /^\d+\.0$/.test(String(id)))
    );
  }

  build(what: string): IdMap {
    if (this.#ids.length >= 2 ** 31)
      throw new InvalidInputError({
        expected: `at most 2,147,483,647 ${what}s`,
        received: String(this.#ids.length),
        hint: 'Read fewer rows: a part of the files, or those of some users.',
      });
    return new IdMap(this.#ids.map(String), what);
  }
}
