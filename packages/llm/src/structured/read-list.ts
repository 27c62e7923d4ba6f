import { beforeNextTurn, jsonCandidates } from './find-json.js';

/** Labels that models put before a list: `Tags:`, `Here are the keywords:`. */
const LABEL =
  /^[^\n,;:]{0,80}\b(?:tags?|keywords?|key ?words|labels?|genres?|themes?|tastes?|preferences?|likes|enjoys|interests?|profile|factors?|titles?|ranking|films?|movies?|items?|list|answer|here (?:is|are)[^\n,;:]{0,60})[ \t*_]{0,9}[:：][*_]{0,2}/i;

/** Interjections before an answer: `Sure!`, `Of course.`, and the comma where an announcement follows. */
export const INTERJECTION =
  /^(?:sure(?: thing)?|certainly|of course|absolutely|okay|ok|great|alright)(?:[!.](?=\s)|[,!.]?(?=\s+(?:here(?:'s|’s| is| are)|below is|below are)\b)|,(?=\s*\n))/i;

const BULLET =
  /^[\s>]{0,20}(?:[-*•‣·–—#+]+(?=[\s\p{L}"'“])|\(?\d{1,3}[.):、．）](?!\d)|\[\d{1,3}\](?=\s))?\s{0,20}/u;

/** A line of a list without its bullet or number, marks of emphasis, and the quotes around it. */
export function listEntry(line: string): string {
  return trimEnds(
    line
      .replace(BULLET, '')
      .replace(/^\*\*(.+?)\*\*/, '$1')
      .replace(/^\*\*|\*\*$/g, '')
      // Looking behind keeps it linear: a run of marks is tried from its beginning alone.
      .replace(/^[`_]+|(?<![`_])[`_]+$/g, '')
      .trim(),
  );
}

/** Takes a pair of quotes, and stops at the end, off an entry. */
function trimEnds(text: string): string {
  let entry = text;
  const last = (): string => entry.at(-1) ?? '';
  while (/[\s.,;]/.test(last())) entry = entry.slice(0, -1);
  if (/^["“”«„]/.test(entry) && /["”“»]/.test(last()) && entry.length > 1) entry = entry.slice(1, -1).trim();
  while (/[\s.,;]/.test(last())) entry = entry.slice(0, -1);
  return entry;
}

/**
 * Reads the entries of a list out of an answer (without reasoning, see `answerText`): a JSON array, or an object with
 * one; else lines, else parts between commas or semicolons. Bullets, numbers, quotes, announcements and labels are
 * taken off.
 *
 * @param options.lines - true where an entry may hold commas, as titles do: then lines alone separate
 * @returns entries that are not empty, in order
 */
export function readList(text: string, options: { readonly lines?: boolean } = {}): string[] {
  const json = listInJson(text);
  if (json)
    return json
      .flatMap((entry) => parts(entry, options.lines))
      .map(listEntry)
      .filter((entry) => entry !== '');
  // Text that begins like data but does not parse was cut off or is broken: its pieces are not entries.
  if (/^\s*(?:```\w*\s*)?(?:\{|\[\s*[{["'])/.test(text)) return [];
  const body = beforeNextTurn(text)
    .replace(/\\boxed\{([^{}]*)\}/g, '$1')
    .trim()
    .replace(/^```[\w-]*\n?/, '')
    .replace(/```$/, '')
    .replace(INTERJECTION, '')
    .trim()
    .replace(/^[[(]([^[\]()]*)[\])]$/, '$1');
  const rows = body
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !/^[*_(]{0,2}note[*_]{0,2}:/i.test(line));
  return (firstColumn(rows) ?? rows)
    .flatMap((line, at, lines) => {
      const bare = line.replace(BULLET, '');
      const label = LABEL.exec(bare);
      // A label stands before the list: on the first lines, or as a line of its own.
      if (label && (at === 0 || label[0].length === bare.length)) {
        const rest = bare.slice(label[0].length).trim();
        return rest === '' ? [] : parts(rest, options.lines);
      }
      const category = CATEGORY.exec(bare)?.[0];
      if (category !== undefined) return parts(bare.slice(category.length), options.lines);
      if (lines.length > 1 && at === 0 && /[:：]$/.test(bare) && !BULLETED.test(line)) return [];
      return parts(line, options.lines);
    })
    .map(listEntry)
    .filter((entry) => entry !== '');
}

/** Label of what the entries of a line are, on any line: `Moods: dark, tense`, `Tag 2: noir`. */
const CATEGORY =
  /^[*_]{0,2}(?:(?:genre|theme|mood|tone|style|setting|keyword|tag)s?(?: \d{1,2})?)[*_]{0,2}\s?[:：][*_]{0,2}\s/i;

const BULLETED = /^\s*(?:[-*•‣·–—]|\(?\d{1,3}[.):、）])\s/;

function parts(line: string, isWhole = false): string[] {
  if (isWhole) return [line];
  const split = line.split(/[,;，；、]/);
  if (split.length > 1) return split;
  // Other marks separate where none of the usual ones does: heist | noir, #heist #noir.
  if (/^#\S+(?:\s+#\S+)+$/.test(line.trim())) return line.trim().split(/\s+/);
  return line.split(/\s[|·•/]\s/);
}

/** First cells of a Markdown table with a header; undefined where the lines are none. */
function firstColumn(lines: readonly string[]): string[] | undefined {
  if (
    lines.length < 3 ||
    !/^\|?\s*:?-{2,}/.test(lines[1] ?? '') ||
    !lines.every((line) => line.includes('|'))
  )
    return undefined;
  return lines.slice(2).map((line) => line.replace(/^\|/, '').split('|')[0] ?? '');
}

/** The texts of a JSON value: of an array, of objects by their names, of the arrays and texts in an object. */
function listInJson(text: string): string[] | undefined {
  if (!/[[{]/.test(text)) return undefined;
  const found = jsonCandidates(text);
  if (!found.ok) return undefined;
  for (const { value } of found.candidates) {
    const texts = textsIn(value, 0);
    if (texts && texts.length > 0) return texts;
  }
  return undefined;
}

const NAMES = /^(?:name|tag|keyword|label|title|value|text|item|genre|theme)$/i;
/** An envelope around what was asked for: the arguments of a call. */
const ENVELOPE = /^(?:arguments|parameters|input|function|answer|result|output|response|data)$/i;

function textsIn(value: unknown, depth: number): string[] | undefined {
  if (depth > 4 || typeof value !== 'object' || value === null) return undefined;
  if (Array.isArray(value)) {
    const each = value.map((entry: unknown) =>
      typeof entry === 'string' || typeof entry === 'number' ? String(entry) : nameOf(entry),
    );
    return each.every((entry) => entry !== undefined) ? (each as string[]) : undefined;
  }
  const entries = Object.entries(value as Readonly<Record<string, unknown>>);
  const inside = entries.find(([name, each]) => ENVELOPE.test(name) && typeof each === 'object');
  const within = inside && textsIn(inside[1], depth + 1);
  if (within) return within;
  const lists = entries.map(([, each]) => each).filter(Array.isArray);
  if (lists.length > 0) {
    const read = lists.map((list) => textsIn(list, depth + 1));
    return read.every((list) => list !== undefined) ? (read.flat() as string[]) : undefined;
  }
  // {"tags": "heist, noir"}
  const [only] = entries.length === 1 ? entries : [];
  return only && typeof only[1] === 'string' ? [only[1]] : undefined;
}

function nameOf(entry: unknown): string | undefined {
  if (typeof entry !== 'object' || entry === null) return undefined;
  const named = Object.entries(entry).filter(([name, each]) => NAMES.test(name) && typeof each === 'string');
  return named.length === 1 ? String(named[0]?.[1]) : undefined;
}
