import { expect, test } from 'vitest';
import {
  boundsOnScale,
  genrePreferences,
  mostFrequentGenres,
  preferenceClasses,
  probeExamples,
  ratingInWords,
  readPreferences,
  splitUsers,
  writePreferences,
} from '../src/index.js';

// Items 0..7: Drama, Drama+War, Drama, Horror, Horror, Horror+War, Comedy, Comedy.
const GENRES = [
  ['Drama'],
  ['Drama', 'War'],
  ['Drama'],
  ['Horror'],
  ['Horror'],
  ['Horror', 'War'],
  ['Comedy'],
  ['Comedy'],
];
const HISTORY = { items: [0, 1, 2, 3, 4, 5, 6, 7], ratings: [5, 4, 3, 1, 2, 3, 5, 5] };

test('genres are liked and disliked by the published rule: by hand', () => {
  // Drama: 3 items, mean 4. Horror: 3 items, mean 2. War and Comedy: two items each, not enough.
  expect(genrePreferences(HISTORY, GENRES)).toEqual({ liked: ['Drama'], disliked: ['Horror'] });
  expect(genrePreferences(HISTORY, GENRES, { seen: 2 })).toEqual({
    liked: ['Comedy', 'Drama'],
    disliked: ['Horror'],
  });
  // War has the mean 3.5: above neither bound.
  expect(genrePreferences(HISTORY, GENRES, { seen: 2, likedAbove: 3.4 }).liked).toEqual([
    'Comedy',
    'Drama',
    'War',
  ]);
});

test('equal means are ordered by number of items, then by name', () => {
  const genres = [['B'], ['B'], ['C'], ['A'], ['B', 'A', 'C']];
  const ratings = [5, 5, 5, 5, 5];
  expect(genrePreferences({ items: [0, 1, 2, 3, 4], ratings }, genres, { seen: 1 }).liked).toEqual([
    'B',
    'A',
    'C',
  ]);
});

test('bounds keep their share of a ten-point scale', () => {
  expect(boundsOnScale({ min: 1, max: 5 })).toEqual({ likedAbove: 3.5, dislikedBelow: 3 });
  expect(boundsOnScale({ min: 1, max: 10 })).toEqual({ likedAbove: 6.625, dislikedBelow: 5.5 });
});

test('without ratings there is no rule', () => {
  expect(() => genrePreferences({ items: [0] }, GENRES)).toThrow(/history with ratings/);
});

test('answers are read back as they were written', () => {
  for (const preferences of [
    { liked: ['Sci-Fi', 'Film-Noir'], disliked: ["Children's"] },
    { liked: [], disliked: ['Horror'] },
    { liked: ['Drama'], disliked: [] },
    { liked: [], disliked: [] },
  ])
    expect(
      readPreferences(writePreferences(preferences), [
        'Sci-Fi',
        'Film-Noir',
        "Children's",
        'Horror',
        'Drama',
      ]),
    ).toEqual(preferences);
});

test('an answer of another form names what it names, and nothing unknown', () => {
  expect(readPreferences('likes drama, Drama, Opera', ['Drama'])).toEqual({ liked: ['Drama'], disliked: [] });
  expect(readPreferences('Drama, Horror', ['Drama', 'Horror'])).toEqual({ liked: [], disliked: [] });
  expect(preferenceClasses({ liked: ['A'], disliked: ['A', 'B'] })).toEqual([
    'liked A',
    'disliked A',
    'disliked B',
  ]);
});

test('counting takes the most frequent genres and looks at no rating', () => {
  expect(mostFrequentGenres(HISTORY, GENRES, 2)).toEqual({ liked: ['Drama', 'Horror'], disliked: [] });
});

test('labels follow from the whole history or from what is shown', () => {
  for (const shown of [Number.NaN, 0])
    expect(() => probeExamples([HISTORY], GENRES, { shown })).toThrow(/shown/);
  const [all] = probeExamples([HISTORY], GENRES, { shown: 3 });
  expect(all).toMatchObject({ answer: 'likes Drama; dislikes Horror', history: { items: [5, 6, 7] } });
  const [shown] = probeExamples([HISTORY], GENRES, { shown: 3, labelsFrom: 'shown', seen: 2 });
  expect(shown?.answer).toBe('likes Comedy; dislikes nothing');
  const [text] = probeExamples([HISTORY], GENRES, {
    shown: 2,
    asText: (item, rating) => `${item} got ${rating}`,
  });
  expect(text?.history).toBeUndefined();
  expect(text?.text).toMatch(/^6 got 5\n7 got 5\n/);
});

test('users are split into disjoint parts of the given shares, the same by seed', () => {
  const parts = splitUsers(1270, [117, 5, 5], 3);
  expect(parts.map(({ length }) => length)).toEqual([1170, 50, 50]);
  expect(new Set(parts.flatMap((part) => [...part])).size).toBe(1270);
  expect(splitUsers(1270, [117, 5, 5], 3)).toEqual(parts);
  expect(splitUsers(1270, [117, 5, 5], 4)).not.toEqual(parts);
  expect(() => splitUsers(10, [1, 0])).toThrow(/above 0/);
});

test('ratings are said in words at any scale', () => {
  expect([1, 2, 3, 4, 5].map((rating) => ratingInWords(rating, { min: 1, max: 5 }))).toEqual([
    'hated it: 1 of 5',
    'disliked it: 2 of 5',
    'found it fair: 3 of 5',
    'liked it: 4 of 5',
    'loved it: 5 of 5',
  ]);
  expect(ratingInWords(8, { min: 1, max: 10 })).toBe('liked it: 8 of 10');
  expect(() => ratingInWords(6, { min: 1, max: 5 })).toThrow(/from 1 to 5/);
});
