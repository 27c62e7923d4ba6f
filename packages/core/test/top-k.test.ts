import fc from 'fast-check';
import { expect, test } from 'vitest';
import { topK, unavailableItems } from '../src/index.js';

test('top-k equals a full sort by score, then position', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(-1, 0, 0.5, 2, Number.NaN, Number.NEGATIVE_INFINITY), { maxLength: 40 }),
      fc.integer({ min: 1, max: 50 }),
      fc.array(fc.integer({ min: 0, max: 1 }), { minLength: 40, maxLength: 40 }),
      (values, k, skip) => {
        const scores = Float32Array.from(values);
        const expected = Array.from(scores, (score, item) => ({ item, score }))
          .filter(({ item, score }) => score > Number.NEGATIVE_INFINITY && skip[item] === 0)
          .sort((a, b) => b.score - a.score || a.item - b.item)
          .slice(0, k);
        expect(topK(scores, k, Uint8Array.from(skip))).toEqual(expected);
      },
    ),
  );
  expect(() => topK(new Float32Array(3), 0)).toThrow(/k to be/);
});

test('unavailable items are the excluded, the history and all but the candidates', () => {
  const marks = (query: Parameters<typeof unavailableItems>[0], includeHistory = false): number[] =>
    Array.from(unavailableItems(query, 6, { includeHistory }));
  expect(marks({})).toEqual([0, 0, 0, 0, 0, 0]);
  expect(marks({ history: [1], exclude: [2, 2] })).toEqual([0, 1, 1, 0, 0, 0]);
  expect(marks({ history: [1], exclude: [1] }, true)).toEqual([0, 1, 0, 0, 0, 0]);
  expect(marks({ history: [1, 4], candidates: [1, 3] })).toEqual([1, 1, 1, 0, 1, 1]);
  expect(marks({ history: [1, 4], candidates: [1, 3] }, true)).toEqual([1, 0, 1, 0, 1, 1]);
  expect(marks({ candidates: [] })).toEqual([1, 1, 1, 1, 1, 1]);
  expect(() => marks({ history: [6] }, true)).toThrow(/item indexes from 0 to 5 in the query's history/);
});
