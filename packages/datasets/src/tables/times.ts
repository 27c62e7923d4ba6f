import { ParseError, type SourcePosition } from '@palate/core';
import { positionOf, type RowPosition } from './row-position.js';

/**
 * How times are written in a file; `'auto'` tells dates (ISO 8601, or with the month named in English), seconds, milli-, micro-
 * and nanoseconds apart. `03/02/2024` is ambiguous: `'day-first'` or `'month-first'` has to be said, and says nothing of
 * dates that can be read in one way alone.
 */
export const TIMESTAMP_UNITS = [
  'auto',
  'seconds',
  'milliseconds',
  'microseconds',
  'nanoseconds',
  'days',
  'yyyymmdd',
  'iso',
  'day-first',
  'month-first',
] as const;

/** One of {@link TIMESTAMP_UNITS}. */
export type TimestampUnit = (typeof TIMESTAMP_UNITS)[number];

/** Newest time that is taken for seconds since 1970: the start of the year 2100. */
const LATEST_SECONDS = 4_102_444_800;

/** The start of the year 1990: a finer unit than seconds is only guessed for files that reach beyond it. */
const EARLIEST_GUESS = 631_152_000;

const DAY = 86_400;

/** How many of a unit make a second. */
const PER_SECOND = { seconds: 1, milliseconds: 1e3, microseconds: 1e6, nanoseconds: 1e9 } as const;

