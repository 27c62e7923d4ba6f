/** Words that say the same of an answer as the one that was typed, of stories of any kind. */
const SAME: Readonly<Record<string, readonly string[]>> = {
  gore: ['gore', 'gory', 'splatter', 'slasher', 'torture', 'dismemberment', 'bloodbath', 'mutilation'],
  blood: ['blood', 'bloody', 'gore', 'gory', 'splatter'],
  violence: ['violence', 'violent', 'ultraviolent', 'brutal', 'gore', 'gory', 'bloodshed', 'torture'],
  horror: ['horror', 'slasher', 'haunted', 'demonic'],
  scary: ['scary', 'frightening', 'terrifying', 'horror', 'slasher'],
  romance: ['romance', 'romantic', 'rom-com', 'love story'],
  sex: ['sex', 'sexual', 'erotic', 'nudity'],
  nudity: ['nudity', 'nude', 'erotic'],
  musical: ['musical'],
  superhero: ['superhero', 'superheroes', 'caped'],
  animation: ['animation', 'animated', 'cartoon'],
  cartoon: ['cartoon', 'animated', 'animation'],
  ghost: ['ghost', 'ghostly', 'haunted', 'haunting'],
  supernatural: ['supernatural', 'paranormal', 'ghost', 'demon', 'haunted'],
  sad: ['sad', 'tragic', 'heartbreaking', 'tearjerker', 'grief'],
  depressing: ['depressing', 'bleak', 'despair'],
  war: ['war', 'wartime', 'battlefield'],
};

/** A word as a stem that its plural shares: `ghosts` and `ghost`, `stories` and `story`. */
function singular(word: string): string {
  if (/[^s]ies$/.test(word)) return `${word.slice(0, -3)}y`;
  if (/(?:ss|x|ch|sh)es$/.test(word)) return word.slice(0, -2);
  return /[^su]s$/.test(word) ? word.slice(0, -1) : word;
}

const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');

/** A pattern for a phrase as whole words, in singular and plural; a blank matches a hyphen too. */
function patternOf(phrase: string): string {
  const words = phrase.split(/[\s-]+/).filter((word) => word !== '');
  return words
    .map((word, at) => {
      if (at < words.length - 1) return escaped(word);
      const stem = singular(word);
      return /[^aeiou]y$/.test(stem) ? `${escaped(stem.slice(0, -1))}(?:y|ies)` : `${escaped(stem)}(?:e?s)?`;
    })
    .join('[\\s-]+');
}

/** Words which say that a text speaks of something as missing: "without gore", "bloodless". */
const ABSENT =
  /(?:\b(?:no|without|not|never|little|hardly any|free of|lacks?|lacking|instead of|rather than)|n['’]t)\s+(?:[\p{L}-]+\s+(?:or\s+)?){0,2}$/iu;

/**
 * Makes the test whether texts speak of one of some phrases: as whole words, in singular or plural, by other words that
 * say the same ("gory" for gore), and not where a text says that it is missing ("without gore").
 *
 * @param phrases - in lower case, as {@link understandRequest} gives them
 * @returns finds the first phrase that a text speaks of
 */
export function speaksOf(phrases: readonly string[]): (text: string) => string | undefined {
  const patterns = phrases.map((phrase) => {
    const same = SAME[phrase] ?? SAME[singular(phrase)] ?? [];
    const all = [...new Set([phrase, ...same])].map(patternOf).join('|');
    return { phrase, pattern: new RegExp(`(?<![\\p{L}\\d])(?:${all})(?![\\p{L}\\d])`, 'giu') };
  });
  return (text) =>
    patterns.find(({ pattern }) =>
      Array.from(text.matchAll(pattern)).some(
        ({ index }) => !ABSENT.test(text.slice(Math.max(0, index - 60), index)),
      ),
    )?.phrase;
}
