import { type AttributeValue, Catalog, IdMap, ParseError, type UserTable } from '@palate/core';
import type { RowPosition } from './row-position.js';

/**
 * Collects what is known of items (or users), one row each, in columns.
 *
 * An id on two rows is refused with both lines, or its first row is kept and the others are counted.
 */
export class EntityBuilder {
  readonly #what: 'item' | 'user';
  readonly #onRepeat: 'refuse' | 'first';
  readonly #lines = new Map<string, number>();
  readonly #text = new Map<string, string[]>();
  readonly #attributes = new Map<string, AttributeValue[]>();
  #repeats = 0;

  /**
   * @param text - names of the text fields
   * @param attributes - names of the attributes
   */
  constructor(
    what: 'item' | 'user',
    text: readonly string[],
    attributes: readonly string[],
    onRepeat: 'refuse' | 'first' = 'refuse',
  ) {
    this.#what = what;
    this.#onRepeat = onRepeat;
    for (const name of text) this.#text.set(name, []);
    for (const name of attributes) this.#attributes.set(name, []);
  }

  /** Rows whose id an earlier row had. */
  get repeats(): number {
    return this.#repeats;
  }

  /**
   * Adds a row; fields that are left out are empty.
   *
   * @throws ParseError for an empty id, or one that an earlier line holds
   */
  add(id: string, at: RowPosition, values: Readonly<Record<string, AttributeValue>>): void {
    const key = id.trim();
    const refuse = (expected: string, received: string): ParseError =>
      new ParseError(
        { file: at.file, line: at.line, column: 1 },
        { expected, received, hint: 'Repair or remove the line.' },
      );
    if (key === '') throw refuse(`${this.#what === 'item' ? 'an' : 'a'} ${this.#what} id`, 'an empty field');
    const before = this.#lines.get(key);
    if (before !== undefined) {
      if (this.#onRepeat === 'refuse')
        throw refuse(`every ${this.#what} once`, `${JSON.stringify(key)}, which line ${before} has too`);
      this.#repeats++;
      return;
    }
    this.#lines.set(key, at.line);
    for (const [name, column] of this.#text) column.push(String(values[name] ?? '').trim());
    for (const [name, column] of this.#attributes) column.push(values[name]);
  }

  /** The rows as a catalogue of items. */
  catalog(): Catalog {
    return new Catalog({
      items: new IdMap(this.#lines.keys()),
      text: Object.fromEntries(this.#text),
      attributes: Object.fromEntries(this.#attributes),
    });
  }

  /** The rows as a table of users; lists become text. */
  users(): UserTable {
    return {
      users: new IdMap(this.#lines.keys(), 'user'),
      attributes: Object.fromEntries(
        [...this.#text, ...this.#attributes].map(([name, column]) => [
          name,
          column.map((value) =>
            Array.isArray(value) ? value.join(' ') : (value as string | number | undefined),
          ),
        ]),
      ),
    };
  }
}

/** A text as a number; undefined where it is none. */
export function optionalNumber(text: string | undefined): number | undefined {
  const number = text === undefined || text.trim() === '' ? Number.NaN : Number(text);
  return Number.isFinite(number) ? number : undefined;
}

/** A value of JSON as text: itself, or the texts of a list joined by blanks. */
export function wordsOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'bigint') return String(value);
  return Array.isArray(value) ? value.filter((part) => typeof part === 'string').join(' ') : '';
}

/** The texts within a value of JSON, each once; undefined where there is none. */
export function textsOf(value: unknown): string[] | undefined {
  const texts = [value].flat(3).filter((part): part is string => typeof part === 'string' && part !== '');
  return texts.length === 0 ? undefined : [...new Set(texts)];
}
