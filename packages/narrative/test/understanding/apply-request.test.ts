import { Catalog, IdMap } from '@palate/core';
import { expect, test } from 'vitest';
import { applyRequest, speaksOf, understandRequest } from '../../src/index.js';

const catalog = new Catalog({
  items: new IdMap(['a', 'b', 'c', 'd']),
  text: {
    title: ['Heat', 'Rififi', 'Saw', 'The Sting'],
    about: [
      'A heist in Los Angeles, told with bursts of violence.',
      'A silent robbery; shot without gore.',
      'Gory traps in a bathroom.',
      'Con men plan a swindle.',
    ],
  },
  attributes: {
    year: [1995, 1955, 2004, undefined],
    genres: [['Crime'], ['Crime', 'Film-Noir'], ['Horror'], ['Comedy']],
  },
});
const left = (text: string): string[] => {
  const { marks } = applyRequest(understandRequest(text), catalog);
  return [...catalog.items].filter((_, item) => !marks[item]);
};

test('items that speak of what is ruled out are left out, those that say it is missing stay', () => {
  expect(left('heist films, no gore')).toEqual(['a', 'b', 'd']);
  expect(left('heist films, nothing violent')).toEqual(['a', 'b', 'c', 'd']);
  expect(left('heist films, no violence')).toEqual(['b', 'd']);
  expect(left('no horror')).toEqual(['a', 'b', 'd']);
});

test('items beyond a limit are left out, those without the number stay', () => {
  expect(left('nothing after 1990')).toEqual(['b', 'd']);
  expect(left('made since 2000')).toEqual(['c', 'd']);
});

test('a limit on what the catalogue does not know is named, and rules nothing out', () => {
  const { marks, unknown, counts } = applyRequest(understandRequest('under two hours, no gore'), catalog);
  expect(unknown).toMatchObject([{ attribute: 'minutes', max: 120 }]);
  expect([...marks]).toEqual([0, 0, 1, 0]);
  expect(counts).toEqual({ gore: 1 });
});

test('words are matched whole, in singular and plural', () => {
  expect(speaksOf(['war'])('A warm film by Warner')).toBeUndefined();
  expect(speaksOf(['war'])('A film of two wars')).toBe('war');
  expect(speaksOf(['ghosts'])('A ghost story')).toBe('ghosts');
  expect(speaksOf(['love stories'])('a love story')).toBe('love stories');
  expect(speaksOf(['c++ (cool)'])('a book on c++')).toBeUndefined();
});
