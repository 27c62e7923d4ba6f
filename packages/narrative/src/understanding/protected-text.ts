import type { Stretch } from './understood-request.js';

/** Text in quotes; an apostrophe inside a word opens none. */
const QUOTED =
  /"[^"\n]{1,120}"|“[^”\n]{1,120}”|«[^»\n]{1,120}»|(?<![\p{L}\d])['‘][^'’\n]{2,120}['’](?![\p{L}\d])/gu;

/**
 * Titles that begin with a word of negation: "No Country for Old Men", "Without a Trace", "Never Let Me Go". The word is
 * capitalised though it begins no sentence, and so is the word after it or after a small one.
 */
const TITLES =
  /(?<=[\p{L}\d,;:)]\s+)(?:No|Not|Without|Nothing|Never|None)(?:\s+(?:a|an|the|of|to|but))*\s+\p{Lu}[\p{L}'’]+(?:\s+(?:(?:a|an|the|of|to|for|and|in|on)\s+)*\p{Lu}[\p{L}'’]+)*/gu;

/** Stretches of a text in which words of negation are parts of names. */
export function coveredByTitles(text: string): Stretch[] {
  return [QUOTED, TITLES].flatMap((pattern) =>
    Array.from(text.matchAll(pattern), (match) => ({ from: match.index, to: match.index + match[0].length })),
  );
}
