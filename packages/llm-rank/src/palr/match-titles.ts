/** A title without what writers vary: case, accents, punctuation, the year, a leading or trailing article. */
function plainTitle(title: string): string {
  return title
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/\(\d{4}\)\s*$/, '')
    .replace(/^(.*), (the|a|an)\s*$/, '$2 $1')
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim()
    .replace(/^(the|a|an) /, '');
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

/**
 * The item that a written title means: the one of exactly this title, else of the same plain title, else the most
 * alike one where it is alike enough.
 *
 * @param titles - titles to choose from
 * @param least - least likeness, from 0 to 1. Default 0.8
 * @returns position in `titles`; undefined where none is meant
 */
export function matchTitle(written: string, titles: readonly string[], least = 0.8): number | undefined {
  const line = written
    .replace(/^[\s\-*•]*(\d+[.):]\s+)?/, '')
    .replace(/^["“'](.*)["”']$/, '$1')
    .trim();
  if (line === '') return undefined;
  const exact = titles.indexOf(line);
  if (exact >= 0) return exact;
  const plain = plainTitle(line);
  if (plain === '') return undefined;
  const plains = titles.map(plainTitle);
  // Two films of one title differ by their year, which decides where it is written.
  const year = line.match(/\((\d{4})\)/)?.[1];
  const same = [...plains.keys()].filter((k) => plains[k] === plain);
  if (same.length > 0) return same.find((k) => year !== undefined && titles[k]?.includes(year)) ?? same[0];
  let best: number | undefined;
  let bestLikeness = least;
  for (const [k, other] of plains.entries()) {
    const own = likeness(plain, other);
    if (own > bestLikeness || (own === bestLikeness && best === undefined)) {
      best = k;
      bestLikeness = own;
    }
  }
  return best;
}
