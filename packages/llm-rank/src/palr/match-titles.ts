import { type PlainTitle, plainTitle, titleForms } from './plain-title.js';

/** Finds which of its titles a written one means. */
export interface TitleMatcher {
  /** Positions of the titles that are written the same, but for what does not matter; those of the year, if one is given. */
  same(written: string): number[];
  /** Position of the title that is meant, also where a word is misspelt; undefined where none is. */
  match(written: string): number | undefined;
}

/** Share of the pairs of letters that two texts have in common (Dice). */
function likeness(a: string, b: string): number {
  const pairs = (text: string): Map<string, number> => {
    const counts = new Map<string, number>();
    for (let k = 0; k + 1 < text.length; k++) {
      const pair = text.slice(k, k + 2);
      counts.set(pair, (counts.get(pair) ?? 0) + 1);
    }
    return counts;
  };
  const [first, second] = [pairs(a), pairs(b)];
  let common = 0;
  for (const [pair, count] of first) common += Math.min(count, second.get(pair) ?? 0);
  const total = Math.max(0, a.length - 1) + Math.max(0, b.length - 1);
  return total === 0 ? (a === b ? 1 : 0) : (2 * common) / total;
}

/** Whether one letter is missing, too many or another, or two neighbours are exchanged. */
function isOneSlip(a: string, b: string): boolean {
  const [short, long] = a.length <= b.length ? [a, b] : [b, a];
  if (long.length - short.length > 1) return false;
  let at = 0;
  while (at < short.length && short[at] === long[at]) at++;
  if (long.length > short.length) return short.slice(at) === long.slice(at + 1);
  const isExchanged =
    short[at] === long[at + 1] && short[at + 1] === long[at] && short.slice(at + 2) === long.slice(at + 2);
  return isExchanged || short.slice(at + 1) === long.slice(at + 1);
}

/** Shortest word in which a slip is believed: `Heat` and `Heart` are two words. */
const SHORTEST_MISSPELT = 5;

/** Whether a written word is a misspelling of another; the plural and numbers are words of their own. */
function isMisspelt(written: string, word: string): boolean {
  if (Math.min(written.length, word.length) < SHORTEST_MISSPELT || /\d/.test(written + word)) return false;
  if (written === `${word}s` || word === `${written}s`) return false;
  return isOneSlip(written, word);
}

/**
 * Prepares titles to be found by how a model, or a person, writes them.
 *
 * Case, accents (of scripts where they are no letters), punctuation, articles and the writing of numbers do not matter;
 * the number of a sequel and a year do: "Toy Story 3" is not "Toy Story", "The Thing (1951)" not that of 1982,
 * "Aliens" not "Alien".
 *
 * @param least - least likeness of letter pairs for a title with a misspelt word, from 0 to 1. Default 0.7
 */
export function titleMatcher(titles: readonly string[], least = 0.7): TitleMatcher {
  const exact = new Map<string, number>();
  const byJoined = new Map<string, Set<number>>();
  const years: (string | undefined)[] = [];
  const vocabulary = new Set<string>();
  const forms: { readonly at: number; readonly form: PlainTitle }[] = [];
  for (const [at, title] of titles.entries()) {
    if (!exact.has(title)) exact.set(title, at);
    years.push(plainTitle(title).year);
    for (const form of titleForms(title)) {
      forms.push({ at, form });
      for (const word of form.words) vocabulary.add(word);
      const known = byJoined.get(form.joined) ?? new Set();
      byJoined.set(form.joined, known.add(at));
    }
  }

  /** Those of the year where one is given; a title without a year fits any. */
  const ofYear = (found: Iterable<number>, year: string | undefined): number[] => {
    const all = [...found];
    if (year === undefined) return all;
    const same = all.filter((at) => years[at] === year);
    return same.length > 0 ? same : all.filter((at) => years[at] === undefined);
  };

  const same = (written: string): number[] => {
    const whole = exact.get(written.trim());
    if (whole !== undefined) return [whole];
    const { joined, year, words } = plainTitle(written);
    if (joined === '') return [];
    const found = ofYear(byJoined.get(joined) ?? [], year);
    if (found.length > 0 || year !== undefined) return found;
    // "The Thing 1982": a number at the end may be the year.
    const last = words.at(-1) ?? '';
    if (words.length < 2 || !/^(?:18|19|20)\d\d$/.test(last)) return [];
    return [...(byJoined.get(words.slice(0, -1).join('')) ?? [])].filter((at) => years[at] === last);
  };

  const misspelt = (written: string): number | undefined => {
    const { words, joined, year } = plainTitle(written);
    // A word that some title holds is meant as it is written.
    const suspects = words.map((word) => !vocabulary.has(word));
    if (!suspects.some(Boolean)) return undefined;
    let best: number[] = [];
    let bestLikeness = least;
    for (const { at, form } of forms) {
      if (form.words.length !== words.length || ofYear([at], year).length === 0) continue;
      const fits = words.every(
        (word, k) => word === form.words[k] || (suspects[k] && isMisspelt(word, form.words[k] as string)),
      );
      if (!fits) continue;
      const own = likeness(joined, form.joined);
      if (own < bestLikeness) continue;
      best = own > bestLikeness ? [at] : [...best, at];
      bestLikeness = own;
    }
    return best[0];
  };

  return {
    same,
    match: (written) => {
      for (const line of readings(written)) {
        const [found] = same(line);
        if (found !== undefined) return found;
      }
      for (const line of readings(written)) {
        const found = misspelt(line);
        if (found !== undefined) return found;
      }
      return undefined;
    },
  };
}

/** Lists what of a line may be the title: all of it; without its number or bullet; in quotes; up to the year. */
function readings(written: string): string[] {
  const line = written.trim();
  const bare = line
    .replace(/^(?:\s|[-•]|\*(?!\*)){0,20}(?:\(?\d{1,3}[.):、．）](?!\d)\s{0,9}|\[\d{1,3}\]\s{1,9})?/, '')
    .trim();
  const marked = /^(?:\*\*(.+?)\*\*|["“](.+?)["”]|《(.+?)》|『(.+?)』|「(.+?)」)\s*([(（]\d{4}[)）])?/.exec(
    bare,
  );
  const inside = marked
    ? `${marked[1] ?? marked[2] ?? marked[3] ?? marked[4] ?? marked[5]}${marked[6] ? ` ${marked[6]}` : ''}`
    : undefined;
  const dated = /^(.{1,200}?[(（]\d{4}[)）])/.exec(bare)?.[1];
  return [...new Set([line, bare, inside, dated])].filter((each): each is string => Boolean(each));
}

/**
 * The item that a written title means; see {@link titleMatcher}, which prepares the titles once for many.
 *
 * @param titles - titles to choose from
 * @param least - least likeness, from 0 to 1. Default 0.7
 * @returns position in `titles`; undefined where none is meant
 */
export function matchTitle(written: string, titles: readonly string[], least = 0.7): number | undefined {
  return titleMatcher(titles, least).match(written);
}
