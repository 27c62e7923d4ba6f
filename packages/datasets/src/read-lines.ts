import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { createGunzip } from 'node:zlib';
import { type LongCallOptions, ParseError, throwIfCancelled } from '@palate/core';

const NEWLINE = 10;
const CARRIAGE_RETURN = 13;

/** Told each line as a range of bytes without its line end; `line` counts from 1. The bytes are reused after. */
export type LineVisitor = (bytes: Buffer, start: number, end: number, line: number) => void;

/**
 * Reads a text file line by line as bytes: plain or gzip (told by its first bytes, whatever the name), with or
 * without a byte-order mark, with LF or CRLF. Empty lines are skipped. Holds one chunk at a time in memory.
 *
 * @returns how many lines were visited
 * @throws ParseError if the file cannot be opened, is empty, or its gzip stream is damaged or cut short
 */
export async function readLines(
  path: string,
  visit: LineVisitor,
  options: LongCallOptions = {},
): Promise<number> {
  const what = `reading ${path}`;
  throwIfCancelled(options.signal, what);
  const { bytes: total, gzip } = await inspect(path);
  const file = createReadStream(path, { highWaterMark: 1 << 20 });
  let read = 0;
  let reported = 0;
  file.on('data', (chunk) => {
    read += chunk.length;
  });
  const stream = gzip ? file.pipe(createGunzip({ chunkSize: 1 << 20 })) : file;
  // pipe() does not carry errors over; without this a vanished file would leave the reader waiting.
  if (gzip) file.on('error', (error) => stream.destroy(error));
  let rest: Buffer = Buffer.alloc(0);
  let line = 0;
  let visited = 0;
  const emit = (bytes: Buffer, from: number, to: number): void => {
    line++;
    const start =
      line === 1 && bytes[from] === 0xef && bytes[from + 1] === 0xbb && bytes[from + 2] === 0xbf
        ? from + 3
        : from;
    const end = to > start && bytes[to - 1] === CARRIAGE_RETURN ? to - 1 : to;
    if (end === start) return;
    visited++;
    visit(bytes, start, end, line);
  };
  try {
    for await (const piece of stream) {
      throwIfCancelled(options.signal, what);
      let chunk = piece as Buffer;
      if (rest.length > 0) {
        // Join only the line that straddles the chunks.
        const first = chunk.indexOf(NEWLINE);
        if (first < 0) {
          rest = Buffer.concat([rest, chunk]);
          continue;
        }
        const joined = Buffer.concat([rest, chunk.subarray(0, first)]);
        emit(joined, 0, joined.length);
        chunk = chunk.subarray(first + 1);
      }
      let start = 0;
      for (let end = chunk.indexOf(NEWLINE, start); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
        emit(chunk, start, end);
        start = end + 1;
      }
      rest = Buffer.from(chunk.subarray(start));
      if (options.onProgress && read - reported >= 1 << 23) {
        reported = read;
        options.onProgress({ phase: what, done: Math.min(read, total), total });
      }
    }
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code !== undefined && (code.startsWith('Z_') || code === 'ERR_BUFFER_TOO_LARGE'))
      throw new ParseError(
        { file: path, line: line + 1, column: 1 },
        {
          expected: 'a complete gzip file',
          received: (error as Error).message,
          hint: 'The file is cut short or damaged: copy or download it again.',
          cause: error,
        },
      );
    throw error;
  } finally {
    file.destroy();
  }
  if (rest.length > 0) emit(rest, 0, rest.length);
  if (visited === 0)
    throw new ParseError(
      { file: path, line: 1, column: 1 },
      {
        expected: 'at least one line of data',
        received: 'an empty file',
        hint: 'Check that the file was written or downloaded completely.',
      },
    );
  options.onProgress?.({ phase: what, done: total, total });
  return visited;
}

/** Size and kind of a file by its first bytes. */
async function inspect(path: string): Promise<{ bytes: number; gzip: boolean }> {
  const handle = await open(path, 'r').catch((cause: unknown) => {
    throw new ParseError(
      { file: path, line: 1, column: 1 },
      {
        expected: 'a readable file',
        received:
          (cause as NodeJS.ErrnoException).code === 'ENOENT' ? 'nothing there' : (cause as Error).message,
        hint: 'Check the path.',
        cause,
      },
    );
  });
  try {
    const stats = await handle.stat();
    if (stats.isDirectory())
      throw new ParseError(
        { file: path, line: 1, column: 1 },
        { expected: 'a file', received: 'a folder', hint: 'Give the path of the file itself.' },
      );
    const head = Buffer.alloc(2);
    await handle.read(head, 0, 2, 0);
    return { bytes: stats.size, gzip: head[0] === 0x1f && head[1] === 0x8b };
  } finally {
    await handle.close();
  }
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
        hint: 'Convert the file to UTF-8 (iconv -t utf-8).',
        cause,
      },
    );
  }
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false });

/** Every line of a file as text, with its number; for files that fit in memory, such as catalogues. */
export async function readTextLines(
  path: string,
  options: LongCallOptions = {},
  encoding: 'utf-8' | 'auto' = 'utf-8',
): Promise<{ text: string; line: number }[]> {
  const lines: { text: string; line: number }[] = [];
  await readLines(
    path,
    (bytes, start, end, line) => {
      lines.push({ text: decodeLine(bytes, start, end, { file: path, line }, encoding), line });
    },
    options,
  );
  return lines;
}
