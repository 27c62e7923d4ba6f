import {
  contentHash,
  defineOptions,
  InvalidInputError,
  type OptionsOf,
  option,
  type SavedFiles,
  savedTexts,
} from '@palate/core';
import type { TextTokens } from './text-tokens.js';

const FILE = 'words.json';
/** Tokens that are no word: padding, end and everything unknown. */
const RESERVED = 3;
const UNKNOWN = 2;

/** Options of {@link wordTokens}. */
export const WORD_TOKENS = defineOptions('wordTokens', {
  maxWords: option.integer({ min: 1 })({ default: 30_000, doc: 'most words; the most frequent are kept' }),
  minCount: option.integer({ min: 1 })({ default: 1, doc: 'least number of occurrences of a word' }),
});

/** Options of {@link wordTokens}; `WORD_TOKENS` says what each does. */
export type WordTokensOptions = OptionsOf<typeof WORD_TOKENS.declarations>;

/** Words with their inner hyphens and apostrophes, and every other sign alone. */
const piecesOf = (text: string): string[] =>
  text
    .normalize('NFC')
    .match(/[\p{L}\p{N}][\p{L}\p{M}\p{N}]*(?:['’-][\p{L}\p{N}][\p{L}\p{M}\p{N}]*)*|\S/gu) ?? [];

/**
 * Makes a vocabulary of the whole words and signs of some texts, for models that are trained from nothing on texts of few
 * words, such as answers of a fixed form. Words that are not among them become one unknown token, which is read back
 * as U+FFFD.
 *
 * @throws InvalidInputError if the texts hold no word
 */
export function wordTokens(texts: Iterable<string>, options: WordTokensOptions = {}): TextTokens {
  const { maxWords, minCount } = WORD_TOKENS.settings(options);
  const counts = new Map<string, number>();
  for (const text of texts) for (const word of piecesOf(text)) counts.set(word, (counts.get(word) ?? 0) + 1);
  const words = [...counts]
    .filter(([, count]) => count >= minCount)
    .sort(([a, often], [b, less]) => less - often || (a < b ? -1 : 1))
    .slice(0, maxWords)
    .map(([word]) => word);
  if (words.length === 0)
    throw new InvalidInputError({
      expected: 'texts with words',
      received: counts.size === 0 ? 'none' : `no word that occurs ${minCount} times`,
      hint: 'Give the texts that the model should read and write, or lower minCount.',
    });
  return tokensOf(words);
}

function tokensOf(words: readonly string[]): TextTokens {
  const ids = new Map(words.map((word, k) => [word, k + RESERVED]));
  return {
    id: `words:${contentHash(words).slice(0, 16)}`,
    size: words.length + RESERVED,
    padding: 0,
    end: 1,
    encode: (text) => Int32Array.from(piecesOf(text), (word) => ids.get(word) ?? UNKNOWN),
    decode: (tokens) =>
      joined(Array.from(tokens, (id) => (id === UNKNOWN ? '\u{FFFD}' : words[id - RESERVED]))),
    files: () => ({ [FILE]: JSON.stringify(words) }),
  };
}

/** Words with spaces between them, but none before what closes and behind what opens. */
function joined(words: readonly (string | undefined)[]): string {
  return words
    .filter((word) => word !== undefined)
    .join(' ')
    .replace(/ ([,.;:!?)\]}])/g, '$1')
    .replace(/([([{]) /g, '$1');
}

/** The vocabulary of an artifact; undefined where the files are of another kind. */
export function savedWordTokens(dir: string, artifact: SavedFiles): TextTokens | undefined {
  return Object.hasOwn(artifact.files, FILE) ? tokensOf(savedTexts(dir, artifact, FILE, 'words')) : undefined;
}