const ISO =
  /^(\d{4})-(\d{2})-(\d{2})(?:[Tt ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s?(?:(Z|z|UTC)|([+-])(\d{2}):?(\d{2})?)?)?$/;

/** Seconds since 1970 of a day of the calendar; NaN where there is no such day. */
export function secondsOfDate(year: number, month: number, day: number): number {
  const time = Date.UTC(year, month - 1, day);
  const date = new Date(time);
  return date.getUTCFullYear() === year && date.getUTCMonth() === month - 1 && date.getUTCDate() === day
    ? time / 1000
    : Number.NaN;
}

/**
 * Seconds since 1970 of a date, or date and time, in ISO 8601: `2018-07-07`, `2018-07-07T22:09:11`,
 * `2018-07-07 22:09:11.250+02:00`. Without a zone it is UTC, on every machine. NaN for everything else: days that
 * do not exist, other orders of day and month, a time of 24:00.
 */
function parseIso(text: string): number {
  const match = ISO.exec(text.trim());
  if (!match) return Number.NaN;
  const [
    ,
    year,
    month,
    day,
    hour = '0',
    minute = '0',
    second = '0',
    fraction = '',
    ,
    sign,
    zoneHour,
    zoneMinute = '0',
  ] = match;
  const [h, m, s] = [Number(hour), Number(minute), Number(second)];
  const zone = sign === undefined ? 0 : (Number(zoneHour) * 60 + Number(zoneMinute)) * 60;
  if (h > 23 || m > 59 || s > 59 || Number(zoneMinute) > 59 || zone > 14 * 3600) return Number.NaN;
  const whole =
    secondsOfDate(Number(year), Number(month), Number(day)) +
    h * 3600 +
    m * 60 +
    s -
    (sign === '-' ? -zone : zone);
  return fraction === '' ? whole : whole + Number(`0.${fraction}`);
}

const ORDERED =
  /^(\d{1,2})([./-])(\d{1,2})\2(\d{4})(?:,?[ T](\d{1,2}):(\d{2})(?::(\d{2}))?(?:\s?([AaPp])\.?[Mm]\.?)?)?$/;

/**
 * Seconds since 1970 of a date with its year last: `31.12.2023`, `12/31/2023 11:59 PM`; in UTC. NaN for everything else,
 * and for days that do not exist.
 */
export function parseYearLast(text: string, order: 'day-first' | 'month-first'): number {
  const match = ORDERED.exec(text.trim());
  if (!match) return Number.NaN;
  const [, first, , second, year, hour, minute, rest, half] = match;
  const [day, month] = order === 'day-first' ? [first, second] : [second, first];
  return secondsOfDate(Number(year), Number(month), Number(day)) + secondsOfClock(hour, minute, rest, half);
}

/** The first three letters of the months, in English. */
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const MONTH =
  '(jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\\.?';
const CLOCK = '(?:,?[ T](\\d{1,2}):(\\d{2})(?::(\\d{2}))?(?:\\s?([ap])\\.?m\\.?)?)?';
const MONTH_NAMED = new RegExp(`^${MONTH} (\\d{1,2}),? (\\d{4})${CLOCK}$`, 'i');
const DAY_BEFORE_NAME = new RegExp(`^(\\d{1,2})\\.?[ -]${MONTH}[ -](\\d{4})${CLOCK}$`, 'i');

/**
 * Seconds since 1970 of a date whose month is named in English: `Feb 12, 2026`, `12 February 2026 14:05`, `12-Feb-2026`; in
 * UTC. NaN for everything else, and for days that do not exist.
 */
export function parseNamedMonth(text: string): number {
  const [, name, first, ...rest] = MONTH_NAMED.exec(text.trim()) ?? [];
  const [, day = first, month = name, ...later] = DAY_BEFORE_NAME.exec(text.trim()) ?? [];
  if (day === undefined || month === undefined) return Number.NaN;
  const [year, hour, minute, second, half] = name === undefined ? later : rest;
  const days = secondsOfDate(Number(year), MONTHS.indexOf(month.slice(0, 3).toLowerCase()) + 1, Number(day));
  return days + secondsOfClock(hour, minute, second, half);
}

/** Seconds of a time of the day, with AM and PM or without; NaN where there is no such time. */
function secondsOfClock(
  hour = '0',
  minute = '0',
  second = '0',
  half: string | undefined = undefined,
): number {
  const [h, m, s] = [Number(hour), Number(minute), Number(second)];
  if (m > 59 || s > 59 || (half === undefined ? h > 23 : h < 1 || h > 12)) return Number.NaN;
  return (half === undefined ? h : (h % 12) + (/p/i.test(half) ? 12 : 0)) * 3600 + m * 60 + s;
}

/** Seconds since 1970 of a date that can be read in one way alone: in ISO 8601, or with its month named. NaN for others. */
export function parsePlainDate(text: string): number {
  const seconds = parseIso(text);
  return Number.isNaN(seconds) ? parseNamedMonth(text) : seconds;
}

/** Seconds since 1970 of a day written as the number 20180707; NaN where there is no such day. */
function secondsOfNumberDate(value: number): number {
  return Number.isInteger(value)
    ? secondsOfDate(Math.floor(value / 10_000), Math.floor(value / 100) % 100, value % 100)
    : Number.NaN;
}

/** Units of numbers. */
type NumberUnit = Exclude<TimestampUnit, 'auto' | 'iso' | 'day-first' | 'month-first'>;

/** Whether a text is a date with its year last, in one order or the other. */
export const isYearLast = (text: string): boolean =>
  Number.isFinite(parseYearLast(text, 'day-first')) || Number.isFinite(parseYearLast(text, 'month-first'));

/** Seconds since 1970 of a number in a unit that is known. */
function toSeconds(value: number, unit: NumberUnit): number {
  if (unit === 'days') return value * DAY;
  if (unit === 'yyyymmdd') return secondsOfNumberDate(value);
  return value / PER_SECOND[unit];
}

/** Where a time stood, kept for the largest and the smallest only. */
interface Extreme {
  value: number;
  file: string;
  line: number;
}

/**
 * Collects the times of a file and brings them to seconds since 1970: at once where the unit is known, at the end
 * where it is to be told by the largest of them.
 */
export class TimeReader {
  readonly #asked: TimestampUnit;
  /** Kind of the first value of an `'auto'` column. */
  #kind: 'numbers' | 'iso' | undefined;
  readonly #least: Extreme = { value: Number.POSITIVE_INFINITY, file: '', line: 1 };
  readonly #greatest: Extreme = { value: Number.NEGATIVE_INFINITY, file: '', line: 1 };
  #unit: TimestampUnit;

  constructor(asked: TimestampUnit) {
    this.#asked = asked;
    this.#unit = asked;
  }

  /** The unit that the times turned out to have; final after {@link finish}. */
  get unit(): TimestampUnit {
    return this.#unit;
  }

  /** The order of a date whose year comes last, where it was said. */
  get #order(): 'day-first' | 'month-first' | undefined {
    return this.#asked === 'day-first' || this.#asked === 'month-first' ? this.#asked : undefined;
  }

  /** Seconds since 1970 of a text as it was said to be written; NaN where it is not. */
  parse(text: string): number {
    if (this.#asked === 'iso') return parseIso(text);
    // The form that was said comes first: no text is a date in this one and in another.
    const ordered = this.#order ? parseYearLast(text, this.#order) : Number.NaN;
    return Number.isNaN(ordered) ? parsePlainDate(text) : ordered;
  }

  /** Advice about a text that cannot be read as a time; undefined where nothing else can be said than of any value. */
  hintFor(text: string): string | undefined {
    if (this.#order || !this.readsText || !isYearLast(text)) return undefined;
    return "Say whether the day or the month comes first: timestampUnit: 'day-first' or 'month-first' (--time-unit).";
  }

  /** Whether texts have to be read as dates. */
  get readsText(): boolean {
    return (
      this.#order !== undefined ||
      this.#asked === 'iso' ||
      (this.#asked === 'auto' && this.#kind !== 'numbers')
    );
  }

  /** Whether numbers may stand for times. */
  get readsNumbers(): boolean {
    return !this.#order && this.#asked !== 'iso' && this.#kind !== 'iso';
  }

  /** Form that a time has to have, for messages. */
  get expected(): string {
    if (this.#order)
      return this.#order === 'day-first' ? 'a date such as 31.12.2023' : 'a date such as 12/31/2023';
    return this.#asked === 'iso' || this.#kind === 'iso'
      ? `a date and time in ISO 8601${this.#asked === 'iso' ? '' : ', or with its month named'}`
      : this.#asked === 'auto' && this.#kind === undefined
        ? 'a time (a number, or a date and time in ISO 8601)'
        : 'a time (a number)';
  }

  /** A time that is in seconds already: a date of ISO 8601, or a typed column. Returns what is to be kept. */
  date(seconds: number, at: RowPosition): number {
    this.#kind ??= 'iso';
    if (seconds >= 0 && seconds <= LATEST_SECONDS) return seconds;
    throw outOfRange(positionOf(at), String(seconds), 'Repair or remove the line.');
  }

  /**
   * A number that stands for a time. Returns what is to be kept for {@link finish}.
   *
   * @throws ParseError for a time before 1970 or after 2100
   */
  number(value: number, at: RowPosition): number {
    this.#kind ??= 'numbers';
    if (this.#asked === 'auto') {
      if (value > this.#greatest.value) note(this.#greatest, value, at);
      if (value < this.#least.value) note(this.#least, value, at);
      if (value < 0) throw outOfRange(positionOf(at), String(value), 'Repair or remove the line.');
      return value;
    }
    const seconds = toSeconds(value, this.#asked as NumberUnit);
    if (seconds >= 0 && seconds <= LATEST_SECONDS) return seconds;
    const fitting = seconds > LATEST_SECONDS ? unitOf(value) : undefined;
    throw outOfRange(
      positionOf(at),
      String(value),
      fitting === undefined || fitting === this.#asked
        ? 'Repair or remove the line.'
        : `The file seems to hold ${fitting}: pass timestampUnit: '${fitting}'.`,
    );
  }

  /**
   * Brings the kept numbers to seconds in place, once all are read.
   *
   * @throws ParseError if they are of two units, or dates in digits
   */
  finish(kept: Float64Array): void {
    if (this.#asked !== 'auto') return;
    if (this.#kind !== 'numbers') {
      this.#unit = this.#kind === 'iso' ? 'iso' : 'seconds';
      return;
    }
    const most = this.#greatest.value;
    const positionIn = ({ file, line }: Extreme): SourcePosition => ({ file, line, column: 1 });
    const position = positionIn(this.#greatest);
    if (kept.length === 0) return;
    const unit = unitOf(most);
    if (unit === undefined) throw outOfRange(position, String(most), 'Repair or remove the line.');
    if (unit !== 'seconds' && most / PER_SECOND[unit] < EARLIEST_GUESS)
      throw outOfRange(
        position,
        `${most}, which is not a time after 1990 in any unit`,
        'Repair or remove the line, or pass timestampUnit.',
      );
    this.#unit = unit;
    // A million and more in a coarser unit, yet in the first weeks of 1970 in this one: another unit's time.
    const least = this.#least;
    if (unit !== 'seconds' && least.value >= 1e8 && least.value / PER_SECOND[unit] < LATEST_SECONDS / 1e3)
      throw new ParseError(positionIn(least), {
        expected: `times in one unit: ${most} in line ${position.line} is a time in ${unit}`,
        received: String(least.value),
        hint: 'Bring the times to one unit, or pass timestampUnit.',
      });
    if (
      unit === 'seconds' &&
      least.value >= 19_000_101 &&
      most <= 21_001_231 &&
      kept.every((value) => secondsOfNumberDate(value) >= 0)
    )
      throw new ParseError(position, {
        expected: 'times in seconds, milliseconds, microseconds or nanoseconds since 1970',
        received: `${most}, which looks like a date written in digits, like all others`,
        hint: "Pass timestampUnit: 'yyyymmdd', or 'seconds' if they are seconds.",
      });
    const divisor = PER_SECOND[unit];
    if (divisor !== 1) for (let k = 0; k < kept.length; k++) kept[k]! /= divisor;
  }
}

function note(extreme: Extreme, value: number, at: RowPosition): void {
  extreme.value = value;
  extreme.file = at.file;
  extreme.line = at.line;
}

/** The coarsest unit in which a number is a time up to 2100. */
export function unitOf(value: number): keyof typeof PER_SECOND | undefined {
  return (Object.keys(PER_SECOND) as (keyof typeof PER_SECOND)[]).find(
    (unit) => value / PER_SECOND[unit] <= LATEST_SECONDS,
  );
}

function outOfRange(position: SourcePosition, received: string, hint: string): ParseError {
  return new ParseError(position, { expected: 'a time from 1970 to 2100 in seconds', received, hint });
}

/** The coarsest step of which all times are whole multiples. */
export type TimeGranularity = 'day' | 'hour' | 'minute' | 'second' | 'finer';

/** Tells the granularity of times in seconds since 1970: `'day'` means that the order within a day is not known. */
export function granularityOf(seconds: Float64Array): TimeGranularity {
  const steps = [
    [DAY, 'day'],
    [3600, 'hour'],
    [60, 'minute'],
    [1, 'second'],
  ] as const;
  let at = 0;
  for (const value of seconds) {
    while (at < steps.length && value % (steps[at]?.[0] ?? 1) !== 0) at++;
    if (at === steps.length) return 'finer';
  }
  return steps[at]?.[1] ?? 'finer';
}
