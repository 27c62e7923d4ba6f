import { InteractionLog } from '@palate/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { kCore, keepFirst, minimumItemCount, ratingThreshold, statistics } from '../src/index.js';

interface Row {
  user: string;
  item: string;
  timestamp: number;
  rating: number;
}

const rows: fc.Arbitrary<Row[]> = fc.array(
  fc.record({
    user: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
    item: fc.constantFrom('p', 'q', 'r', 's', 't', 'u'),
    timestamp: fc.integer({ min: 0, max: 9 }),
    rating: fc.integer({ min: 1, max: 5 }),
  }),
  { minLength: 1, maxLength: 50 },
);

const listOf = (log: InteractionLog): Row[] =>
  Array.from({ length: log.length }, (_, r) => ({
    user: log.users.idOf(log.user[r] as number),
    item: log.items.idOf(log.item[r] as number),
    timestamp: log.timestamp[r] as number,
    rating: log.rating?.[r] as number,
  }));

test('the k-core is the largest part in which everybody has enough', () => {
  fc.assert(
    fc.property(
      rows,
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 1, max: 4 }),
      (list, users, items) => {
        // The plainest possible rendering: drop everything that has too little, over and over.
        let expected = list;
        for (;;) {
          const kept = expected.filter(
            (row) =>
              expected.filter((other) => other.user === row.user).length >= users &&
              expected.filter((other) => other.item === row.item).length >= items,
          );
          if (kept.length === expected.length) break;
          expected = kept;
        }
        const core = kCore(InteractionLog.fromRows(list), { users, items });
        expect(listOf(core)).toEqual(expected);
        expect(core.users.size).toBe(new Set(expected.map((row) => row.user)).size);
        expect(listOf(kCore(core, { users, items }))).toEqual(expected);
      },
    ),
  );
});

test('the first of each pair is kept', () => {
  fc.assert(
    fc.property(rows, (list) => {
      const expected = list.filter((row, at) =>
        list.every(
          (other, k) =>
            k === at ||
            other.user !== row.user ||
            other.item !== row.item ||
            other.timestamp > row.timestamp ||
            (other.timestamp === row.timestamp && k > at),
        ),
      );
      expect(listOf(keepFirst(InteractionLog.fromRows(list)))).toEqual(expected);
    }),
  );
});

test('thresholds keep what reaches them', () => {
  const log = InteractionLog.fromRows([
    { user: 'a', item: 'p', timestamp: 1, rating: 3 },
    { user: 'b', item: 'p', timestamp: 2, rating: 4 },
    { user: 'b', item: 'q', timestamp: 3, rating: 5 },
  ]);
  expect(listOf(ratingThreshold(log, 4)).map(({ item }) => item)).toEqual(['p', 'q']);
  expect([...ratingThreshold(log, 4).users]).toEqual(['b']);
  expect([...minimumItemCount(log, 2).items]).toEqual(['p']);
  const unrated = InteractionLog.fromRows([{ user: 'a', item: 'p' }]);
  expect(() => ratingThreshold(unrated, 4)).toThrow(/a log with ratings/);
  expect(() => kCore(log, { user: 5 } as never)).toThrow(/"user"/);
});

test('statistics by hand', () => {
  const log = InteractionLog.fromRows([
    { user: 'a', item: 'p', timestamp: 10, rating: 1 },
    { user: 'a', item: 'q', timestamp: 10, rating: 2 },
    { user: 'a', item: 'p', timestamp: 12, rating: 3 },
    { user: 'b', item: 'p', timestamp: 5, rating: 4 },
  ]);
  const counts = statistics(log);
  expect(counts).toMatchObject({
    users: 2,
    items: 2,
    interactions: 4,
    density: 1,
    historyLength: { mean: 2, median: 2, min: 1, max: 3 },
    repeatedPairs: 1,
    equalTimes: 1,
    time: { first: 5, last: 12 },
    meanRating: 2.5,
  });
  // Counts 1 and 3: the mean absolute difference over twice the mean is (|1-3| * 2 / 4) / (2 * 2) = 0.25.
  expect(counts.popularityGini).toBeCloseTo(0.25, 12);
});
