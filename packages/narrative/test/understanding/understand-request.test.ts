import { Catalog, IdMap } from '@palate/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { describeRequest, understandRequest } from '../../src/index.js';
import { minutesOf } from '../../src/understanding/find-limits.js';

const RULED_OUT: readonly [string, readonly string[], string][] = [
  ['slow-burning heist films, no gore', ['gore'], 'slow-burning heist films'],
  ['Something clever. Not another superhero film, please.', ['superhero'], 'Something clever.'],
  ['a ghost-free mystery without ghosts or demons', ['ghosts', 'demons'], 'a ghost-free mystery'],
  ['funny road movies, nothing scary', ['scary'], 'funny road movies'],
  ['quiet drama, not too violent', ['violent'], 'quiet drama'],
  ['crime stories but no romance and no musicals', ['romance', 'musicals'], 'crime stories'],
  ['no gore and a happy ending', ['gore'], 'a happy ending'],
  ["I love heists. I don't like musicals.", ['musicals'], 'I love heists.'],
  ["We're sick of superhero movies, give us noir", ['superhero'], 'give us noir'],
  ['I hate clowns; space adventures are great', ['clowns'], 'space adventures are great'],
  ['slow, not horror, with a twist', ['horror'], 'slow, with a twist'],
  ['nothing with talking animals', ['talking animals'], ''],
  ['anything but war films', ['war'], ''],
  ['no films with clowns, but circus ones are fine', ['clowns'], 'circus ones are fine'],
  ['thrillers, no sex, violence or torture', ['sex', 'violence', 'torture'], 'thrillers'],
  ['a quiet bar for two, no loud music', ['loud music'], 'a quiet bar for two'],
  ['a long novel, no vampires in it', ['vampires'], 'a long novel'],
  ['a film that is not about war and is not too long', ['war'], 'a film'],
  ['My husband hates clowns, so do I', ['clowns'], 'so do I'],
  ['not a fan of slapstick. dry humour please', ['slapstick'], 'dry humour'],
];

describe('what is ruled out is taken from what is wanted', () => {
  test.each(RULED_OUT)('%s', (text, dislikes, likes) => {
    const understood = understandRequest(text);
    expect(understood.dislikes).toEqual(dislikes);
    expect(understood.likes).toBe(likes);
  });
});

describe('words of negation that rule nothing out', () => {
  test.each([
    'A film like No Country for Old Men',
    'Something like "Nothing but the Truth" or “Without a Trace”',
    'no matter how old, a heist film',
    'I have no idea what to watch tonight',
    "I'm not sure, something funny",
    'funny and not without heart',
    'a detective with no memory and a woman without luggage',
    'a man who hates his city',
    'dry comedies, no jokes required',
    "I don't mind gore",
    'A story in which no one is innocent',
    'not only for kids',
    'There is nothing wrong with romance',
    'Why not something by Kurosawa',
  ])('%s', (text) => {
    expect(understandRequest(text)).toMatchObject({ likes: text, dislikes: [], limits: [], vague: [] });
  });
});

const LIMITS: readonly [string, string, number | undefined, number | undefined, string][] = [
  ['westerns, nothing after 1990', 'year', undefined, 1990, 'westerns'],
  ['comedies from before 1960', 'year', undefined, 1959, 'comedies'],
  ['noir, nothing older than 1940', 'year', 1940, undefined, 'noir'],
  ['thrillers since 2005', 'year', 2005, undefined, 'thrillers'],
  ['thrillers made after 2005', 'year', 2006, undefined, 'thrillers'],
  ['films between 1970 and 1985 about cops', 'year', 1970, 1985, 'films about cops'],
  ['horror from the 80s', 'year', 1980, 1989, 'horror'],
  ['horror from the 1970s or 80s', 'year', 1970, 1989, 'horror'],
  ['silent comedies, no later than 1929', 'year', undefined, 1929, 'silent comedies'],
  ['a heist film under two hours', 'minutes', undefined, 120, 'a heist film'],
  ['a heist film, no longer than an hour and a half', 'minutes', undefined, 90, 'a heist film'],
  ['epics over 2.5 hours', 'minutes', 150, undefined, 'epics'],
  ['a comedy, less than 90 minutes', 'minutes', undefined, 90, 'a comedy'],
  ['a comedy of at most 1h 45m', 'minutes', undefined, 105, 'a comedy of'],
  ['crime novels under 300 pages', 'pages', undefined, 300, 'crime novels'],
  ['dinner for two, no more than 40 euros', 'price', undefined, 40, 'dinner for two'],
  ['headphones under $99.50', 'price', undefined, 99.5, 'headphones'],
];

