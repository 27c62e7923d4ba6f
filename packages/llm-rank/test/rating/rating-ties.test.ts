import { InteractionLog, RandomStream } from '@palate/core';
import { expect, it } from 'vitest';
import { ratingRows } from '../../src/index.js';

/** People who rate pairs of films within a second: one is a 5 and the other a 1, as a coin decides. */
function pairs(users: number, evenings: number): InteractionLog {
  const random = new RandomStream(3);
  return InteractionLog.fromRows(
    Array.from({ length: users }, (_, user) =>
      Array.from({ length: evenings }, (__, evening) => {
        const first = random.integer(2) === 0 ? 5 : 1;
        return [first, 6 - first].map((rating, at) => ({
          user: `u${user}`,
          item: `f${2 * evening + at}`,
          timestamp: 1000 * evening,
          rating,
        }));
      }).flat(),
    ).flat(),
  );
}

it('histories hold nothing of the same second, so that a coin toss cannot be read off them', () => {
  const log = pairs(50, 6);
  const rows = ratingRows(log, log);
  // The first evening has no history.
  expect(rows.item).toHaveLength(50 * 10);
  let right = 0;
  for (const [at, history] of rows.history.entries()) {
    const evening = Math.floor(Number(log.items.idOf(rows.item[at] as number).slice(1)) / 2);
    expect(history).toHaveLength(2 * evening);
    for (const item of history)
      expect(Math.floor(Number(log.items.idOf(item).slice(1)) / 2)).toBeLessThan(evening);
    // Whoever says the opposite of the newest rating would be right about the second of each pair.
    if ((rows.rating[at] as number) === 6 - (rows.historyRatings[at]?.at(-1) as number)) right++;
  }
  expect(Math.abs(right / rows.item.length - 0.5)).toBeLessThan(0.07);
});

it('histories hold nothing of the same request', () => {
  const plain = pairs(2, 3);
  const { users, items, user, item, timestamp, rating } = plain;
  const log = new InteractionLog({
    users,
    items,
    user,
    item,
    // Rows of a request are logged one after the other.
    timestamp: timestamp.map((time, row) => time + row),
    request: Int32Array.from(user.keys(), (row) => Math.floor(row / 2)),
    ...(rating ? { rating } : {}),
  });
  expect(ratingRows(log, log).history.map(({ length }) => length)).toEqual([2, 2, 4, 4, 2, 2, 4, 4]);
});
