import { InteractionLog, ParseError, type ReadingReport } from '@palate/core';
import type { RecordFields } from './delimited-records.js';
import { parseBoolean, parseDecimal, parseDecimalBytes, saysMissing } from './field-values.js';
import { GrowingColumn } from './growing-column.js';
import { IdInterner, NotUtf8 } from './id-interner.js';
import { positionOf, type RowPlace } from './row-place.js';
import { parseIso, TimeReader, type TimestampUnit } from './times.js';

/** Why a row can be left out, when its cause is listed in `skip`; otherwise the row is an error. */
export const SKIP_CAUSES = [
  'no-user',
  'no-item',
  'no-rating',
  'no-time',
  'bad-rating',
  'bad-time',
  'wrong-width',
  'malformed',
] as const;

/** One of {@link SKIP_CAUSES}. */
export type SkipCause = (typeof SKIP_CAUSES)[number];

/** Where the values stand in a delimited record, counted from 0. */
export interface FieldColumns {
  readonly user: number;
  readonly item: number;
  readonly rating?: number | undefined;
  readonly timestamp?: number | undefined;
  readonly request?: number | undefined;
}

/** One interaction as values of JSON, Parquet or Python; what a column map does not name is `undefined`. */
export interface InteractionValues {
  readonly user: unknown;
  readonly item: unknown;
  readonly rating?: unknown;
  readonly timestamp?: unknown;
  readonly request?: unknown;
}

/** A time that is known in seconds since 1970, from a typed column. */
export class TypedTime {
  readonly seconds: number;
  constructor(seconds: number) {
    this.seconds = seconds;
  }
}

const HINT = 'Repair or remove the line, or correct the column map.';

/** What a builder collects. */
export interface LogBuilderOptions {
  readonly hasRating: boolean;
  /** `'position'` where the order of a user's rows is the time. */
  readonly unit: TimestampUnit | 'position';
  readonly hasRequest?: boolean;
  readonly skip?: readonly SkipCause[] | undefined;
  /** Names of the columns, for messages. */
  readonly names?: Partial<Readonly<Record<keyof InteractionValues, string | number | undefined>>>;
}

/**
 * Collects interactions into columns. A row that cannot be one is an error with its place, or is left out and counted
 * where the caller listed its cause.
 */
export class LogBuilder {
  readonly #users = new IdInterner();
  readonly #items = new IdInterner();
  readonly #requests = new IdInterner();
  readonly #user = new GrowingColumn((n) => new Int32Array(n));
  readonly #item = new GrowingColumn((n) => new Int32Array(n));
  readonly #timestamp = new GrowingColumn((n) => new Float64Array(n));
  readonly #rating = new GrowingColumn((n) => new Float32Array(n));
  readonly #request = new GrowingColumn((n) => new Int32Array(n));
  readonly #lengths: number[] = [];
  readonly #options: LogBuilderOptions;
  readonly #times: TimeReader | undefined;
  readonly #skip: ReadonlySet<SkipCause>;
  readonly #skipped = new Map<string, number>();
  readonly #notes: string[] = [];
  readonly #files: string[] = [];
  #length = 0;
  #rows = 0;

  constructor(options: LogBuilderOptions) {
    this.#options = options;
    this.#skip = new Set(options.skip);
    this.#times = options.unit === 'position' ? undefined : new TimeReader(options.unit);
  }

  /** Interactions so far. */
  get length(): number {
    return this.#length;
  }

  /** Names a file that is read, for the report. */
  beginFile(path: string): void {
    this.#files.push(path);
  }

  /** Adds a remark to the report. */
  note(text: string): void {
    this.#notes.push(text);
  }

  /** Counts a row that a rule leaves out. */
  leaveOut(cause: string, count = 1): void {
    this.#rows += count;
    this.#skipped.set(cause, (this.#skipped.get(cause) ?? 0) + count);
  }

