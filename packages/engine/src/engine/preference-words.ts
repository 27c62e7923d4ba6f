/** A typed wish taken apart: what is wanted, and words for what is not. */
export interface PreferenceWords {
  /** The text without what is ruled out, for encoders, which do not understand "no". */
  readonly likes: string;
  /** Words that must not describe an item, in lower case. */
  readonly dislikes: readonly string[];
}

/** "no gore", "not too long", "without nuts or sesame", "nothing scary". */
const RULED_OUT =
  /\b(?:no|not|without|nothing|avoid|never|don['’]t (?:like|want))\b\s+(?:too |any |much |anything )?([\p{L}'’ -]+(?:(?:,? or |,? nor |, no )[\p{L}'’ -]+)*)/giu;

/** Takes a sentence such as "slow-burning heist films, no gore" apart. */
export function preferenceWords(text: string): PreferenceWords {
  const dislikes: string[] = [];
  const likes = text.replace(RULED_OUT, (_, words: string) => {
    for (const part of words.split(/,|\bor\b|\bnor\b|\bno\b|\bbut\b/i)) {
      const word = part.trim().toLowerCase();
      if (word !== '') dislikes.push(word);
    }
    return '';
  });
  return {
    likes: likes
      .replace(/\s*[,;]\s*(?=[,;.]|$)/g, '')
      .replace(/\s+/g, ' ')
      .trim(),
    dislikes: [...new Set(dislikes)],
  };
}

/**
 * Makes a test for texts that speak of something that is ruled out, by the words as they begin: "romance" finds
 * "romances", and nothing inside of another word.
 *
 * @param synonyms - words that mean the same, by one of them
 * @returns a function of a text in lower case
 */
export function ruledOut(
  dislikes: readonly string[],
  synonyms: Readonly<Record<string, readonly string[]>> = {},
): (text: string) => boolean {
  const words = dislikes.flatMap((word) =>
    Object.hasOwn(synonyms, word) ? (synonyms[word] ?? [word]) : [word],
  );
  if (words.length === 0) return () => false;
  const pattern = new RegExp(
    `(?<![\\p{L}-])(?:${words.map((word) => word.replace(/[^\p{L} -]/gu, '.')).join('|')})`,
    'u',
  );
  return (text) => pattern.test(text);
}
