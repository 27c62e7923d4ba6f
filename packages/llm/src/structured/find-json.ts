/**
 * Finds the JSON value in a model's answer: the whole text, the inside of a code fence, or the outermost
 * object or array among other words.
 *
 * Small models also leave commas before closing brackets; those are dropped where nothing else helps.
 *
 * @returns the parsed value, or the reason why there is none
 */
export function findJson(
  text: string,
): { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly reason: string } {
  const trimmed = text.trim();
  if (trimmed === '') return { ok: false, reason: 'the answer is empty' };
  const whole = parse(trimmed);
  if (whole.ok) return whole;
  // Reasoning models think aloud first; braces in there are not the answer.
  const said = trimmed.replace(/^<think>[\s\S]*?<\/think>/, '').trim();
  const fenced = /```[\w-]*[ \t]*\r?\n?([\s\S]*?)```/.exec(said)?.[1];
  for (const candidate of fenced === undefined ? [said] : [fenced.trim(), said]) {
    const plain = parse(candidate);
    if (plain.ok) return plain;
    for (const piece of outermost(candidate)) {
      const exact = parse(piece);
      if (exact.ok) return exact;
      const repaired = parse(withoutTrailingCommas(piece));
      if (repaired.ok) return repaired;
    }
  }
  return whole;
}

type Parsed =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly reason: string };

function parse(text: string): Parsed {
  try {
    return { ok: true, value: JSON.parse(text) };
  } catch (error) {
    return { ok: false, reason: `it is not JSON: ${(error as Error).message}` };
  }
}

/** Position after the string literal that begins at `start`. */
function afterString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at + 1;
}

/** Balanced objects and arrays that stand in no other, in order. */
function* outermost(text: string): Generator<string> {
  let depth = 0;
  let start = 0;
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (char === '"' && depth > 0) at = afterString(text, at) - 1;
    else if (char === '{' || char === '[') {
      if (depth++ === 0) start = at;
    } else if ((char === '}' || char === ']') && depth > 0 && --depth === 0) yield text.slice(start, at + 1);
  }
}

function withoutTrailingCommas(text: string): string {
  let result = '';
  let at = 0;
  while (at < text.length) {
    if (text[at] === '"') {
      const end = afterString(text, at);
      result += text.slice(at, end);
      at = end;
    } else {
      if (!(text[at] === ',' && /^,\s*[}\]]/.test(text.slice(at)))) result += text[at];
      at++;
    }
  }
  return result;
}
