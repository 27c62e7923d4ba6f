import { RandomStream } from '@palate/core';
import { loadBundledMovieTweetings } from '@palate/dataset-movietweetings';
import { describe, expect, it, test } from 'vitest';
import { matchTitle, titleMatcher } from '../../src/index.js';

const titles = [
  'The Thing (1982)',
  'The Thing (2011)',
  'Alien (1979)',
  'Amélie (2001)',
  'Heat (1995)',
  'Toy Story (1995)',
  'Toy Story 2 (1999)',
  'Iron Man 3 (2013)',
  'The Godfather: Part II (1974)',
  'Spider-Man (2002)',
  "Ocean's Eleven (2001)",
  'City of Lost Children, The (Cité des enfants perdus, La) (1995)',
  'Blade Runner 2049 (2017)',
  'Terminator, The (1984)',
  'Stalker',
  '霸王别姬 (1993)',
  'ガメラ (1965)',
  'ต้มยำกุ้ง (2005)',
  'Брат (1997)',
  'Mission: Impossible (1996)',
];

test.each([
  ['The Thing (2011)', 'The Thing (2011)'],
  ['3. Thing, The (2011)', 'The Thing (2011)'],
  ['The Thing 2011', 'The Thing (2011)'],
  ['"amelie"', 'Amélie (2001)'],
  ['- AMELIE (2001)', 'Amélie (2001)'],
  ['**Heat** - since you like heists', 'Heat (1995)'],
  ['Heat (1995) because of the heist', 'Heat (1995)'],
  ['1) toy story', 'Toy Story (1995)'],
  ['Toy Story II', 'Toy Story 2 (1999)'],
  ['Toy Story Two (1999)', 'Toy Story 2 (1999)'],
  ['Iron Mann 3', undefined],
  ['Iron Man Three', 'Iron Man 3 (2013)'],
  ['The Godfather 2', 'The Godfather: Part II (1974)'],
  ['Godfather, Part Two', 'The Godfather: Part II (1974)'],
  ['Spiderman', 'Spider-Man (2002)'],
  ['Oceans 11', "Ocean's Eleven (2001)"],
  ['La cité des enfants perdus', undefined],
  ['Cité des enfants perdus, La', 'City of Lost Children, The (Cité des enfants perdus, La) (1995)'],
  ['The City of Lost Children (1995)', 'City of Lost Children, The (Cité des enfants perdus, La) (1995)'],
  ['Blade Runner 2049', 'Blade Runner 2049 (2017)'],
  ['The Terminater', 'Terminator, The (1984)'],
  ['Stalker (1979)', 'Stalker'],
  ['《霸王别姬》（1993）', '霸王别姬 (1993)'],
  ['2、霸王别姬', '霸王别姬 (1993)'],
  ['ガメラ', 'ガメラ (1965)'],
  ['ต้มยำกุ้ง', 'ต้มยำกุ้ง (2005)'],
  ['брат', 'Брат (1997)'],
])('%s means %s', (written, title) => {
  const found = matchTitle(written, titles);
  expect(found === undefined ? undefined : titles[found]).toBe(title);
});

test.each([
  // Another work of nearly the same name.
  'Toy Story 3',
  'Toy Story 3 (2010)',
  'The Thing (1951)',
  'Heat (1986)',
  'Aliens',
  'Alien 3',
  'Iron Man',
  'Iron Man 2',
  'Heart',
  'Blade Runner',
  'Blade Runner 2050',
  'Mission: Impossible - Fallout',
  'カメラ',
  'ต้มยากุง',
  'Casablanca',
  '',
  '...',
  '(1995)',
])('%j is none of them', (written) => {
  expect(matchTitle(written, titles)).toBeUndefined();
});

describe('over the bundled catalogue', () => {
  it('every title is found as it is, in capitals, and without accents; with another year or number it is not', async () => {
    const { catalog } = await loadBundledMovieTweetings({ core: 5 });
    const all = catalog.text.title ?? [];
    const { match, same } = titleMatcher(all);
    const random = new RandomStream(1);
    for (const [at, title] of all.entries()) {
      expect(match(title)).toBe(all.indexOf(title));
      expect(
        same(title.toUpperCase()).map((each) => all[each]),
        title,
      ).toContain(title);
      const other = title.replace(/\(\d{4}\)$/, `(${1700 + random.integer(100)})`);
      if (other !== title) expect(match(other), other).toBeUndefined();
      expect(at).toBeGreaterThanOrEqual(0);
    }
  });
});
