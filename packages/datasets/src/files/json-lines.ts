import { isObject, type LongCallOptions, ParseError } from '@palate/core';
import { parse as parseLossless } from 'lossless-json';
import { openBytes } from './byte-source.js';
import { readJsonArray } from './json-array.js';
import { looksPython, parsePythonLiteral } from './python-literal.js';
import { decodeLine, readLines, type TextOptions } from './read-lines.js';

/** One JSON object of a JSON-lines file. */
export type JsonRecord = Readonly<Record<string, unknown>>;

/**
 * Reads a JSON-lines file, plain or packed, one object a line.
 *
 * @throws ParseError naming the line that is not a JSON object
 */
export async function readJsonLines(
  path: string,
  visit: (record: JsonRecord, line: number) => void,
  options: LongCallOptions = {},
): Promise<void> {
  await readLines(
    path,
    (bytes, start, end, line) => {
      const text = decodeLine(bytes, start, end, { file: path, line });
      visit(asRecord(parsePlain(text, path, line), text, path, line), line);
    },
    options,
  );
}

/** Facts that {@link readRecordsOfObjects} found beside the records. */
export interface ObjectsRead {
  readonly form: 'json-lines' | 'json-array';
  /** Records that were Python literals. */
  readonly python: number;
}

/**
 * Reads a file of objects: JSON lines, Python literals one per line, or one JSON array. Whole numbers beyond 2^53 come
 * as bigint, so that ids keep every digit.
 *
 * @param malformed - called with a record that cannot be read; throws the error, or leaves the record out
 * @throws ParseError naming the line of what is malformed
 */
export async function readRecordsOfObjects(
  path: string,
  visit: (record: JsonRecord, line: number) => void,
  options: TextOptions & {
    readonly malformed?: ((error: ParseError) => void) | undefined;
  } = {},
): Promise<ObjectsRead> {
  let python = 0;
  const take = (text: string, line: number): void => {
    if (text.trim() === '') return;
    let record: JsonRecord;
    try {
      const isPython = looksPython(text);
      if (isPython) record = asRecord(parsePython(text, path, line), text, path, line);
      else {
        const read = parseJsonOrPython(text, path, line);
        record = asRecord(read.value, text, path, line);
        if (read.isPython) python++;
      }
      if (isPython) python++;
    } catch (error) {
      if (!options.malformed || !ParseError.is(error)) throw error;
      options.malformed(error as ParseError);
      return;
    }
    visit(record, line);
  };
  if ((await firstByte(path, options)) === '[') {
    await readJsonArray(
      path,
      (bytes, line) => take(decodeLine(bytes, 0, bytes.length, { file: path, line }), line),
      options,
    );
    return { form: 'json-array', python };
  }
  await readLines(
    path,
    (bytes, start, end, line) => take(decodeLine(bytes, start, end, { file: path, line }), line),
    options,
  );
  return { form: 'json-lines', python };
}

/** The first character of a file that is no blank. */
async function firstByte(path: string, options: TextOptions): Promise<string> {
  const source = await openBytes(path, options.encoding);
  for await (const chunk of source.chunks) {
    const found = /[^\s\u00ef\u00bb\u00bf]/.exec(chunk.toString('latin1'));
    if (found) return found[0];
  }
  return '';
}

function asRecord(value: unknown, text: string, path: string, line: number): JsonRecord {
  if (isObject(value)) return value;
  throw new ParseError(
    { file: path, line, column: 1 },
    { expected: 'a JSON object', received: text.slice(0, 60), hint: 'Repair or remove the line.' },
  );
}

function parsePlain(text: string, path: string, line: number): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw noJson(text, path, line, cause);
  }
}

/** JSON with whole numbers beyond 2^53 as bigint. */
function parseExact(text: string, path: string, line: number): unknown {
  if (!/\d{16}/.test(text)) return parsePlain(text, path, line);
  try {
    return parseLossless(text, undefined, (digits) => {
      const number = Number(digits);
      return /^-?\d+$/.test(digits) && !Number.isSafeInteger(number) ? BigInt(digits) : number;
    });
  } catch (cause) {
    throw noJson(text, path, line, cause);
  }
}

/** JSON, or what Python's json module writes and reads beside it: `NaN`, `Infinity`; or a dictionary of Python. */
function parseJsonOrPython(text: string, path: string, line: number): { value: unknown; isPython: boolean } {
  try {
    return { value: parseExact(text, path, line), isPython: false };
  } catch (error) {
    if (!/\b(?:NaN|Infinity|True|False|None)\b|'/.test(text)) throw error;
    try {
      return { value: parsePythonLiteral(text), isPython: true };
    } catch {
      throw error;
    }
  }
}

function parsePython(text: string, path: string, line: number): unknown {
  try {
    return parsePythonLiteral(text);
  } catch (cause) {
    throw new ParseError(
      { file: path, line, column: Number((cause as { at?: number }).at ?? 0) + 1 },
      {
        expected: 'a literal of Python (the line begins like a dictionary)',
        received: (cause as Error).message,
        hint: 'Repair or remove the line, or write it as JSON: json.dumps(ast.literal_eval(line)).',
        cause,
      },
    );
  }
}

function noJson(text: string, path: string, line: number, cause: unknown): ParseError {
  const column = Number(/position (\d+)/.exec((cause as Error).message)?.[1] ?? 0) + 1;
  const isOpen = /^\s*[{[]\s*$/.test(text);
  return new ParseError(
    { file: path, line, column },
    {
      expected: 'one JSON object per line',
      received: isOpen ? 'an object over several lines' : (cause as Error).message,
      hint: isOpen ? 'Write one object per line: jq -c . FILE' : 'Repair or remove the line.',
      cause,
    },
  );
}

/** The error for a field that a record lacks or holds in another type. */
export function missingField(path: string, line: number, field: string, value: unknown): ParseError {
  return new ParseError(
    { file: path, line, column: 1 },
    {
      expected: `the field ${JSON.stringify(field)} as text or number`,
      received: value === undefined ? 'none' : describe(value).slice(0, 60),
      hint: 'Repair or remove the line, or correct the column map.',
    },
  );
}

function describe(value: unknown): string {
  return typeof value === 'bigint' ? String(value) : (JSON.stringify(value) ?? String(value));
}