describe('bounds on numbers are taken from what is wanted', () => {
  test.each(LIMITS)('%s', (text, attribute, min, max, likes) => {
    const { limits, dislikes, ...rest } = understandRequest(text);
    expect(limits).toHaveLength(1);
    expect(limits[0]).toMatchObject({ attribute });
    expect(limits[0]?.min).toBe(min);
    expect(limits[0]?.max).toBe(max);
    expect(dislikes).toEqual([]);
    expect(rest.likes).toBe(likes);
  });

  test('numbers without a unit bound the price where the catalogue tells prices, and nothing elsewhere', () => {
    const items = new IdMap(['a']);
    const priced = new Catalog({ items, text: { title: ['A'] }, attributes: { price: [3] } });
    for (const [text, min, max, likes] of [
      ['a present for a baker, under 40', undefined, 40, 'a present for a baker'],
      ['cheaper than 20.50 please', undefined, 20.5, ''],
      ['a kettle that costs less than 60, no plastic', undefined, 60, 'a kettle'],
      ['something for at least 100 and robust', 100, undefined, 'something and robust'],
      ['a tea, no more than 10.', undefined, 10, 'a tea.'],
    ] as const) {
      const { limits, likes: rest } = understandRequest(text, { catalog: priced });
      expect(limits, text).toMatchObject([{ attribute: 'price' }]);
      expect([limits[0]?.min, limits[0]?.max, rest], text).toEqual([min, max, likes]);
      expect(understandRequest(text).limits, text).toEqual([]);
    }
    for (const text of [
      'a game for kids under 10',
      'a puzzle for people over 60',
      'a pan under 30 cm',
      'over 2 kg',
    ])
      expect(understandRequest(text, { catalog: priced }), text).toMatchObject({ likes: text, limits: [] });
  });

  test('times of the story bound nothing', () => {
    for (const text of [
      'a film set before 1900',
      'a drama that takes place after 1945',
      'the story of a girl in 1941',
    ])
      expect(understandRequest(text)).toMatchObject({ likes: text, limits: [] });
  });

  test('years that are remembered or guessed of one film bound nothing', () => {
    for (const text of [
      'I think it is from the 90s',
      'The movie was made in 2001',
      'I saw it between 2010 and 2014',
      'probably from before 2000',
    ])
      expect(understandRequest(text).limits, text).toEqual([]);
    for (const text of ['something to watch from the 80s', 'could you recommend films from the 80s?'])
      expect(understandRequest(text).limits, text).toMatchObject([{ min: 1980, max: 1989 }]);
  });

  test('durations in words', () => {
    for (const [words, minutes] of [
      ['two hours', 120],
      ['an hour', 60],
      ['half an hour', 30],
      ['2 and a half hours', 150],
      ['two hours and 10 minutes', 130],
      ['95 min', 95],
      ['two fortnights', undefined],
    ] as const)
      expect(minutesOf(words)).toBe(minutes);
  });
});

test('several rules of one request are all understood, and told', () => {
  const request = understandRequest(
    'Slow-burning heist films, no gore, not another superhero film, nothing after 1990 and under two hours. Not too long.',
  );
  expect(request).toMatchObject({
    likes: 'Slow-burning heist films.',
    dislikes: ['gore', 'superhero'],
    limits: [
      { attribute: 'year', max: 1990, words: 'nothing after 1990' },
      { attribute: 'minutes', max: 120, words: 'under two hours' },
    ],
    vague: ['not too long'],
  });
  const told = describeRequest(request, { unknown: request.limits.slice(1) });
  expect(told).toEqual([
    'Wanted: Slow-burning heist films.',
    'Left out: gore and superhero.',
    'Only: year at most 1990.',
    'Not applied: “under two hours”, since the catalogue does not have the minutes of its items.',
    'Not applied: “not too long”, which names no limit.',
  ]);
});

test('any text is read, in time that does not explode, and what is wanted is made of its words', () => {
  const words = fc.constantFrom(
    'no',
    'not',
    'without',
    'nothing',
    'after',
    '1990',
    'gore',
    ',',
    '.',
    'or',
    'too',
    'under',
    'two',
    'hours',
    'I',
    "don't",
    'like',
    'the',
    '80s',
    '"',
    'films',
  );
  fc.assert(
    fc.property(fc.array(words, { maxLength: 40 }), (parts) => {
      const text = parts.join(' ');
      const { likes, dislikes } = understandRequest(text);
      const own = new Set(text.toLowerCase().split(/[^a-z0-9']+/));
      for (const word of likes.toLowerCase().split(/[^a-z0-9']+/))
        expect(own.has(word) || word === '').toBe(true);
      for (const dislike of dislikes) expect(dislike).not.toBe('');
    }),
    { numRuns: 300 },
  );
  fc.assert(
    fc.property(fc.string({ maxLength: 200 }), (text) => {
      understandRequest(text);
    }),
  );
});
