import { jsonCandidates, numberOf } from '@palate/llm';

/** A value that data in an answer give as the rating: a number, or words to read. */
export type RatingInData =
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'words'; readonly words: string }
  /** Data without a rating, or with several. */
  | { readonly kind: 'none' }
  | { readonly kind: 'several' };

const NAMED = /rating|score|stars|prediction|answer|evaluation|评分/i;
/** Names of numbers about the rating that are not it. */
const BESIDE =
  /max|min|scale|confiden|certain|prob|count|average|mean|out_?of|total|user|item|movie|film|^id$|_id$|index|year|reason|explan|previous|past|history|actual/i;
const VALUE = /^(?:value|number|rating|score|stars|predicted|prediction|answer|result)$/i;
/** Deepest object in which a rating is looked for. */
const DEEPEST = 4;

/**
 * The rating in JSON: `{"rating": 4}`, also in envelopes (`{"arguments": {"rating": 4}}`), lists of one, and objects
 * (`{"rating": {"value": 4, "max": 5}}`).
 *
 * @returns undefined where the answer holds no JSON object or list, so that its words have to be read
 */
export function ratingInJson(text: string): RatingInData | undefined {
  if (!/[{[]/.test(text)) return undefined;
  const found = jsonCandidates(text);
  if (!found.ok) return undefined;
  for (const { value, isFirst } of found.candidates) {
    if (typeof value !== 'object' || value === null) continue;
    const read = ratingIn(value, 0);
    if (read.kind !== 'none') return read;
    // Nothing but JSON: there are no words that could say it otherwise.
    if (isFirst && found.candidates.length === 1 && /[}\]]`{0,3}\s*$/.test(text)) return read;
  }
  return undefined;
}

function ratingIn(value: unknown, depth: number): RatingInData {
  if (typeof value === 'number') return { kind: 'number', value };
  if (typeof value === 'string') return { kind: 'words', words: value };
  if (typeof value !== 'object' || value === null || depth > DEEPEST) return { kind: 'none' };
  if (Array.isArray(value)) {
    if (value.length > 1) return { kind: 'several' };
    return value.length === 1 ? ratingIn(value[0], depth + 1) : { kind: 'none' };
  }
  const entries = Object.entries(value as Readonly<Record<string, unknown>>);
  const exact = entries.filter(([name]) => VALUE.test(name));
  const named =
    exact.length === 1 ? exact : entries.filter(([name]) => NAMED.test(name) && !BESIDE.test(name));
  if (named.length > 1) return { kind: 'several' };
  const [only] =
    named.length === 1
      ? named
      : entries.length === 1
        ? entries.filter(([name, each]) => !BESIDE.test(name) || typeof each === 'object')
        : [];
  if (only) {
    if (only[1] !== null && typeof only[1] === 'object') return ratingIn(only[1], depth + 1);
    // A text of another name than that of a rating is a remark.
    if (typeof only[1] === 'string' && named.length === 0 && numberOf(only[1]) === undefined)
      return { kind: 'none' };
    return ratingIn(only[1], depth + 1);
  }
  const inside = entries
    .map(([, each]) => (typeof each === 'object' ? ratingIn(each, depth + 1) : ({ kind: 'none' } as const)))
    .filter(({ kind }) => kind === 'number' || kind === 'words');
  return inside.length === 1 ? (inside[0] as RatingInData) : { kind: inside.length > 1 ? 'several' : 'none' };
}

/**
 * The rating in a table of Markdown with one row, in the column that is called so.
 *
 * @returns undefined where the answer holds no such table
 */
export function ratingInTable(text: string): RatingInData | undefined {
  const rows = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => /^\|.*\|$/.test(line))
    .map((line) =>
      line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim()),
    );
  const [header, ...rest] = rows;
  const cells = rest.filter((row) => !row.every((cell) => /^:?-+:?$/.test(cell)));
  if (!header || cells.length === 0) return undefined;
  const columns = header.flatMap((cell, at) => (NAMED.test(cell) && !BESIDE.test(cell) ? [at] : []));
  if (columns.length === 0) {
    // Two columns, the name and the value: | Rating | 4 |
    const named = rows.filter((row) => row.length === 2 && NAMED.test(row[0] ?? ''));
    return named.length === 1 ? { kind: 'words', words: named[0]?.[1] ?? '' } : undefined;
  }
  if (columns.length > 1 || cells.length > 1) return { kind: 'several' };
  return { kind: 'words', words: cells[0]?.[columns[0] ?? 0] ?? '' };
}
