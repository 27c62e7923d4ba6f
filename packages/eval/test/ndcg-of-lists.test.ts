import { expect, test } from 'vitest';
import { ndcgOfLists, normalisedGain } from '../src/index.js';

const list = (...items: number[]) => items.map((item) => ({ item }));

test('NDCG of lists is that computed by hand, without users who have nothing to find', () => {
  const two = (1 + 1 / Math.log2(4)) / (1 + 1 / Math.log2(3));
  expect(ndcgOfLists([list(5, 6, 7)], [[5, 7]], 3)).toBeCloseTo(two, 9);
  expect(ndcgOfLists([list(5, 6, 7)], [[7]], 2)).toBe(0);
  expect(ndcgOfLists([list(5, 6), list(1), list(6, 5)], [[5], [], [5]], 10)).toBeCloseTo(
    (1 + 1 / Math.log2(3)) / 2,
    9,
  );
  expect(ndcgOfLists([], [], 10)).toBe(0);
});

test('a list that repeats an item, or a query without a list, is refused', () => {
  expect(() => ndcgOfLists([list(5, 5, 5)], [[5]], 3)).toThrow(/item 5 more than once in list 0/);
  expect(() => ndcgOfLists([list(5)], [[5], [6]], 3)).toThrow(/2 lists/);
  expect(ndcgOfLists([list(5), []], [[5], [6]], 3)).toBe(0.5);
  for (const none of [Number.NaN, -1, 0.5])
    expect(() => ndcgOfLists([list(none, 5)], [[5]], 3)).toThrow(/at position 1 of list 0/);
});

test('the one formula refuses ranks and gains that are none, with their place', () => {
  expect(() => normalisedGain([1, Number.NaN], [1, 1], 10)).toThrow(/ranks.*NaN at index 1/s);
  expect(() => normalisedGain([0, 2], [1, 1], 10)).toThrow(/ranks.*0 at index 0/s);
  for (const gain of [Number.NaN, Number.POSITIVE_INFINITY, -1])
    expect(() => normalisedGain([1, 2], [1, gain], 10)).toThrow(/gains.*at index 1/s);
  expect(() => normalisedGain([1, 2], [1, 1], 10, [Number.NaN])).toThrow(/ideal gains/);
  expect(() => normalisedGain([1], [1, 1], 10)).toThrow(/as many ranks as gains/);
  expect(normalisedGain([1, Number.POSITIVE_INFINITY], [1, 1], 10)).toBeCloseTo(
    1 / (1 + 1 / Math.log2(3)),
    12,
  );
  expect(() => ndcgOfLists([list(1)], [[1]], Number.NaN)).toThrow(/k to be/);
});
