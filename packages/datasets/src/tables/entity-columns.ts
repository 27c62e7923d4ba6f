import type { AttributeValue } from '@palate/core';
import { parseBoolean, parseDecimal, saysMissing } from './field-values.js';

/** Words that pandas, SQL and Spark write in a text column where there is nothing. */
const NO_TEXT = /^(?:nan|null|\\n)$/i;

/** A value as text for people and encoders: lists joined by commas; `''` for none. */
export function textOf(value: unknown): string {
  if (value === undefined || value === null || (typeof value === 'number' && Number.isNaN(value))) return '';
  if (Array.isArray(value))
    return value
      .map(textOf)
      .filter((part) => part !== '')
      .join(', ');
  if (value instanceof Date) return value.toISOString();
  if (typeof value === 'object') return JSON.stringify(value, exactly);
  const text = String(value).trim();
  return NO_TEXT.test(text) ? '' : text;
}

/** Collects one column of a table about items or users; its type is decided at the end. */
export class AttributeColumn {
  readonly #values: AttributeValue[] = [];
  /** Whether every value so far came as text that is a number and no code such as `007`. */
  #isNumeric = true;
  #isBoolean = true;
  #objects = 0;
  #texts = 0;

  /** Values that were objects, which no attribute can be: they are kept as their JSON. */
  get objects(): number {
    return this.#objects;
  }

  add(value: unknown): void {
    this.#values.push(this.#read(value));
  }

  #read(value: unknown): AttributeValue {
    if (value === undefined || value === null) return undefined;
    if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
    if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
    if (typeof value === 'boolean') return String(value);
    if (Array.isArray(value)) {
      const parts = value.map(textOf).filter((part) => part !== '');
      return parts.length === 0 ? undefined : parts;
    }
    if (typeof value === 'object' && !(value instanceof Date)) {
      this.#objects++;
      return JSON.stringify(value, exactly);
    }
    const text = textOf(value);
    if (text === '' || saysMissing(text)) return undefined;
    this.#texts++;
    const number = parseDecimal(text);
    this.#isNumeric &&=
      Number.isFinite(number) && !/^[+-]?0\d/.test(text) && Number.isSafeInteger(Math.trunc(number));
    this.#isBoolean &&= parseBoolean(text) !== undefined;
    return text;
  }

  /** The column: numbers where all texts are numbers. */
  done(): readonly AttributeValue[] {
    if (this.#texts === 0) return this.#values;
    if (this.#isNumeric)
      return this.#values.map((value) => (typeof value === 'string' ? parseDecimal(value) : value));
    if (this.#isBoolean)
      return this.#values.map((value) => (typeof value === 'string' ? value.toLowerCase() : value));
    return this.#values;
  }
}

const exactly = (_: string, value: unknown): unknown => (typeof value === 'bigint' ? String(value) : value);
