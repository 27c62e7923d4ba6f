/** A typed preference taken apart: what is wanted, and words for what is not. */
export interface PreferenceWords {
  /** The text without what is ruled out, for encoders, which do not understand "no". */
  readonly likes: string;
  /** Words that must not describe a film, in lower case. */
  readonly dislikes: readonly string[];
}

/** "no gore", "not too long", "without ghosts or demons", "nothing scary". */
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

/** Words that say the same of a film as the one that was typed. */
const SAME: Readonly<Record<string, readonly string[]>> = {
  gore: ['gore', 'gory', 'splatter', 'slasher', 'torture'],
  violence: ['violence', 'violent', 'brutal', 'gore', 'gory'],
  horror: ['horror', 'slasher', 'haunted', 'demonic'],
  romance: ['romance', 'romantic', 'rom-com'],
};

/** Whether a film's texts speak of something that is ruled out. */
export function isRuledOut(texts: readonly string[], dislikes: readonly string[]): boolean {
  const all = texts.join(' ').toLowerCase();
  return dislikes
    .flatMap((word) => SAME[word] ?? [word])
    .some((word) => new RegExp(`(?<![\\p{L}-])${word.replace(/[^\p{L} -]/gu, '.')}`, 'u').test(all));
}
