import { IdMap, InteractionLog, ParseError, type SourcePosition } from '@palate/core';

/** Newest time that is taken for seconds since 1970: the start of the year 2100. */
const LATEST_SECONDS = 4_102_444_800;

/**
 * Interns ids met as bytes or text. Whole numbers without leading zeros, which is what most data sets use,
 * are looked up by value, so that no string is made per row.
 */
class IdInterner {
  readonly #byNumber = new Map<number, number>();
  readonly #byText = new Map<string, number>();
  readonly #ids: (number | string)[] = [];

  addText(id: string): number {
    const number = /^(?:0|[1-9]\d{0,14})$/.test(id) ? Number(id) : undefined;
    return number === undefined ? this.#intern(this.#byText, id) : this.#intern(this.#byNumber, number);
  }

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
    return this.#intern(this.#byText, bytes.toString('utf8', start, end));
  }

  #intern<K extends number | string>(map: Map<K, number>, key: K): number {
    const known = map.get(key);
    if (known !== undefined) return known;
    const index = this.#ids.length;
    map.set(key, index);
    this.#ids.push(key);
    return index;
  }

  build(what: string): IdMap {
    return new IdMap(this.#ids.map(String), what);
  }
}

/** A typed column that grows. */
class GrowingColumn<A extends Int32Array | Float32Array | Float64Array> {
  readonly #make: (length: number) => A;
  values: A;

  constructor(make: (length: number) => A) {
    this.#make = make;
    this.values = make(1024);
  }

  push(at: number, value: number): void {
    if (at === this.values.length) {
      const wider = this.#make(at * 2);
      wider.set(this.values);
      this.values = wider;
    }
    this.values[at] = value;
  }

  finish(length: number): A {
    return this.values.slice(0, length) as A;
  }
}

/** How times are written in a file. */
export type TimestampUnit = 'seconds' | 'milliseconds' | 'iso' | 'position';

/** Collects interactions into columns and refuses impossible times. */
export class LogBuilder {
  readonly #users = new IdInterner();
  readonly #items = new IdInterner();
  readonly #user = new GrowingColumn((n) => new Int32Array(n));
  readonly #item = new GrowingColumn((n) => new Int32Array(n));
  readonly #timestamp = new GrowingColumn((n) => new Float64Array(n));
  readonly #rating = new GrowingColumn((n) => new Float32Array(n));
  readonly #hasRating: boolean;
  readonly #unit: TimestampUnit;
  #length = 0;

  constructor(options: { readonly hasRating: boolean; readonly unit: TimestampUnit }) {
    this.#hasRating = options.hasRating;
    this.#unit = options.unit;
  }

  get length(): number {
    return this.#length;
  }

  userFromBytes(bytes: Buffer, start: number, end: number): number {
    return this.#users.addBytes(bytes, start, end);
  }

  itemFromBytes(bytes: Buffer, start: number, end: number): number {
    return this.#items.addBytes(bytes, start, end);
  }

  userFromText(id: string): number {
    return this.#users.addText(id);
  }

  itemFromText(id: string): number {
    return this.#items.addText(id);
  }

  push(user: number, item: number, rating: number, timestamp: number): void {
    const at = this.#length++;
    this.#user.push(at, user);
    this.#item.push(at, item);
    if (this.#hasRating) this.#rating.push(at, rating);
    this.#timestamp.push(at, timestamp);
  }

  /**
   * A time in seconds since 1970 (or a position), from the number in the file.
   *
   * @throws ParseError for a negative time or one after the year 2100
   */
  checkTime(value: number, position: () => SourcePosition): number {
    const seconds = this.#unit === 'milliseconds' ? value / 1000 : value;
    if (seconds >= 0 && (this.#unit === 'position' || seconds <= LATEST_SECONDS)) return seconds;
    throw new ParseError(position(), {
      expected: 'a time from 1970 to 2100 in seconds',
      received: String(value),
      hint:
        seconds > LATEST_SECONDS && value / 1000 <= LATEST_SECONDS && this.#unit === 'seconds'
          ? "The file seems to hold milliseconds: pass timestampUnit: 'milliseconds'."
          : 'Repair or remove the line.',
    });
  }

  build(): InteractionLog {
    const length = this.#length;
    return new InteractionLog({
      users: this.#users.build('user'),
      items: this.#items.build('item'),
      user: this.#user.finish(length),
      item: this.#item.finish(length),
      timestamp: this.#timestamp.finish(length),
      timeUnit: this.#unit === 'position' ? 'position' : 'seconds',
      ...(this.#hasRating ? { rating: this.#rating.finish(length) } : {}),
    });
  }
}
