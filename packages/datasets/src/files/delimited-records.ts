import { InvalidInputError, ParseError, type SourcePosition } from '@palate/core';
import { decodeLine, LONGEST_LINE, readLines, type TextOptions } from './read-lines.js';

/** How the fields of a text table are separated. */
export interface RecordLayout {
  /** One or more characters between fields: `','`, `'\t'`, `'::'`. */
  readonly delimiter: string;
  /** The character around fields that hold delimiters or line ends; `false` where every character is itself. */
  readonly quote: string | false;
  /** Character that makes a quote inside of quotes a plain one: the quote itself (RFC 4180), or `'\\'`. */
  readonly escape?: string | undefined;
}

const SPACE = 32;
const TAB = 9;
const ZERO = 48;
const NINE = 57;
const TENS = [1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6];

/** The fields of one record as ranges of bytes, blanks around them left out. One object serves all records. */
export class RecordFields {
  readonly file: string;
  bytes: Buffer = Buffer.alloc(0);
  /** Line on which the record begins, from 1. */
  line = 0;
  count = 0;
  starts = new Int32Array(64);
  ends = new Int32Array(64);
  /**
   * Values of fields that are whole numbers of at most 15 digits without zeros in front; NaN for others, for quoted ones, and for
   * all where a digit is the delimiter.
   */
  whole = new Float64Array(64);
  recordStart = 0;
  /** The field that is looked at, for {@link position}. */
  cursor = 0;

  constructor(file: string) {
    this.file = file;
  }

  /**
   * A field as text.
   *
   * @param notUtf8 - how bytes that are not UTF-8 are read; left out: refused with a ParseError
   */
  text(k: number, notUtf8?: 'latin1'): string {
    return decodeLine(this.bytes, this.starts[k]!, this.ends[k]!, this, notUtf8 ? 'auto' : 'utf-8');
  }

  isEmpty(k: number): boolean {
    return this.ends[k]! <= this.starts[k]!;
  }

  /** Position of the field at the cursor, for messages. */
  position(): SourcePosition {
    const before = this.bytes.toString('utf8', this.recordStart, this.starts[this.cursor]);
    return { file: this.file, line: this.line, column: before.length + 1 };
  }

  add(start: number, end: number, whole: number): void {
    if (this.count === this.starts.length) this.#widen();
    this.starts[this.count] = start;
    this.ends[this.count] = end;
    this.whole[this.count] = whole;
    this.count++;
  }

  #widen(): void {
    const { starts, ends, whole } = this;
    const length = 2 * starts.length;
    this.starts = new Int32Array(length);
    this.ends = new Int32Array(length);
    this.whole = new Float64Array(length);
    this.starts.set(starts);
    this.ends.set(ends);
    this.whole.set(whole);
  }
}

/** Facts that reading a text table has seen beside its records. */
export interface RecordsRead {
  /** The record over the most lines: `lines` is 1 where none spans several. */
  readonly longest: { readonly line: number; readonly lines: number };
  /** Records over several lines. */
  readonly spanning: number;
}

/**
 * Reads a delimited text file record by record, in one pass over its bytes and time linear in them.
 *
 * A quote opens only at the beginning of a field, as RFC 4180 has it; a quoted field may hold delimiters and line ends.
 *
 * @throws ParseError naming the line where quotes are malformed or never close
 * @throws InvalidInputError for a quote, escape or delimiter that cannot work
 */
export async function readRecords(
  path: string,
  layout: RecordLayout,
  visit: (fields: RecordFields) => void,
  options: TextOptions = {},
): Promise<RecordsRead> {
  const scan = new RecordScanner(path, layout);
  const longestRecord = options.maxLineBytes ?? LONGEST_LINE;
  let open: Buffer[] = [];
  let openBytes = 0;
  let openLine = 0;
  let spanning = 0;
  let longest = { line: 0, lines: 1 };
  const neverCloses = (received: string): ParseError =>
    new ParseError(
      { file: path, line: openLine, column: 1 },
      {
        expected: 'a closing quote',
        received,
        hint: 'Close the quotes, doubling quotes inside them; if the file has no quoting, pass quote: false.',
      },
    );
  await readLines(
    path,
    (bytes, start, end, line) => {
      if (open.length > 0) {
        open.push(NEWLINE, Buffer.from(bytes.subarray(start, end)));
        openBytes += end - start + 1;
        if (openBytes > longestRecord)
          throw neverCloses(`none within ${longestRecord.toLocaleString('en-US')} bytes`);
        if (scan.staysOpen(bytes, start, end, true)) return;
        const record = Buffer.concat(open);
        open = [];
        spanning++;
        if (line - openLine + 1 > longest.lines) longest = { line: openLine, lines: line - openLine + 1 };
        visit(scan.quoted(record, 0, record.length, openLine));
      } else if (scan.isBlank(bytes, start, end)) return;
      else if (!scan.hasQuote(bytes, start, end)) visit(scan.plain(bytes, start, end, line));
      else if (scan.staysOpen(bytes, start, end, false)) {
        open = [Buffer.from(bytes.subarray(start, end))];
        openBytes = end - start;
        openLine = line;
      } else visit(scan.quoted(bytes, start, end, line));
    },
    { ...options, emptyLines: true },
  );
  if (open.length > 0) throw neverCloses('the end of the file');
  return { longest, spanning };
}

