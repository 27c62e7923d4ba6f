import { foldedWords } from '@palate/core';

const ARTICLES: ReadonlySet<string> = new Set(['the', 'a', 'an']);

/** Words of a title that has to be found as a whole: without year, brackets and a leading article. */
function titleWords(title: string): string[] {
  const words = foldedWords(title);
  return ARTICLES.has(words[0] ?? '') && words.length > 1 ? words.slice(1) : words;
}

/** Parts of a title that are used alone: before brackets or a colon, and with an article moved to the front. */
function forms(title: string): string[] {
  const whole = title.replace(/\s*[([]\d{4}[^)\]]*[)\]]\s*$/, '');
  const outer = whole.replace(/\s*[([][^)\]]*[)\]]/g, '').trim();
  const moved = outer.replace(/^(.*), (the|a|an|le|la|les|der|die|das|el|los|il)$/i, '$2 $1');
  const parts = moved.split(/\s*[:–—]\s+|\s+-\s+/);
  return [...new Set([moved, ...parts])].filter((form) => form !== '');
}

/**
 * Whether a text names a title: all its words in a row, in any case; a title of one word only where it is written as a
 * name, with a capital inside a sentence or in quotes ("Heat", not "heat").
 */
export function titleNamed(text: string, title: string): boolean {
  const words = foldedWords(text);
  return forms(title).some((form) => {
    const own = titleWords(form);
    if (own.length === 0) return false;
    if (own.length > 1) return words.some((_, at) => own.every((word, k) => words[at + k] === word));
    const word = own[0] as string;
    if (/^\d+$/.test(word)) return false;
    const found = text.matchAll(/(["“‘'«]?)([\p{L}\p{N}][\p{L}\p{M}\p{N}'’]*)/gu);
    return Array.from(found).some(({ 1: quote, 2: written = '', index }) => {
      if (foldedWords(written)[0] !== word) return false;
      if (quote !== '') return true;
      // A capital at the head of a sentence says nothing.
      return /^\p{Lu}/u.test(written) && !/(?:^|[.!?:…\n]["”’)]?\s*)$/.test(text.slice(0, index));
    });
  });
}
