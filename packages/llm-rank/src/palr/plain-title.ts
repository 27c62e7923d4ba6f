import { foldText } from '@palate/core';

/** A title taken apart into what decides which work is meant. */
export interface PlainTitle {
  /** Words in one form, articles left out, numbers as digits. */
  readonly words: readonly string[];
  /** The words without blanks between them: `Spider-Man` is `Spiderman`. */
  readonly joined: string;
  /** Year in brackets at the end. */
  readonly year: string | undefined;
}

/** Numbers in words and in Roman digits; `I` and `X` are words or letters too often. */
const NUMBERS: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    'one two three four five six seven eight nine ten eleven twelve'
      .split(' ')
      .map((word, at) => [word, String(at + 1)]),
  ),
  ...Object.fromEntries(
    ['ii', 'iii', 'iv', 'v', 'vi', 'vii', 'viii', 'ix'].map((digits, at) => [digits, String(at + 2)]),
  ),
};

const ARTICLES: ReadonlySet<string> = new Set(['the', 'a', 'an']);
/** Words before a number that say nothing beside it: `Part II`, `Vol. 1`. */
const PARTS: ReadonlySet<string> = new Set(['part', 'vol', 'volume', 'chapter', 'episode', 'no']);

const YEAR = /[([]\s*(\d{4})(?:\s*[-–/]\s*(?:\d{2,4})?)?[^()[\]]{0,20}[)\]]\s*$/;

/** Takes a title apart: case, accents, punctuation, articles, and how numbers are written do not matter. */
export function plainTitle(title: string): PlainTitle {
  const wide = title.normalize('NFKC');
  const year = YEAR.exec(wide)?.[1];
  const bare = foldText(wide.replace(YEAR, ''))
    .replace(/&/g, ' and ')
    .replace(/['’ʼ`]/g, '');
  const all = bare.match(/[\p{L}\p{N}][\p{L}\p{M}\p{N}]*/gu) ?? [];
  const numbered = all.map((word) => NUMBERS[word] ?? word);
  const words = numbered.filter(
    (word, at) => !ARTICLES.has(word) && !(PARTS.has(word) && at > 0 && /^\d+$/.test(numbered[at + 1] ?? '')),
  );
  // A title of articles alone ("A", "The The") keeps them.
  const kept = words.length > 0 ? words : numbered;
  return { words: kept, joined: kept.join(''), year };
}

/**
 * Titles under which an item is known: the whole, what stands before brackets, and what stands within them, as in
 * `City of Lost Children, The (Cité des enfants perdus, La) (1995)` and `Seven (a.k.a. Se7en) (1995)`.
 */
export function titleForms(title: string): readonly PlainTitle[] {
  const whole = plainTitle(title);
  const body = title.normalize('NFKC').replace(YEAR, '');
  const inner = [...body.matchAll(/[([]([^()[\]]{2,})[)\]]/g)].map((match) =>
    (match[1] as string).replace(/^\s*(?:a\.?k\.?a\.?|aka)\s+/i, ''),
  );
  if (inner.length === 0) return [whole];
  const outer = body.replace(/[([][^()[\]]*[)\]]/g, ' ').trim();
  return [whole, ...[outer, ...inner].map((text) => ({ ...plainTitle(text), year: whole.year }))].filter(
    ({ joined }) => joined !== '',
  );
}