const NEWLINE = Buffer.from('\n');

/** Takes records apart. Methods return the same {@link RecordFields}, filled again. */
class RecordScanner {
  readonly #fields: RecordFields;
  readonly #delimiter: Buffer;
  readonly #first: number;
  readonly #quote: number;
  readonly #escape: number;
  readonly #blanks: readonly number[];
  /** The next quote in the bytes that are looked at, from the record at `#from` on; `Infinity` where there is none. */
  #nextQuote = -1;
  #from = -1;
  #looked: Buffer | undefined;

  constructor(path: string, { delimiter, quote, escape: escaping }: RecordLayout) {
    const oneCharacter = (name: string, value: string): number => {
      if (value.length === 1 && value >= ' ' && value <= '~' && !delimiter.includes(value))
        return value.charCodeAt(0);
      throw new InvalidInputError({
        expected: `${name} to be one ASCII character that is not in the delimiter`,
        received: JSON.stringify(value),
        hint: `Pass another ${name}, or quote: false for a file without quoting.`,
      });
    };
    if (delimiter === '' || /[\r\n]/.test(delimiter))
      throw new InvalidInputError({
        expected: 'delimiter to be at least one character, and no line end',
        received: JSON.stringify(delimiter),
        hint: 'Pass the text that separates two fields.',
      });
    this.#fields = new RecordFields(path);
    this.#delimiter = Buffer.from(delimiter);
    this.#first = this.#delimiter[0]!;
    this.#quote = quote === false ? -1 : oneCharacter('quote', quote);
    this.#escape = quote === false ? -1 : oneCharacter('escape', escaping ?? quote);
    this.#blanks = [SPACE, TAB].filter((blank) => !this.#delimiter.includes(blank));
  }

