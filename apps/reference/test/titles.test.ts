import { Catalog, createDataset, InteractionLog } from '@palate/core';
import { expect, test } from 'vitest';
import { findTitle } from '../src/titles.js';

const titles = [
  'The Thing (1982)',
  'The Thing (2011)',
  'Toy Story (1995)',
  'Alien (1979)',
  'ガメラ (1965)',
  'Amélie',
];
const log = InteractionLog.fromRows(
  titles.flatMap((_, item) =>
    // The later the title, the more often it is rated, so that of the two things that of 2011 is the better known.
    Array.from({ length: item + 1 }, (__, user) => ({ user: `u${user}`, item: `i${item}`, timestamp: item })),
  ),
);
const dataset = createDataset({
  name: 'films',
  log,
  catalog: new Catalog({
    items: log.items,
    text: { title: [...log.items].map((id) => titles[Number(id.slice(1))] as string) },
  }),
  licence: 'MIT',
  source: 'made up',
});

test.each([
  ['the thing', 'The Thing (2011)'],
  ['Thing, The (1982)', 'The Thing (1982)'],
  ['amelie', 'Amélie'],
  ['ガメラ', 'ガメラ (1965)'],
])('%s is %s', (typed, title) => {
  expect(findTitle(typed, dataset).title).toBe(title);
});

test.each(['Toy Story 3', 'The Thing (1951)', 'Aliens', 'カメラ'])(
  '%s is in no data set without it',
  (typed) => {
    expect(() => findTitle(typed, dataset)).toThrow(/Did you mean/);
  },
);

test('what is like no title is not taken for a slip; items without titles are named by ids', () => {
  expect(() => findTitle('a bottle of something strong', dataset)).toThrow(
    /Search for it with `palate search`/,
  );
  const bare = { ...dataset, catalog: new Catalog({ items: log.items, text: {} }) };
  expect(() => findTitle('Alien', bare)).toThrow(/no titles: name them by their ids/);
});
