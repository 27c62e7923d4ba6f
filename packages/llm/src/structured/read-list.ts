import { jsonCandidates } from './find-json.js';

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
  const body = text
    .trim()
    .replace(/^```[\w-]*\n?/, '')
    .replace(/```$/, '')
    .replace(INTERJECTION, '')
    .trim();
  return body
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .flatMap((line, at, lines) => {
      const bare = line.replace(BULLET, '');
      const label = LABEL.exec(bare);
      // A label stands before the list: on the first lines, or as a line of its own.
      if (label && (at === 0 || label[0].length === bare.length)) {
        const rest = bare.slice(label[0].length).trim();
        return rest === '' ? [] : parts(rest, options.lines);
      }
      if (lines.length > 1 && at === 0 && /[:：]$/.test(bare) && !BULLETED.test(line)) return [];
      return parts(line, options.lines);
    })
    .map(listEntry)
    .filter((entry) => entry !== '');
}

const BULLETED = /^\s*(?:[-*•‣·–—]|\(?\d{1,3}[.):、）])\s/;

function parts(line: string, isWhole = false): string[] {
  return isWhole ? [line] : line.split(/[,;，；、]/);
}

/** The strings of a JSON array, or of the only array in a JSON object. */
function listInJson(text: string): string[] | undefined {
  if (!/[[{]/.test(text)) return undefined;
  const found = jsonCandidates(text);
  if (!found.ok) return undefined;
  for (const { value } of found.candidates) {
    const lists = Array.isArray(value)
      ? [value]
      : typeof value === 'object' && value !== null
        ? Object.values(value).filter(Array.isArray)
        : [];
    const [list] = lists;
    if (
      lists.length === 1 &&
      list?.every((each: unknown) => typeof each === 'string' || typeof each === 'number')
    )
      return list.map(String);
  }
  return undefined;
}