  /** Whether rows with a fault are left out. */
  skips(cause: SkipCause): boolean {
    return this.#skip.has(cause);
  }

  /**
   * Leaves a faulty row out where its cause is listed.
   *
   * @throws the error otherwise
   */
  fault(cause: SkipCause, error: () => ParseError): void {
    if (!this.#skip.has(cause)) throw error();
    this.leaveOut(cause);
  }

  /** Adds a record of a text table. Returns whether it became an interaction. */
  addFields(fields: RecordFields, columns: FieldColumns): boolean {
    const { bytes, starts, ends } = fields;
    if (fields.isEmpty(columns.user)) return this.#emptyField(fields, columns.user, 'user');
    if (fields.isEmpty(columns.item)) return this.#emptyField(fields, columns.item, 'item');
    let rating = 0;
    if (columns.rating !== undefined) {
      const k = columns.rating;
      fields.cursor = k;
      rating = parseDecimalBytes(bytes, starts[k]!, ends[k]!);
      if (!Number.isFinite(Math.fround(rating))) {
        const checked = this.#ratingOf(fields.text(k), fields);
        if (checked === undefined) return false;
        rating = checked;
      }
    }
    let time = 0;
    if (columns.timestamp !== undefined) {
      const k = columns.timestamp;
      fields.cursor = k;
      const times = this.#times as TimeReader;
      const value = times.readsNumbers ? parseDecimalBytes(bytes, starts[k]!, ends[k]!) : Number.NaN;
      const checked = Number.isFinite(value)
        ? this.#numberTime(value, fields)
        : this.#textTime(fields.text(k), fields);
      if (checked === undefined) return false;
      time = checked;
    }
    this.#push(
      this.#intern(this.#users, fields, columns.user),
      this.#intern(this.#items, fields, columns.item),
      rating,
      time,
      columns.request === undefined || fields.isEmpty(columns.request)
        ? -1
        : this.#intern(this.#requests, fields, columns.request),
    );
    return true;
  }

  /** Adds one interaction given as values. Returns whether it became one. */
  addValues(values: InteractionValues, at: RowPlace): boolean {
    const user = this.#idOf(values.user, 'user', at);
    if (user === undefined) return false;
    const item = this.#idOf(values.item, 'item', at);
    if (item === undefined) return false;
    let rating: number | undefined = 0;
    if (this.#options.hasRating) {
      rating = this.#ratingOf(values.rating, at);
      if (rating === undefined) return false;
    }
    let time: number | undefined = 0;
    if (this.#times) {
      time = this.#timeOf(values.timestamp, at);
      if (time === undefined) return false;
    }
    let request = -1;
    if (this.#options.hasRequest && values.request !== undefined && values.request !== null) {
      const id = this.#idOf(values.request, 'request', at);
      request = id === undefined ? -1 : this.#requests.addText(id);
    }
    this.#push(this.#users.addText(user), this.#items.addText(item), rating, time, request);
    return true;
  }

