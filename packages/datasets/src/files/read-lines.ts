import { type LongCallOptions, ParseError, throwIfCancelled } from '@palate/core';
import { openBytes } from './byte-source.js';

const NEWLINE = 10;
const CARRIAGE_RETURN = 13;

/** Longest line that is read unless another limit is given: 16 MB. */
export const LONGEST_LINE = 1 << 24;

/** Told each line as a range of bytes without its line end; `line` counts from 1. The bytes are reused after. */
export type LineVisitor = (bytes: Buffer, start: number, end: number, line: number) => void;

/** How a text file is read; each part has a default. */
export interface TextOptions extends LongCallOptions {
  /** A label of the Encoding Standard. Default: UTF-8, or UTF-16 where a byte-order mark says so. */
  readonly encoding?: string | undefined;
  /** Longest line in bytes; a longer one is refused. Default 16,777,216. */
  readonly maxLineBytes?: number | undefined;
}

/** Thrown by a visitor that has seen enough: reading ends without an error. */
export const ENOUGH: unique symbol = Symbol('enough');

/**
 * Reads a text file line by line as bytes: plain or compressed (detected from its first bytes, whatever the name), with or
 * without a byte-order mark, with LF, CRLF, or CR alone (detected from the first chunk). Empty lines are skipped unless `emptyLines` is true. Holds one chunk and one line in memory, and
 * takes time linear in the file, whatever the length of its lines.
 *
 * @returns how many lines were visited
 * @throws ParseError if the file cannot be opened, is empty, damaged or cut short, or has a line beyond the limit
 */
export async function readLines(
  path: string,
  visit: LineVisitor,
  options: TextOptions & { readonly emptyLines?: boolean } = {},
): Promise<number> {
  const what = `reading ${path}`;
  throwIfCancelled(options.signal, what);
  const source = await openBytes(path, options.encoding);
  const longest = options.maxLineBytes ?? LONGEST_LINE;
  let reported = 0;
  /** Pieces of the line that no chunk has ended yet. */
  let pieces: Buffer[] = [];
  let pending = 0;
  let line = 0;
  let visited = 0;
  let lineEnd = 0;
  const tooLong = (): never => {
    throw new ParseError(
      { file: path, line: line + 1, column: longest + 1 },
      {
        expected: `lines of at most ${longest.toLocaleString('en-US')} bytes`,
        received: 'a longer one',
        hint: 'Check that the file has line ends and one record per line, or raise maxLineBytes.',
      },
    );
  };
  const emit = (bytes: Buffer, from: number, to: number): void => {
    if (to - from > longest) tooLong();
    line++;
    const start =
      line === 1 && bytes[from] === 0xef && bytes[from + 1] === 0xbb && bytes[from + 2] === 0xbf
        ? from + 3
        : from;
    let end = to;
    // Text that was converted twice ends in two.
    while (end > start && bytes[end - 1] === CARRIAGE_RETURN) end--;
    if (end <= start && !options.emptyLines) return;
    visited++;
    visit(bytes, start, end, line);
  };
  try {
    for await (const piece of source.chunks) {
      throwIfCancelled(options.signal, what);
      let chunk = piece;
      let start = 0;
      if (lineEnd === 0 && chunk.length > 0)
        lineEnd = !chunk.includes(NEWLINE) && hasInnerReturn(chunk) ? CARRIAGE_RETURN : NEWLINE;
      if (pending > 0) {
        const first = chunk.indexOf(lineEnd);
        // Join only the line that straddles the chunks, and only once it is complete.
        pieces.push(first < 0 ? chunk : chunk.subarray(0, first));
        pending += pieces.at(-1)?.length ?? 0;
        if (pending > longest) tooLong();
        if (first < 0) continue;
        const joined = Buffer.concat(pieces, pending);
        pieces = [];
        pending = 0;
        emit(joined, 0, joined.length);
        chunk = chunk.subarray(first + 1);
      }
      for (let end = chunk.indexOf(lineEnd, start); end >= 0; end = chunk.indexOf(lineEnd, start)) {
        emit(chunk, start, end);
        start = end + 1;
      }
      if (start < chunk.length) {
        pieces = [chunk.subarray(start)];
        pending = chunk.length - start;
        if (pending > longest) tooLong();
      }
      if (options.onProgress && source.consumed() - reported >= 1 << 23) {
        reported = source.consumed();
        options.onProgress({ phase: what, done: reported, total: source.size });
      }
    }
    if (pending > 0) emit(Buffer.concat(pieces, pending), 0, pending);
  } catch (error) {
    if (error === ENOUGH) return visited;
    throw error;
  }
  if (visited === 0)
    throw new ParseError(
      { file: path, line: 1, column: 1 },
      {
        expected: 'at least one line of data',
        received: 'an empty file',
        hint: 'Check that the file was written or downloaded completely.',
      },
    );
  options.onProgress?.({ phase: what, done: source.size, total: source.size });
  return visited;
}

/** Whether a carriage return stands before the last byte: at the end alone it may belong to a CRLF. */
function hasInnerReturn(chunk: Buffer): boolean {
  const at = chunk.indexOf(CARRIAGE_RETURN);
  return at >= 0 && at < chunk.length - 1;
}

/**
 * Decodes one line of text.
 *
 * @param encoding - `'utf-8'` refuses other bytes; `'auto'` reads what is not UTF-8 as ISO 8859-1, in which the
 *   older MovieLens files are written
 * @throws ParseError if the bytes are not UTF-8 and have to be
 */
export function decodeLine(
  bytes: Uint8Array,
  start: number,
  end: number,
  at: { readonly file: string; readonly line: number },
  encoding: 'utf-8' | 'auto' = 'utf-8',
): string {
  try {
    return UTF8.decode(bytes.subarray(start, end));
  } catch (cause) {
    if (encoding === 'auto') return Buffer.from(bytes.subarray(start, end)).toString('latin1');
    throw new ParseError(
      { file: at.file, line: at.line, column: 1 },
      {
        expected: 'UTF-8 text',
        received: 'bytes of another encoding',
        hint: "Pass the encoding of the file, for example encoding: 'latin1', or convert it (iconv -t utf-8).",
        cause,
      },
    );
  }
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false });
