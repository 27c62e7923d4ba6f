/** Deepest nesting that is read; deeper text is no data record. */
const DEEPEST = 200;

const ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  '\\': '\\',
  "'": "'",
  '"': '"',
  a: '\x07',
  b: '\b',
  f: '\f',
  v: '\v',
};

/** A text that is no literal; `at` counts characters from 0. */
class PythonSyntaxError extends Error {
  readonly at: number;
  constructor(expected: string, at: number) {
    super(`expected ${expected} at character ${at + 1}`);
    this.at = at;
  }
}

/** Whether a record looks like a Python dictionary rather than JSON: `{'a': 1}`, `{u'a': 1}`. */
export function looksPython(text: string): boolean {
  return /^\s*\{\s*u?'/.test(text);
}

/**
 * Reads a literal of Python, as the older Amazon and Steam files hold them, one dictionary a line: texts in either
 * quotes, numbers, `True`, `False`, `None` (and JSON's words for them), `NaN` and `Infinity`, lists, tuples (read as lists) and dictionaries with text keys. Whole
 * numbers beyond 2^53 are bigint. Nothing is executed.
 *
 * @throws PythonSyntaxError for anything else
 */
export function parsePythonLiteral(text: string): unknown {
  let at = 0;
  const fail = (expected: string): never => {
    throw new PythonSyntaxError(expected, at);
  };
  const skip = (): void => {
    while (at < text.length && ' \t\r\n'.includes(text[at] as string)) at++;
  };
  const string = (): string => {
    const quote = text[at++];
    let value = '';
    for (;;) {
      let plain = at;
      while (plain < text.length && text[plain] !== quote && text[plain] !== '\\') plain++;
      value += text.slice(at, plain);
      at = plain;
      if (at >= text.length) fail('a closing quote');
      if (text[at] === quote) {
        at++;
        return value;
      }
      const code = text[at + 1] ?? '';
      const hex = { x: 2, u: 4, U: 8 }[code];
      if (hex !== undefined) {
        const digits = text.slice(at + 2, at + 2 + hex);
        const point = /^[0-9a-f]+$/i.test(digits) && digits.length === hex ? Number.parseInt(digits, 16) : -1;
        if (point < 0 || point > 0x10ffff) fail('an escaped character');
        value += String.fromCodePoint(point);
        at += 2 + hex;
      } else if (/[0-7]/.test(code)) {
        const digits = /^[0-7]{1,3}/.exec(text.slice(at + 1, at + 4))?.[0] ?? '';
        value += String.fromCharCode(Number.parseInt(digits, 8));
        at += 1 + digits.length;
      } else {
        // Python keeps the backslash before a character that it does not free.
        value += ESCAPES[code] ?? (code === '\n' ? '' : `\\${code}`);
        at += 1 + code.length;
      }
    }
  };
  const list = (close: string, depth: number): unknown[] => {
    at++;
    const values: unknown[] = [];
    for (;;) {
      skip();
      if (text[at] === close) {
        at++;
        return values;
      }
      values.push(value(depth + 1));
      skip();
      if (text[at] === ',') at++;
      else if (text[at] !== close) fail(`a comma or ${close}`);
    }
  };
  const dictionary = (depth: number): Record<string, unknown> => {
    at++;
    const entries: [string, unknown][] = [];
    for (;;) {
      skip();
      if (text[at] === '}') {
        at++;
        return Object.fromEntries(entries);
      }
      const key = value(depth + 1);
      if (typeof key !== 'string' && typeof key !== 'number' && typeof key !== 'bigint')
        fail('a text as key');
      skip();
      if (text[at] !== ':') fail('a colon');
      at++;
      skip();
      entries.push([String(key), value(depth + 1)]);
      skip();
      if (text[at] === ',') at++;
      else if (text[at] !== '}') fail('a comma or }');
    }
  };
  const value = (depth: number): unknown => {
    if (depth > DEEPEST) fail(`at most ${DEEPEST} levels`);
    const first = text[at];
    if (first === '{') return dictionary(depth);
    if (first === '[') return list(']', depth);
    if (first === '(') return list(')', depth);
    if (first === "'" || first === '"') return string();
    if ((first === 'u' || first === 'U') && (text[at + 1] === "'" || text[at + 1] === '"')) {
      at++;
      return string();
    }
    const word =
      /^(?:True|False|None|true|false|null|-?(?:nan|NaN|inf|Infinity|\d+L\b|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?))/.exec(
        text.slice(at, at + 400),
      )?.[0];
    if (word === undefined) return fail('a literal of Python');
    at += word.length;
    const lower = word.toLowerCase();
    if (lower === 'true' || lower === 'false') return lower === 'true';
    if (lower === 'none' || lower === 'null') return null;
    if (lower.endsWith('nan')) return Number.NaN;
    if (/inf(?:inity)?$/.test(lower)) return word.startsWith('-') ? -Infinity : Infinity;
    const digits = word.replace(/L$/, '');
    const number = Number(digits);
    return /^-?\d+$/.test(digits) && !Number.isSafeInteger(number) ? BigInt(digits) : number;
  };
  skip();
  const result = value(0);
  skip();
  if (at < text.length) fail('the end of the line');
  return result;
}
