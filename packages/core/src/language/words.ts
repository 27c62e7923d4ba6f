import { foldText } from './fold-text.js';

/** Points of Hebrew and Arabic, which texts leave out as they like. */
const POINTS = /[\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u064b-\u0652\u0670]/gu;
/** A run of a script that is written without spaces, or of any other letters, marks and digits. */
const RUNS =
  /(?<unspaced>(?:[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}\u30fc]\p{M}*)+)|(?:(?![\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}\u30fc])[\p{L}\p{N}]\p{M}*)+/gu;
const HAN = /^\p{Script=Han}/u;

/**
 * The words of a text, for matching by words in any script, folded as {@link foldText} does; the points of Hebrew and
 * Arabic, which texts leave out as they like, are taken off as well.
 *
 * Scripts without spaces between words (Chinese, Japanese, Thai, Lao, Khmer, Burmese) give every pair of neighbouring
 * characters, and every Chinese character by itself, so that a part of a title is found in it.
 *
 * @example
 * ```ts
 * wordsOf('Amélie (2001)'); // ['amelie', '2001']
 * wordsOf('東京物語'); // ['東', '東京', '京', '京物', '物', '物語', '語']
 * ```
 */
export function wordsOf(text: string): string[] {
  const folded = foldText(text).replace(POINTS, '').replaceAll('ς', 'σ');
  const words: string[] = [];
  for (const match of folded.matchAll(RUNS)) {
    const { unspaced } = match.groups ?? {};
    if (unspaced === undefined) {
      words.push(match[0]);
      continue;
    }
    const letters = unspaced.match(/\P{M}\p{M}*/gu) ?? [];
    for (const [k, letter] of letters.entries()) {
      if (letters.length === 1 || HAN.test(letter)) words.push(letter);
      const next = letters[k + 1];
      if (next !== undefined) words.push(letter + next);
    }
  }
  return words;
}