  /** Whether a record holds a quote. Quotes are looked for once in the bytes of many records, which are asked for in order. */
  hasQuote(bytes: Buffer, start: number, end: number): boolean {
    if (this.#quote < 0) return false;
    const isNew = bytes !== this.#looked || start <= this.#from;
    if (isNew || this.#nextQuote < start) {
      const found = bytes.indexOf(this.#quote, start);
      this.#nextQuote = found < 0 ? Number.POSITIVE_INFINITY : found;
      this.#looked = bytes;
    }
    this.#from = start;
    return this.#nextQuote < end;
  }

  /** Start of the next delimiter from `at` on, or `end`. */
  #nextDelimiter(bytes: Buffer, at: number, end: number): number {
    while (at < end && !(bytes[at] === this.#first && this.#isDelimiter(bytes, at, end))) at++;
    return at;
  }

  /** Whether a delimiter begins where its first byte is. */
  #isDelimiter(bytes: Buffer, at: number, end: number): boolean {
    const delimiter = this.#delimiter;
    let matched = 1;
    while (matched < delimiter.length && at + matched < end && bytes[at + matched] === delimiter[matched])
      matched++;
    return matched === delimiter.length;
  }

  #skipBlanks(bytes: Buffer, at: number, end: number): number {
    while (at < end && this.#blanks.includes(bytes[at]!)) at++;
    return at;
  }

  /** Whether a line holds nothing, or blanks that are no delimiters. */
  isBlank(bytes: Buffer, start: number, end: number): boolean {
    return this.#skipBlanks(bytes, start, end) >= end;
  }

  /** Adds a field that is no plain number, without the blanks around it. */
  #add(bytes: Buffer, start: number, end: number): void {
    if (end > start && !(bytes[start]! > SPACE && bytes[end - 1]! > SPACE)) {
      start = this.#skipBlanks(bytes, start, end);
      while (end > start && this.#blanks.includes(bytes[end - 1]!)) end--;
    }
    this.#fields.add(start, end, Number.NaN);
  }

  #begin(bytes: Buffer, start: number, line: number): RecordFields {
    const fields = this.#fields;
    fields.bytes = bytes;
    fields.line = line;
    fields.count = 0;
    fields.recordStart = start;
    return fields;
  }

  /** A record without quotes. Whole numbers are read in the pass that finds the fields. */
  plain(bytes: Buffer, start: number, end: number, line: number): RecordFields {
    const fields = this.#begin(bytes, start, line);
    const first = this.#first;
    const width = this.#delimiter.length;
    const mayBeWhole = first < ZERO || first > NINE;
    for (let from = start; ; from += width) {
      let at = from;
      // The first nine digits, and up to six behind them: small enough for quick arithmetic.
      let value = 0;
      if (mayBeWhole) {
        for (const stop = Math.min(end, from + 9); at < stop; at++) {
          const byte = bytes[at]!;
          if (byte < ZERO || byte > NINE) break;
          value = (Math.imul(value, 10) + byte - ZERO) | 0;
        }
        if (at === from + 9) {
          let further = 0;
          for (const stop = Math.min(end, from + 15); at < stop; at++) {
            const byte = bytes[at]!;
            if (byte < ZERO || byte > NINE) break;
            further = (Math.imul(further, 10) + byte - ZERO) | 0;
          }
          value = value * TENS[at - from - 9]! + further;
        }
      }
      const digits = at - from;
      const endsHere =
        at === end || (bytes[at] === first && (width === 1 || this.#isDelimiter(bytes, at, end)));
      if (endsHere && digits > 0 && (digits === 1 || bytes[from] !== ZERO)) fields.add(from, at, value);
      else {
        if (!endsHere) at = this.#nextDelimiter(bytes, at, end);
        this.#add(bytes, from, at);
      }
      if (at >= end) return fields;
      from = at;
    }
  }

  /** Whether a quote is still open at the end of a piece of a record that begins inside of quotes or not. */
  staysOpen(bytes: Buffer, start: number, end: number, inQuotes: boolean): boolean {
    let at = start;
    for (;;) {
      if (!inQuotes) {
        at = this.#skipBlanks(bytes, at, end);
        inQuotes = at < end && bytes[at] === this.#quote;
        if (inQuotes) at++;
      }
      if (inQuotes) {
        at = this.#closingQuote(bytes, at, end);
        if (at === end) return true;
        inQuotes = false;
      }
      at = this.#nextDelimiter(bytes, at, end);
      if (at === end) return false;
      at += this.#delimiter.length;
    }
  }

  /** The quote that closes a field, from `at` inside of it, or `end`. */
  #closingQuote(bytes: Buffer, at: number, end: number): number {
    for (; at < end; at++) {
      if (this.#isEscaped(bytes, at, end)) at++;
      else if (bytes[at] === this.#quote) return at;
    }
    return end;
  }

  /** Whether two bytes stand for one: a doubled quote, or an escape and what it frees. */
  #isEscaped(bytes: Buffer, at: number, end: number): boolean {
    if (at + 1 >= end) return false;
    const next = bytes[at + 1];
    if (bytes[at] === this.#quote) return next === this.#quote;
    return bytes[at] === this.#escape && (next === this.#quote || next === this.#escape);
  }

  /** A complete record with quotes. Escaped characters are put right where they stand. */
  quoted(bytes: Buffer, start: number, end: number, line: number): RecordFields {
    const fields = this.#begin(bytes, start, line);
    let at = start;
    for (;;) {
      const open = this.#skipBlanks(bytes, at, end);
      if (open < end && bytes[open] === this.#quote) {
        const close = this.#closingQuote(bytes, open + 1, end);
        let write = open + 1;
        for (let read = open + 1; read < close; read++) {
          if (this.#isEscaped(bytes, read, close)) read++;
          bytes[write++] = bytes[read]!;
        }
        this.#add(bytes, open + 1, write);
        at = this.#skipBlanks(bytes, close + 1, end);
        if (at < end && this.#nextDelimiter(bytes, at, end) !== at)
          throw this.#malformed(line, 'a delimiter after a closing quote', bytes.toString('utf8', at, end));
      } else {
        const stop = this.#nextDelimiter(bytes, at, end);
        if (bytes.subarray(at, stop).includes(this.#quote))
          throw this.#malformed(line, 'no quote inside an unquoted field', bytes.toString('utf8', at, stop));
        this.#add(bytes, at, stop);
        at = stop;
      }
      if (at >= end) return fields;
      at += this.#delimiter.length;
    }
  }

  #malformed(line: number, expected: string, received: string): ParseError {
    return new ParseError(
      { file: this.#fields.file, line, column: 1 },
      {
        expected: `${expected}, as RFC 4180 has it`,
        received: JSON.stringify(received.slice(0, 80)),
        hint: 'Double the quotes inside quotes; pass quote: false for a file without quoting, or escape where it has another escape.',
      },
    );
  }
}
