import { ParseError } from '@palate/core';
import { parseBoolean, parseDecimal, saysMissing } from './field-values.js';
import { type InteractionValues, TypedTime } from './interaction-values.js';
import { faultAt, HINT, hintWithout, type RowFaults } from './row-faults.js';
import type { RowPosition } from './row-position.js';
import type { TimeReader } from './times.js';

/** Names of the columns, for messages. */
export type ColumnNames = Partial<Readonly<Record<keyof InteractionValues, string | number | undefined>>>;

/** Reads ids, ratings and times from values of any kind. What cannot be read is a fault of its row. */
export class ValueReader {
  readonly #faults: RowFaults;
  readonly #times: TimeReader | undefined;
  readonly #names: ColumnNames | undefined;

  constructor(faults: RowFaults, times: TimeReader | undefined, names: ColumnNames | undefined) {
    this.#faults = faults;
    this.#times = times;
    this.#names = names;
  }

  /**
   * An id as text: trimmed text, or a number that names itself to the last digit. Where there is none the row is at fault,
   * unless it is the id of a request, which a row may lack.
   */
  idOf(value: unknown, what: 'user' | 'item' | 'request', at: RowPosition): string | undefined {
    const name = this.#names?.[what];
    const of = name === undefined ? '' : ` in ${JSON.stringify(name)}`;
    const article = what === 'item' ? 'an' : 'a';
    if (typeof value === 'string') {
      const id = value.trim();
      if (id !== '') return id;
      if (what === 'request') return undefined;
      return this.#missing(what, (hint) =>
        faultAt(at, `${article} ${what} id${of}`, JSON.stringify(value), hint),
      );
    }
    if (typeof value === 'bigint') return String(value);
    if (typeof value === 'number' && Number.isFinite(value)) {
      if (!Number.isInteger(value) || Number.isSafeInteger(value)) return String(value);
      throw faultAt(
        at,
        `${article} ${what} id${of} to the last digit`,
        `${value}, a floating-point number that several ids share`,
        'Write ids as text or as whole numbers of 64 bits.',
      );
    }
    if (value === undefined || value === null || (typeof value === 'number' && Number.isNaN(value))) {
      if (what === 'request') return undefined;
      return this.#missing(what, (hint) =>
        faultAt(
          at,
          name === undefined
            ? `${article} ${what} id as text or number`
            : `the field ${JSON.stringify(name)} as text or number`,
          value === undefined || value === null ? 'none' : 'NaN, which is no id',
          hint,
        ),
      );
    }
    this.#faults.fault('malformed', () =>
      faultAt(at, `${article} ${what} id${of} as text or number`, shown(value), HINT),
    );
    return undefined;
  }

  /** Leaves a row without a user or an item out where that is asked for. */
  #missing(what: 'user' | 'item', error: (hint: string) => ParseError): undefined {
    const cause = `no-${what}` as const;
    this.#faults.fault(cause, () => error(hintWithout(cause)));
    return undefined;
  }

  ratingOf(value: unknown, at: RowPosition): number | undefined {
    const name = this.#names?.rating;
    const of = name === undefined ? '' : ` in ${JSON.stringify(name)}`;
    if (
      value === undefined ||
      value === null ||
      (typeof value === 'number' && Number.isNaN(value)) ||
      (typeof value === 'string' && saysMissing(value))
    ) {
      this.#faults.fault('no-rating', () =>
        faultAt(
          at,
          name === undefined
            ? 'a rating (a number)'
            : `the field ${JSON.stringify(name)} as a rating (a number)`,
          value === undefined || value === null ? 'none' : shown(value),
          `${hintWithout('no-rating')} columns.rating: false (--no-rating) reads no ratings.`,
        ),
      );
      return undefined;
    }
    const number = toNumber(value);
    if (Number.isFinite(Math.fround(number))) return number;
    this.#faults.fault('bad-rating', () =>
      faultAt(
        at,
        Number.isFinite(number)
          ? `a rating${of} that 32 bits can hold (up to 3.4e38)`
          : 'a rating (a number)',
        shown(value),
        HINT,
      ),
    );
    return undefined;
  }

  timeOf(value: unknown, at: RowPosition): number | undefined {
    const times = this.#times as TimeReader;
    if (value instanceof TypedTime) return this.#dateTime(value.seconds, at);
    if (typeof value === 'string') {
      const number = times.readsNumbers ? parseDecimal(value) : Number.NaN;
      return Number.isFinite(number) ? this.numberTime(number, at) : this.textTime(value, at);
    }
    const number = typeof value === 'number' || typeof value === 'bigint' ? Number(value) : Number.NaN;
    if (Number.isFinite(number) && times.readsNumbers) return this.numberTime(number, at);
    const name = this.#names?.timestamp;
    const isMissing =
      value === undefined || value === null || (typeof value === 'number' && Number.isNaN(value));
    this.#faults.fault(isMissing ? 'no-time' : 'bad-time', () =>
      faultAt(
        at,
        name === undefined ? times.expected : `the field ${JSON.stringify(name)} as ${times.expected}`,
        value === undefined || value === null ? 'none' : shown(value),
        isMissing ? hintWithout('no-time') : HINT,
      ),
    );
    return undefined;
  }

  numberTime(value: number, at: RowPosition): number | undefined {
    try {
      return (this.#times as TimeReader).number(value, at);
    } catch (error) {
      return this.#badTime(error);
    }
  }

  #dateTime(seconds: number, at: RowPosition): number | undefined {
    try {
      return (this.#times as TimeReader).date(seconds, at);
    } catch (error) {
      return this.#badTime(error);
    }
  }

  /** Leaves a row out whose time is out of range, where the caller allows it; throws its error otherwise. */
  #badTime(error: unknown): undefined {
    if (!ParseError.is(error)) throw error;
    this.#faults.fault('bad-time', () => error as ParseError);
    return undefined;
  }

  textTime(text: string, at: RowPosition): number | undefined {
    const times = this.#times as TimeReader;
    if (times.readsText) {
      const seconds = times.parse(text);
      if (Number.isFinite(seconds)) return this.#dateTime(seconds, at);
    }
    const isMissing = saysMissing(text);
    this.#faults.fault(isMissing ? 'no-time' : 'bad-time', () =>
      faultAt(
        at,
        times.expected,
        JSON.stringify(text),
        isMissing ? hintWithout('no-time') : (times.hintFor(text) ?? HINT),
      ),
    );
    return undefined;
  }
}

function toNumber(value: unknown): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (typeof value === 'bigint') return Number(value);
  return typeof value === 'string' ? (parseBoolean(value.trim()) ?? parseDecimal(value)) : Number.NaN;
}

/** A value as a message shows it. */
function shown(value: unknown): string {
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  if (typeof value === 'bigint' || typeof value === 'number') return String(value);
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return typeof value;
  }
}
