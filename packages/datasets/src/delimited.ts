import { type InteractionLog, type LongCallOptions, ParseError } from '@palate/core';
import { parse } from 'csv-parse/sync';
import { LogBuilder, type TimestampUnit } from './log-builder.js';
import { decodeLine, readLines } from './read-lines.js';

/** Where the values stand in a delimited line, counted from 0. */
export interface DelimitedColumns {
  readonly user: number;
  readonly item: number;
  readonly rating?: number;
  readonly timestamp?: number;
}

/** How a delimited file is laid out. */
export interface DelimitedLayout {
  /** One or more characters between fields: `','`, `'\t'`, `'::'`. */
  readonly delimiter: string;
  readonly columns: DelimitedColumns | ((header: readonly string[]) => DelimitedColumns);
  /** True when the first line names the columns. */
  readonly header: boolean;
  readonly timestampUnit: TimestampUnit;
}

const QUOTE = 34;

/**
 * Reads interactions from a delimited text file in one pass over its bytes.
 *
 * Lines without quotes are taken apart as bytes; records with quotes, also over several lines, go through
 * csv-parse. Without a timestamp column the row's position within its user is the time.
 *
 * @throws ParseError naming file, line and column of the first malformed field
 */
export async function readDelimited(
  path: string,
  layout: DelimitedLayout,
  options: LongCallOptions = {},
): Promise<InteractionLog> {
  const delimiter = Buffer.from(layout.delimiter);
  const first = delimiter[0]!;
  let columns = typeof layout.columns === 'function' ? undefined : layout.columns;
  let builder: LogBuilder | undefined;
  let fieldsExpected = 0;
  let widest = 0;
  let timeless = new Map<number, number>();
  // Byte ranges of the fields of the line at hand.
  let starts = new Int32Array(64);
  let ends = new Int32Array(64);
  let pending: { readonly text: string; readonly line: number } | undefined;

  const begin = (resolved: DelimitedColumns): LogBuilder => {
    columns = resolved;
    widest = Math.max(resolved.user, resolved.item, resolved.rating ?? 0, resolved.timestamp ?? 0);
    timeless = new Map();
    return new LogBuilder({
      hasRating: resolved.rating !== undefined,
      unit: resolved.timestamp === undefined ? 'position' : layout.timestampUnit,
    });
  };
  if (columns) builder = begin(columns);

  const positionOf = (line: number, bytes: Buffer, lineStart: number, at: number) => ({
    file: path,
    line,
    column: bytes.toString('utf8', lineStart, at).length + 1,
  });

  const wrongWidth = (line: number, found: number): never => {
    throw new ParseError(
      { file: path, line, column: 1 },
      {
        expected:
          fieldsExpected > 0
            ? `${fieldsExpected} fields separated by ${JSON.stringify(layout.delimiter)}`
            : `at least ${widest + 1} fields separated by ${JSON.stringify(layout.delimiter)}`,
        received: `${found}`,
        hint: 'Repair or remove the line, or pass the right delimiter.',
      },
    );
  };

  const visitBytes = (bytes: Buffer, lineStart: number, end: number, line: number): void => {
    let count = 0;
    let from = lineStart;
    for (let at = lineStart; ; at++) {
      const done = at >= end;
      if (!done) {
        if (bytes[at] !== first) continue;
        let matched = 1;
        while (matched < delimiter.length && bytes[at + matched] === delimiter[matched] && at + matched < end)
          matched++;
        if (matched < delimiter.length) continue;
      }
      if (count === starts.length) {
        const wider = new Int32Array(count * 2);
        wider.set(starts);
        starts = wider;
        const widerEnds = new Int32Array(count * 2);
        widerEnds.set(ends);
        ends = widerEnds;
      }
      starts[count] = from;
      ends[count] = Math.min(at, end);
      count++;
      if (done) break;
      at += delimiter.length - 1;
      from = at + 1;
    }
    if (!builder || !columns) {
      const names = Array.from({ length: count }, (_, k) =>
        decodeLine(bytes, starts[k]!, ends[k]!, { file: path, line }).trim(),
      );
      fieldsExpected = count;
      builder = begin((layout.columns as (header: readonly string[]) => DelimitedColumns)(names));
      return;
    }
    if (fieldsExpected === 0) fieldsExpected = count;
    if (count !== fieldsExpected || count <= widest) wrongWidth(line, count);
    const field = (k: number, what: string): void => {
      if (ends[k]! > starts[k]!) return;
      throw new ParseError(positionOf(line, bytes, lineStart, starts[k]!), {
        expected: `a ${what}`,
        received: 'an empty field',
        hint: 'Repair or remove the line.',
      });
    };
    field(columns.user, 'user id');
    field(columns.item, 'item id');
    const user = builder.userFromBytes(bytes, starts[columns.user]!, ends[columns.user]!);
    const item = builder.itemFromBytes(bytes, starts[columns.item]!, ends[columns.item]!);
    let rating = 0;
    if (columns.rating !== undefined) {
      const k = columns.rating;
      rating = parseNumber(bytes, starts[k]!, ends[k]!);
      if (!Number.isFinite(rating))
        throw new ParseError(positionOf(line, bytes, lineStart, starts[k]!), {
          expected: 'a rating (a number)',
          received: JSON.stringify(bytes.toString('utf8', starts[k]!, ends[k]!)),
          hint: 'Repair or remove the line, or correct the column map.',
        });
    }
    let time: number;
    if (columns.timestamp === undefined) {
      time = timeless.get(user) ?? 0;
      timeless.set(user, time + 1);
    } else {
      const k = columns.timestamp;
      time =
        layout.timestampUnit === 'iso'
          ? Date.parse(bytes.toString('utf8', starts[k]!, ends[k]!)) / 1000
          : parseNumber(bytes, starts[k]!, ends[k]!);
      if (!Number.isFinite(time))
        throw new ParseError(positionOf(line, bytes, lineStart, starts[k]!), {
          expected: layout.timestampUnit === 'iso' ? 'a date and time in ISO 8601' : 'a time (a number)',
          received: JSON.stringify(bytes.toString('utf8', starts[k]!, ends[k]!)),
          hint: 'Repair or remove the line, or correct the column map.',
        });
      time = builder.checkTime(time, () => positionOf(line, bytes, lineStart, starts[k]!));
    }
    builder.push(user, item, rating, time);
  };

  /** Takes a quoted record apart with csv-parse and hands its fields on as one unquoted line. */
  const visitQuoted = (text: string, line: number): void => {
    let record: string[] | undefined;
    try {
      [record] = parse(text, { delimiter: layout.delimiter, relax_column_count: true }) as string[][];
    } catch (cause) {
      throw new ParseError(
        { file: path, line, column: 1 },
        {
          expected: 'quoted fields as RFC 4180 has them',
          received: (cause as Error).message,
          hint: 'Close the quotes, doubling quotes inside them.',
          cause,
        },
      );
    }
    // No field may bring the delimiter back in: it stands in none of the fields that are read.
    const clean = (record ?? []).map((value) =>
      value
        .split(layout.delimiter)
        .join(' ')
        .replace(/[\r\n]+/g, ' '),
    );
    if (columns)
      for (const k of [columns.user, columns.item])
        if (clean[k] !== undefined && clean[k] !== record?.[k])
          throw new ParseError(
            { file: path, line, column: 1 },
            {
              expected: 'ids without the delimiter or line ends',
              received: JSON.stringify(record?.[k]),
              hint: 'Rename the id.',
            },
          );
    const bytes = Buffer.from(clean.join(layout.delimiter));
    visitBytes(bytes, 0, bytes.length, line);
  };

  let skipHeader = layout.header && typeof layout.columns !== 'function';
  await readLines(
    path,
    (bytes, start, end, line) => {
      if (skipHeader) {
        skipHeader = false;
        return;
      }
      const hasQuote = bytes.subarray(start, end).includes(QUOTE);
      if (!hasQuote && !pending) return visitBytes(bytes, start, end, line);
      const text = decodeLine(bytes, start, end, { file: path, line });
      const joined = pending ? `${pending.text}\n${text}` : text;
      const firstLine = pending?.line ?? line;
      pending = undefined;
      if ((joined.split('"').length - 1) % 2 === 1) {
        pending = { text: joined, line: firstLine };
        return;
      }
      visitQuoted(joined, firstLine);
    },
    options,
  );
  if (pending)
    throw new ParseError(
      { file: path, line: pending.line, column: 1 },
      {
        expected: 'a closing quote',
        received: 'the end of the file',
        hint: 'Close the quotes; the file may be cut short.',
      },
    );
  if (!builder || builder.length === 0)
    throw new ParseError(
      { file: path, line: 1, column: 1 },
      {
        expected: 'at least one interaction',
        received: 'a header alone',
        hint: 'Check that the file was written completely.',
      },
    );
  return builder.build();
}

/** A decimal number from ASCII bytes; NaN if it is none. Plain digits and one point take no string. */
function parseNumber(bytes: Buffer, start: number, end: number): number {
  let at = start;
  let sign = 1;
  if (bytes[at] === 45) {
    sign = -1;
    at++;
  }
  if (at >= end || end - at > 15) return at >= end ? Number.NaN : parseSlowly(bytes, start, end);
  let value = 0;
  let scale = 0;
  let digits = 0;
  for (; at < end; at++) {
    const code = bytes[at]!;
    if (code === 46 && scale === 0) {
      scale = 1;
      continue;
    }
    const digit = code - 48;
    if (digit < 0 || digit > 9) return parseSlowly(bytes, start, end);
    value = value * 10 + digit;
    digits++;
    if (scale > 0) scale *= 10;
  }
  return digits === 0 ? Number.NaN : (sign * value) / (scale || 1);
}

/** The rare forms: spaces around, exponents, many digits. */
function parseSlowly(bytes: Buffer, start: number, end: number): number {
  const text = bytes.toString('latin1', start, end).trim();
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : Number.NaN;
}
