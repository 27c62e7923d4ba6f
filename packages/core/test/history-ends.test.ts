import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fingerprint, historyEnds, IdMap, InteractionLog } from '../src/index.js';

const logOf = (rows: readonly (readonly [user: number, time: number, request: number])[]): InteractionLog =>
  new InteractionLog({
    users: new IdMap(['a', 'b', 'c'], 'user'),
    items: new IdMap(['x']),
    user: Int32Array.from(rows, ([user]) => user),
    item: new Int32Array(rows.length),
    timestamp: Float64Array.from(rows, ([, time]) => time),
    request: Int32Array.from(rows, ([, , request]) => request),
  });

test('neither equal times nor the rest of a slate are history', () => {
  // Request 7 shows three items; the click on one of them is logged ten seconds later, after an unrelated event.
  const log = logOf([
    [0, 10, -1],
    [0, 20, 7],
    [0, 20, 7],
    [0, 25, -1],
    [0, 30, 7],
    [0, 40, -1],
  ]);
  expect(Array.from(historyEnds(log))).toEqual([0, 1, 1, 3, 1, 5]);
});

test('a history holds exactly what is older than everything its request showed', () => {
  const rows = fc.array(fc.tuple(fc.nat(2), fc.nat(5), fc.integer({ min: -1, max: 3 })), { maxLength: 30 });
  fc.assert(
    fc.property(rows, (list) => {
      const log = logOf(list);
      const { offsets, row } = log.byUser();
      const ends = historyEnds(log);
      for (let p = 0; p < log.length; p++) {
        const [user, time, request] = list[row[p] as number] as [number, number, number];
        const slate = list.filter(([u, , r]) => u === user && r === request && request >= 0);
        const first = Math.min(time, ...slate.map(([, t]) => t));
        const known = list.filter(([u, t]) => u === user && t < first).length;
        expect((ends[p] as number) - (offsets[user] as number)).toBe(known);
      }
    }),
  );
});

test('requests follow their rows, count in the fingerprint and are checked', () => {
  const log = logOf([
    [1, 1, 0],
    [1, 2, 5],
  ]);
  expect(Array.from(log.select(Int32Array.of(1)).compact().request ?? [])).toEqual([5]);
  expect(fingerprint(log)).not.toBe(
    fingerprint(
      logOf([
        [1, 1, 0],
        [1, 2, 6],
      ]),
    ),
  );
  expect(() => logOf([[0, 1, -2]])).toThrow(
    /request numbers from 0, or -1 for none, but received -2 at row 0/,
  );
  expect(logOf([]).request).toHaveLength(0);
});
