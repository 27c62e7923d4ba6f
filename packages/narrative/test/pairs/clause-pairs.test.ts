import type { TextEncoder } from '@palate/core';
import { expect, test } from 'vitest';
import { clausePairs, requestPairs } from '../../src/index.js';
import { clausesOf } from '../../src/pairs/clause-pairs.js';
import { madeUpRequests } from '../encoder/made-up-requests.js';

const WORDS = ['heist', 'robbers', 'farm', 'cows', 'rocket', 'comet'];

/** Counts of some words. */
const counting: TextEncoder = {
  id: 'counts',
  width: WORDS.length,
  encode: async (texts) => ({
    width: WORDS.length,
    truncated: 0,
    data: Float32Array.from(
      texts.flatMap((text) => {
        const counts = WORDS.map((word) => (text.toLowerCase().includes(word) ? 1 : 0.01));
        const norm = Math.hypot(...counts);
        return counts.map((count) => count / norm);
      }),
    ),
  }),
};

test('clauses end at marks, and short ones go with the next', () => {
  expect(clausesOf('I want robbers who fall out, cows, a farm far away. Nothing else at all!', 3)).toEqual([
    'I want robbers who fall out,',
    'cows, a farm far away.',
    'Nothing else at all!',
  ]);
  expect(clausesOf('Too short', 4)).toEqual(['Too short']);
  expect(clausesOf('A clause of five words. The end', 4)).toEqual(['A clause of five words. The end']);
  expect(clausesOf('', 4)).toEqual([]);
});

test('a clause gets the item of its request that it is about, and is left out where it is about none', async () => {
  const { dataset } = madeUpRequests();
  const some = Array.from({ length: dataset.log.items.size }, (_, k) =>
    k === 0 ? 'A heist by robbers' : k === 1 ? 'Cows on a farm' : 'A rocket to a comet',
  );
  const id = (item: number): string => dataset.log.items.idOf(item);
  const pairs = requestPairs(
    dataset,
    [
      {
        user: 'a',
        items: [id(0), id(1)],
        text: 'Cows that live on a farm, robbers at their last heist, something about a rocket maybe.',
      },
    ],
    { texts: some },
  );
  const clauses = await clausePairs(pairs, counting, { mostRank: 1 });
  expect(clauses.requests).toEqual([
    { user: 'a', text: 'Cows that live on a farm,' },
    { user: 'a', text: 'robbers at their last heist,' },
  ]);
  expect([...clauses.item]).toEqual([1, 0]);
  // What the request's user likes is a negative of none of its clauses.
  expect(clauses.liked.map((own) => [...own].sort())).toEqual([
    [0, 1],
    [0, 1],
  ]);
  // Without a bound on ranks every clause is kept.
  expect((await clausePairs(pairs, counting, { mostRank: some.length })).requests).toHaveLength(3);
});
