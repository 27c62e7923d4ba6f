import { IdMap, InvalidInputError } from '@palate/core';

const UTF8 = new TextDecoder('utf-8', { fatal: true });

/** Thrown for an id whose bytes are not UTF-8; who knows the position makes an error of it. */
export class NotUtf8 extends Error {}

/**
 * Numbers ids in the order in which they are met, as bytes or text. Whole numbers without leading zeros, which is what
 * most data sets use, are looked up by value, so that no string is made per row.
 */
export class IdInterner {
  readonly #byNumber = new Map<number, number>();
  readonly #byText = new Map<string, number>();
  readonly #ids: (number | string)[] = [];

  addText(id: string): number {
    const number = /^(?:0|[1-9]\d{0,14})$/.test(id) ? Number(id) : undefined;
    return number === undefined ? this.#intern(this.#byText, id) : this.#intern(this.#byNumber, number);
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
      if (at === end) return this.#intern(this.#byNumber, value);
    }
    const text = this.#decode(bytes, start, end);
    const id = text.trim();
    if (id === '') return -1;
    // "\uFEFF1" has become "1", which is looked up by value.
    return id.length < end - start ? this.addText(id) : this.#intern(this.#byText, id);
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
      this.#byNumber.size === 0 &&
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
