import { type LongCallOptions, ParseError, throwIfCancelled } from '@palate/core';
import { openBytes } from './byte-source.js';
import { ENOUGH, LONGEST_LINE, type TextOptions } from './read-lines.js';

const [QUOTE, BACKSLASH, OPEN_LIST, CLOSE_LIST, OPEN, CLOSE, COMMA, NEWLINE] = Buffer.from('"\\[]{},\n');

const isBlank = (byte: number): boolean => byte === 32 || byte === 9 || byte === 10 || byte === 13;

/**
 * Reads a JSON array element by element, over any number of lines, without holding it whole.
 *
 * @param visit - called with the text of each element as bytes, and the line on which it begins
 * @throws ParseError where brackets or commas are out of place, an element is longer than `maxLineBytes`, or the file
 *   ends before the array does
 */
export async function readJsonArray(
  path: string,
  visit: (bytes: Buffer, line: number) => void,
  options: TextOptions & LongCallOptions = {},
): Promise<void> {
  const what = `reading ${path}`;
  const source = await openBytes(path, options.encoding);
  const longest = options.maxLineBytes ?? LONGEST_LINE;
  let line = 1;
  let depth = 0;
  let inString = false;
  let escaped = false;
  let state = 'start' as 'start' | 'first' | 'element' | 'after' | 'next' | 'done';
  let pieces: Buffer[] = [];
  let length = 0;
  let elementLine = 1;
  const refuse = (expected: string, received: string, at = line): never => {
    throw new ParseError(
      { file: path, line: at, column: 1 },
      { expected, received, hint: 'Repair the file, or write one JSON object per line.' },
    );
  };
  const finish = (): void => {
    const bytes = pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces, length);
    pieces = [];
    length = 0;
    visit(bytes, elementLine);
  };
  try {
    for await (const chunk of source.chunks) {
      throwIfCancelled(options.signal, what);
      let from = 0;
      for (let at = 0; at < chunk.length; at++) {
        const byte = chunk[at]!;
        if (byte === NEWLINE) line++;
        if (state === 'element') {
          if (inString) {
            if (escaped) escaped = false;
            else if (byte === BACKSLASH) escaped = true;
            else if (byte === QUOTE) inString = false;
          } else if (byte === QUOTE) inString = true;
          else if (byte === OPEN || byte === OPEN_LIST) depth++;
          else if (byte === CLOSE || byte === CLOSE_LIST) depth--;
          if (depth > 0 || inString) continue;
          pieces.push(chunk.subarray(from, at + 1));
          length += at + 1 - from;
          if (length > longest) refuse(`elements of at most ${longest} bytes`, 'a longer one', elementLine);
          finish();
          state = 'after';
        } else if (isBlank(byte) || (state === 'start' && [0xef, 0xbb, 0xbf].includes(byte))) continue;
        else if (state === 'start' && byte === OPEN_LIST) state = 'first';
        else if ((state === 'first' || state === 'after') && byte === CLOSE_LIST) state = 'done';
        else if (state === 'after' && byte === COMMA) state = 'next';
        else if ((state === 'first' || state === 'next') && byte === OPEN) {
          state = 'element';
          depth = 1;
          elementLine = line;
          from = at;
        } else if (state === 'first' || state === 'next')
          refuse('a JSON object', JSON.stringify(chunk.toString('utf8', at, at + 60)));
        else
          refuse(
            state === 'done' ? 'the end of the file after the array' : 'a comma or ]',
            JSON.stringify(chunk.toString('utf8', at, at + 60)),
          );
      }
      if (state === 'element') {
        pieces.push(chunk.subarray(from));
        length += chunk.length - from;
        if (length > longest) refuse(`elements of at most ${longest} bytes`, 'a longer one', elementLine);
      }
      options.onProgress?.({ phase: what, done: source.consumed(), total: source.size });
    }
  } catch (error) {
    if (error === ENOUGH) return;
    throw error;
  }
  if (state !== 'done') refuse('a ] at the end of the array', 'the end of the file');
}