  #emptyField(fields: RecordFields, k: number, what: 'user' | 'item'): false {
    fields.cursor = k;
    this.fault(`no-${what}`, () =>
      faultAt(fields, `${what === 'user' ? 'a' : 'an'} ${what} id`, 'an empty field', HINT),
    );
    return false;
  }

  #intern(ids: IdInterner, fields: RecordFields, k: number): number {
    try {
      return ids.addBytes(fields.bytes, fields.starts[k]!, fields.ends[k]!);
    } catch (cause) {
      if (!(cause instanceof NotUtf8)) throw cause;
      fields.cursor = k;
      throw faultAt(
        fields,
        'an id in UTF-8',
        `bytes of another encoding: ${JSON.stringify(fields.bytes.toString('latin1', fields.starts[k]!, Math.min(fields.ends[k]!, fields.starts[k]! + 40)))} if read as ISO 8859-1`,
        "Pass the encoding of the file, for example encoding: 'latin1', or convert it (iconv -t utf-8).",
        cause,
      );
    }
  }

  #push(user: number, item: number, rating: number, time: number, request: number): void {
    const at = this.#length++;
    this.#rows++;
    this.#user.set(at, user);
    this.#item.set(at, item);
    if (this.#options.hasRating) this.#rating.set(at, rating);
    if (this.#options.hasRequest) this.#request.set(at, request);
    if (this.#times) this.#timestamp.set(at, time);
    else {
      const position = this.#lengths[user] ?? 0;
      this.#lengths[user] = position + 1;
      this.#timestamp.set(at, position);
    }
  }

  /** An id as text: trimmed text, or a number that names itself to the last digit. */
  #idOf(value: unknown, what: 'user' | 'item' | 'request', at: RowPlace): string | undefined {
    const name = this.#options.names?.[what];
    const of = name === undefined ? '' : ` in ${JSON.stringify(name)}`;
    const article = what === 'item' ? 'an' : 'a';
    if (typeof value === 'string') {
      const id = value.trim();
      if (id !== '') return id;
      this.fault(`no-${what}` as SkipCause, () =>
        faultAt(at, `${article} ${what} id${of}`, JSON.stringify(value), HINT),
      );
      return undefined;
    }
    if (typeof value === 'bigint') return String(value);
    if (typeof value === 'number' && Number.isFinite(value)) {
      if (!Number.isInteger(value) || Number.isSafeInteger(value)) return String(value);
      throw faultAt(
        at,
        `${article} ${what} id${of} to the last digit`,
        `${value}, a floating-point number that stands for several`,
        'Write ids as text or as whole numbers of 64 bits.',
      );
    }
    if (value === undefined || value === null || (typeof value === 'number' && Number.isNaN(value))) {
      this.fault(`no-${what}` as SkipCause, () =>
        faultAt(
          at,
          name === undefined
            ? `${article} ${what} id as text or number`
            : `the field ${JSON.stringify(name)} as text or number`,
          value === undefined || value === null ? 'none' : 'NaN, which is no id',
          HINT,
        ),
      );
      return undefined;
    }
    this.fault('malformed', () =>
      faultAt(at, `${article} ${what} id${of} as text or number`, shown(value), HINT),
    );
    return undefined;
  }

  #ratingOf(value: unknown, at: RowPlace): number | undefined {
    const name = this.#options.names?.rating;
    const of = name === undefined ? '' : ` in ${JSON.stringify(name)}`;
    if (
      value === undefined ||
      value === null ||
      (typeof value === 'number' && Number.isNaN(value)) ||
      (typeof value === 'string' && saysMissing(value))
    ) {
      this.fault('no-rating', () =>
        faultAt(
          at,
          name === undefined
            ? 'a rating (a number)'
            : `the field ${JSON.stringify(name)} as a rating (a number)`,
          value === undefined || value === null ? 'none' : shown(value),
          `${HINT} Rows without one are left out with skip: ['no-rating'].`,
        ),
      );
      return undefined;
    }
    const number = toNumber(value);
    if (Number.isFinite(Math.fround(number))) return number;
    this.fault('bad-rating', () =>
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

  #timeOf(value: unknown, at: RowPlace): number | undefined {
    const times = this.#times as TimeReader;
    if (value instanceof TypedTime) return this.#dateTime(value.seconds, at);
    if (typeof value === 'string') {
      const number = times.readsNumbers ? parseDecimal(value) : Number.NaN;
      return Number.isFinite(number) ? this.#numberTime(number, at) : this.#textTime(value, at);
    }
    const number = typeof value === 'number' || typeof value === 'bigint' ? Number(value) : Number.NaN;
    if (Number.isFinite(number) && times.readsNumbers) return this.#numberTime(number, at);
    const name = this.#options.names?.timestamp;
    const isMissing =
      value === undefined || value === null || (typeof value === 'number' && Number.isNaN(value));
    this.fault(isMissing ? 'no-time' : 'bad-time', () =>
      faultAt(
        at,
        name === undefined ? times.expected : `the field ${JSON.stringify(name)} as ${times.expected}`,
        value === undefined || value === null ? 'none' : shown(value),
        isMissing ? `${HINT} Rows without one are left out with skip: ['no-time'].` : HINT,
      ),
    );
    return undefined;
  }

  #numberTime(value: number, at: RowPlace): number | undefined {
    try {
      return (this.#times as TimeReader).number(value, at);
    } catch (error) {
      return this.#badTime(error);
    }
  }

  #dateTime(seconds: number, at: RowPlace): number | undefined {
    try {
      return (this.#times as TimeReader).date(seconds, at);
    } catch (error) {
      return this.#badTime(error);
    }
  }

  /** Leaves a row out whose time is out of range, where the caller allows it; throws its error otherwise. */
  #badTime(error: unknown): undefined {
    if (!ParseError.is(error)) throw error;
    this.fault('bad-time', () => error as ParseError);
    return undefined;
  }

  #textTime(text: string, at: RowPlace): number | undefined {
    const times = this.#times as TimeReader;
    if (times.readsText) {
      const seconds = parseIso(text);
      if (Number.isFinite(seconds)) return this.#dateTime(seconds, at);
    }
    const isMissing = saysMissing(text);
    this.fault(isMissing ? 'no-time' : 'bad-time', () =>
      faultAt(
        at,
        times.expected,
        JSON.stringify(text),
        isMissing ? `${HINT} Rows without one are left out with skip: ['no-time'].` : HINT,
      ),
    );
    return undefined;
  }

  /**
   * The log and the report of its reading.
   *
   * @param path - what the message calls the data if there is no interaction
   * @throws ParseError if no row became an interaction, or times are of two units
   */
  build(path: string): { readonly log: InteractionLog; readonly reading: ReadingReport } {
    const length = this.#length;
    const skipped = Object.fromEntries([...this.#skipped].sort(([a], [b]) => (a < b ? -1 : 1)));
    if (length === 0)
      throw new ParseError(
        { file: path, line: 1, column: 1 },
        {
          expected: 'at least one interaction',
          received:
            this.#rows === 0
              ? 'a header alone'
              : `${this.#rows} rows, all left out: ${JSON.stringify(skipped)}`,
          hint: 'Check that the file was written completely, and the rules that leave rows out.',
        },
      );
    const timestamp = this.#timestamp.finish(length);
    this.#times?.finish(timestamp);
    for (const [ids, what] of [
      [this.#users, 'user'],
      [this.#items, 'item'],
    ] as const) {
      const suspects = ['nan', 'NaN', 'null', 'NULL', 'None', 'N/A', 'NA', '\\N', 'undefined'].filter((id) =>
        ids.has(id),
      );
      if (ids.looksLikeFloats())
        this.note(`${what} ids are written as floating-point numbers (1.0): they match no ids written as 1`);
      if (suspects.length > 0)
        this.note(
          `${what} ids that look like missing values were kept: ${suspects.map((id) => JSON.stringify(id)).join(', ')}`,
        );
    }
    const log = new InteractionLog({
      users: this.#users.build('user'),
      items: this.#items.build('item'),
      user: this.#user.finish(length),
      item: this.#item.finish(length),
      timestamp,
      timeUnit: this.#times ? 'seconds' : 'position',
      ...(this.#options.hasRating ? { rating: this.#rating.finish(length) } : {}),
      ...(this.#options.hasRequest ? { request: this.#request.finish(length) } : {}),
    });
    return {
      log,
      reading: {
        files: this.#files,
        rows: this.#rows,
        interactions: length,
        skipped,
        timestampUnit: this.#times?.unit ?? 'position',
        notes: this.#notes,
      },
    };
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

function faultAt(
  at: RowPlace,
  expected: string,
  received: string,
  hint: string,
  cause?: unknown,
): ParseError {
  return new ParseError(positionOf(at), { expected, received, hint, cause });
}
