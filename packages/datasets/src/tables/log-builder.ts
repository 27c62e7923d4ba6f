import { InteractionLog, ParseError, type ReadingReport } from '@palate/core';
import type { RecordFields } from '../files/delimited-records.js';
import { parseDecimalBytes } from './field-values.js';
import { IdInterner, NotUtf8 } from './id-interner.js';
import { InteractionColumns } from './interaction-columns.js';
import type { FieldColumns, InteractionValues } from './interaction-values.js';
import { faultAt, hintWithout, RowFaults, type SkipCause } from './row-faults.js';
import type { RowPosition } from './row-position.js';
import { TimeReader, type TimestampUnit } from './times.js';
import { type ColumnNames, ValueReader } from './value-reader.js';

/** Options of a builder: what it collects. */
export interface LogBuilderOptions {
  readonly hasRating: boolean;
  /** `'position'` where the order of a user's rows is the time. */
  readonly unit: TimestampUnit | 'position';
  readonly hasRequest?: boolean | undefined;
  readonly skip?: readonly SkipCause[] | undefined;
  /** Names of the columns, for messages. */
  readonly names?: ColumnNames | undefined;
}

/**
 * Collects interactions into columns. A row that cannot be one is an error with its position, or is left out and counted
 * where the caller listed its cause.
 */
export class LogBuilder {
  readonly #users = new IdInterner();
  readonly #items = new IdInterner();
  readonly #requests = new IdInterner();
  readonly #columns: InteractionColumns;
  readonly #lengths: number[] = [];
  readonly #options: LogBuilderOptions;
  readonly #times: TimeReader | undefined;
  readonly #faults: RowFaults;
  readonly #values: ValueReader;
  readonly #notes: string[] = [];
  readonly #files: string[] = [];

  constructor(options: LogBuilderOptions) {
    this.#options = options;
    const { hasRating, hasRequest = false } = options;
    this.#columns = new InteractionColumns({ hasRating, hasRequest });
    this.#faults = new RowFaults(options.skip);
    this.#times = options.unit === 'position' ? undefined : new TimeReader(options.unit);
    this.#values = new ValueReader(this.#faults, this.#times, options.names);
  }

  /** Interactions so far. */
  get length(): number {
    return this.#columns.length;
  }

  /** Names a file that is read, for the report. */
  beginFile(path: string): void {
    this.#files.push(path);
  }

  /** Adds a remark to the report. */
  note(text: string): void {
    this.#notes.push(text);
  }

  /** Counts rows that a rule leaves out. */
  leaveOut(cause: string, count = 1): void {
    this.#faults.leaveOut(cause, count);
  }

  /** Leaves a faulty row out where its cause is listed; throws the error otherwise. */
  fault(cause: SkipCause, error: () => ParseError): void {
    this.#faults.fault(cause, error);
  }

  /** Adds a record of a text table. Returns whether it became an interaction. */
  addFields(fields: RecordFields, columns: FieldColumns): boolean {
    const { bytes, starts, ends, whole } = fields;
    if (fields.isEmpty(columns.user)) return this.#emptyField(fields, columns.user, 'user');
    if (fields.isEmpty(columns.item)) return this.#emptyField(fields, columns.item, 'item');
    let rating = 0;
    if (columns.rating !== undefined) {
      const k = columns.rating;
      fields.cursor = k;
      rating = whole[k]!;
      if (!(rating >= 0)) rating = parseDecimalBytes(bytes, starts[k]!, ends[k]!);
      if (!Number.isFinite(Math.fround(rating))) {
        const checked = this.#values.ratingOf(fields.text(k), fields);
        if (checked === undefined) return false;
        rating = checked;
      }
    }
    let time = 0;
    if (columns.timestamp !== undefined) {
      const k = columns.timestamp;
      fields.cursor = k;
      const times = this.#times as TimeReader;
      let value = Number.NaN;
      if (times.readsNumbers)
        value = whole[k]! >= 0 ? whole[k]! : parseDecimalBytes(bytes, starts[k]!, ends[k]!);
      const checked = Number.isFinite(value)
        ? this.#values.numberTime(value, fields)
        : this.#values.textTime(fields.text(k), fields);
      if (checked === undefined) return false;
      time = checked;
    }
    const user = this.#intern(this.#users, fields, columns.user);
    if (user < 0) return this.#emptyField(fields, columns.user, 'user');
    const item = this.#intern(this.#items, fields, columns.item);
    if (item < 0) return this.#emptyField(fields, columns.item, 'item');
    this.#push(
      user,
      item,
      rating,
      time,
      columns.request === undefined || fields.isEmpty(columns.request)
        ? -1
        : this.#intern(this.#requests, fields, columns.request),
    );
    return true;
  }

  /** Adds one interaction given as values. Returns whether it became one. */
  addValues(values: InteractionValues, at: RowPosition): boolean {
    const user = this.#values.idOf(values.user, 'user', at);
    if (user === undefined) return false;
    const item = this.#values.idOf(values.item, 'item', at);
    if (item === undefined) return false;
    let rating: number | undefined = 0;
    if (this.#options.hasRating) {
      rating = this.#values.ratingOf(values.rating, at);
      if (rating === undefined) return false;
    }
    let time: number | undefined = 0;
    if (this.#times) {
      time = this.#values.timeOf(values.timestamp, at);
      if (time === undefined) return false;
    }
    let request = -1;
    if (this.#options.hasRequest) {
      const id = this.#values.idOf(values.request, 'request', at);
      request = id === undefined ? -1 : this.#requests.addText(id);
    }
    this.#push(this.#users.addText(user), this.#items.addText(item), rating, time, request);
    return true;
  }

  #emptyField(fields: RecordFields, k: number, what: 'user' | 'item'): false {
    fields.cursor = k;
    const cause = `no-${what}` as const;
    this.fault(cause, () =>
      faultAt(fields, `${what === 'user' ? 'a' : 'an'} ${what} id`, 'an empty field', hintWithout(cause)),
    );
    return false;
  }

  #intern(ids: IdInterner, fields: RecordFields, k: number): number {
    const whole = fields.whole[k]!;
    return whole >= 0 ? ids.addNumber(whole) : this.#internText(ids, fields, k);
  }

  #internText(ids: IdInterner, fields: RecordFields, k: number): number {
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
    let at = time;
    if (!this.#times) {
      at = this.#lengths[user] ?? 0;
      this.#lengths[user] = at + 1;
    }
    this.#columns.push(user, item, at, rating, request);
  }

  /**
   * The log and the report of its reading.
   *
   * @param path - what the message calls the data if there is no interaction
   * @throws ParseError if no row became an interaction, or times are of two units
   */
  build(path: string): { readonly log: InteractionLog; readonly reading: ReadingReport } {
    const { length } = this.#columns;
    const skipped = this.#faults.byCause;
    const rows = length + this.#faults.count;
    if (length === 0)
      throw new ParseError(
        { file: path, line: 1, column: 1 },
        {
          expected: 'at least one interaction',
          received: rows === 0 ? 'a header alone' : `${rows} rows, all left out: ${JSON.stringify(skipped)}`,
          hint: 'Check that the file was written completely, and the rules that leave rows out.',
        },
      );
    const columns = this.#columns.finish();
    this.#times?.finish(columns.timestamp);
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
      ...columns,
      timeUnit: this.#times ? 'seconds' : 'position',
    });
    return {
      log,
      reading: {
        files: this.#files,
        rows,
        interactions: length,
        skipped,
        timestampUnit: this.#times?.unit ?? 'position',
        notes: this.#notes,
      },
    };
  }
}
