import { fingerprint, InteractionLog, trainingOf } from '@palate/core';
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import {
  leaveOneOut,
  type Split,
  splitByTime,
  splitByUser,
  splitPerUserTime,
  splitRandom,
} from '../src/index.js';

const logs = fc
  .array(fc.record({ user: fc.integer({ min: 0, max: 7 }), timestamp: fc.integer({ min: 0, max: 30 }) }), {
    minLength: 40,
    maxLength: 80,
  })
  .map((rows) =>
    InteractionLog.fromRows(
      rows.map((row, k) => ({ user: `u${row.user}`, item: `i${k}`, timestamp: row.timestamp })),
    ),
  );

const itemsOf = (log: InteractionLog | undefined): string[] =>
  log ? Array.from(log.item, (item) => log.items.idOf(item)) : [];

function expectPartition(log: InteractionLog, split: Split): void {
  const parts = [...itemsOf(split.train), ...itemsOf(split.validation), ...itemsOf(split.test)];
  expect(parts.sort()).toEqual(itemsOf(log).sort());
  // What is known at the test is the rest, in the order of the log.
  const held = new Set(itemsOf(split.test));
  expect(itemsOf(split.known)).toEqual(itemsOf(log).filter((item) => !held.has(item)));
  expect(split.known).toBe(split.known);
  if (!split.validation) expect(split.known).toBe(split.train);
  for (const part of [split.train, split.validation, split.test, split.known]) {
    if (!part) continue;
    expect(part.items).toBe(log.items);
    expect(part.users).toBe(log.users);
  }
}

describe('every split is a partition that keeps the dense indexes', () => {
  const splits: Record<string, (log: InteractionLog) => Split> = {
    leaveOneOut: (log) => leaveOneOut(log),
    'leaveOneOut without validation': (log) => leaveOneOut(log, { validation: false }),
    splitByTime: (log) => splitByTime(log, { test: 0.2, validation: 0.2 }),
    splitPerUserTime: (log) => splitPerUserTime(log, { test: 0.3, validation: 0.3 }),
    splitByUser: (log) => splitByUser(log, { test: 0.25, validation: 0.25, seed: 3 }),
    splitRandom: (log) => splitRandom(log, { seed: 3 }),
  };
  for (const [name, split] of Object.entries(splits))
    test(name, () => {
      fc.assert(
        fc.property(logs, (log) => {
          let parts: Split;
          try {
            parts = split(log);
          } catch (error) {
            // Small random logs can leave a part empty; that is refused, never returned.
            expect((error as Error).message).toMatch(/interactions in the (training|validation|test) part/);
            return;
          }
          expectPartition(log, parts);
        }),
      );
    });
});

const row = (user: string, item: string, timestamp: number) => ({ user, item, timestamp });

test('leave-one-out holds out the last two by time, equal times by row, and leaves short histories alone', () => {
  const log = InteractionLog.fromRows([
    row('a', 'a3', 30),
    row('a', 'a1', 10),
    row('a', 'a2', 20),
    row('b', 'b1', 5),
    row('b', 'b2', 5),
    row('b', 'b3', 5),
    row('c', 'c1', 1),
    row('c', 'c2', 2),
  ]);
  const split = leaveOneOut(log);
  expect(itemsOf(split.test)).toEqual(['a3', 'b3']);
  expect(itemsOf(split.validation)).toEqual(['a2', 'b2']);
  expect(itemsOf(split.train)).toEqual(['a1', 'b1', 'c1', 'c2']);
  expect(itemsOf(leaveOneOut(log, { validation: false }).test)).toEqual(['a3', 'b3', 'c2']);
  // b3 at time 5 is older than a1 at time 10, which is trained on; a3 is not.
  expect(split.warnings).toEqual([
    '50.0 % of the test interactions are older than the newest training interaction (of any user)',
    // All of b is at one time.
    '50.0 % of the test users have a known interaction at the very time of a test interaction: the order of the rows decided which is the test',
  ]);
  expect(() => leaveOneOut(log, { leaks: 'refuse' })).toThrow(expect.objectContaining({ code: 'leak' }));
});

test('a cut by time lets nothing of the future into training, and ties go to the later part', () => {
  const log = InteractionLog.fromRows(
    Array.from({ length: 20 }, (_, k) => row(`u${k % 3}`, `i${k}`, Math.floor(k / 4))),
  );
  const split = splitByTime(log, { test: 0.25, validation: 0 });
  // Twenty rows, four at each time 0 to 4: the cut at 0.75 falls into time 3, so that times 3 and 4 are the test.
  expect(split.test.length).toBe(8);
  expect(Math.max(...split.train.timestamp)).toBeLessThan(Math.min(...split.test.timestamp));
  expect(split.warnings).toEqual([]);
  expect(() => splitByTime(log, { test: 0.25, validation: 0, leaks: 'refuse' })).not.toThrow();
});

test('positions are no times to cut at', () => {
  const log = InteractionLog.fromRows([row('a', 'x', 0), row('a', 'y', 1)]);
  const positions = new InteractionLog({
    ...log,
    users: log.users,
    items: log.items,
    user: log.user,
    item: log.item,
    timestamp: log.timestamp,
    timeUnit: 'position',
  } as never);
  expect(() => splitByTime(positions)).toThrow(/real times/);
});

test('a random split warns of users who are trained on their own future', () => {
  const log = InteractionLog.fromRows(Array.from({ length: 200 }, (_, k) => row(`u${k % 4}`, `i${k}`, k)));
  const split = splitRandom(log, { seed: 1 });
  expect(split.warnings[0]).toMatch(
    /^100\.0 % of the test users have training interactions later than their own/,
  );
  expect(() => splitRandom(log, { seed: 1, leaks: 'refuse' })).toThrow(/Split by time/);
  expect(itemsOf(splitRandom(log, { seed: 1 }).test)).toEqual(itemsOf(split.test));
  expect(itemsOf(splitRandom(log, { seed: 2 }).test)).not.toEqual(itemsOf(split.test));
});

test('repeated pairs across parts are warned of', () => {
  const log = InteractionLog.fromRows([row('a', 'x', 1), row('a', 'y', 2), row('a', 'x', 3)]);
  expect(leaveOneOut(log).warnings.join()).toMatch(/1 test interactions repeat a pair/);
});

test('a warning tells when the order of rows stands in for time at the border of the test', () => {
  const at = (times: readonly number[], user: string) =>
    times.map((timestamp, k) => ({ user, item: `${user}${k}`, timestamp }));
  // Of four users one has the second-last interaction at the time of the last.
  const log = InteractionLog.fromRows([
    ...at([1, 2, 3, 4], 'a'),
    ...at([1, 1, 2, 3], 'b'),
    ...at([1, 2, 3, 3], 'c'),
    ...at([1, 2], 'd'),
    ...at([1, 5, 6], 'e'),
  ]);
  const told = /25\.0 % of the test users.*order of the rows/;
  expect(leaveOneOut(log).warnings.join()).toMatch(told);
  // The border is the same without validation, where the user of two interactions is tested as well.
  expect(leaveOneOut(log, { validation: false }).warnings.join()).toMatch(/20\.0 % of the test users/);
  expect(splitPerUserTime(log, { test: 0.25, validation: 0 }).warnings.join()).toMatch(
    /33\.3 % of the test users/,
  );
  expect(splitByTime(log, { test: 0.3, validation: 0 }).warnings.join()).not.toMatch(/order of the rows/);
});

test('a split by user keeps users whole; per-user time keeps the oldest in training', () => {
  const log = InteractionLog.fromRows(
    Array.from({ length: 100 }, (_, k) => row(`u${k % 10}`, `i${k}`, 100 - k)),
  );
  const byUser = splitByUser(log, { test: 0.2, validation: 0.1 });
  expect(new Set(byUser.test.user).size).toBe(2);
  for (const user of new Set(byUser.test.user)) expect(byUser.train.user.includes(user)).toBe(false);
  const perUser = splitPerUserTime(log, { test: 0.2, validation: 0.1 });
  expect(perUser.test.length).toBe(20);
  for (let user = 0; user < 10; user++) {
    const newest = Math.max(
      ...Array.from(
        perUser.train.byUser().row.subarray(user * 7, user * 7 + 7),
        (r) => perUser.train.timestamp[r] as number,
      ),
    );
    const oldest = Math.min(
      ...Array.from(
        perUser.test.byUser().row.subarray(user * 2, user * 2 + 2),
        (r) => perUser.test.timestamp[r] as number,
      ),
    );
    expect(newest).toBeLessThan(oldest);
  }
  expect(() => splitRandom(log, { test: 0.6, validation: 0.4 })).toThrow(/leaves something for training/);
});

describe('data without times', () => {
  const rows = [
    { user: 'ann', item: 'a' },
    { user: 'bob', item: 'b' },
    { user: 'ann', item: 'c' },
    { user: 'ann', item: 'd' },
    { user: 'bob', item: 'a' },
    { user: 'bob', item: 'e' },
  ];

  it('is a log of positions within each user, not of seconds', () => {
    const log = InteractionLog.fromRows(rows);
    expect(log.timeUnit).toBe('position');
    expect([...log.timestamp]).toEqual([0, 0, 1, 2, 1, 2]);
    expect(() => InteractionLog.fromRows([...rows, { user: 'ann', item: 'e', timestamp: 7 }])).toThrow(
      /timestamp on every row or on none.*1 of 7/,
    );
  });

  it('cannot be split by time, and says that row order stands in for it elsewhere', () => {
    const log = InteractionLog.fromRows(rows);
    expect(() => splitByTime(log)).toThrow(/real times/);
    expect(leaveOneOut(log).warnings).toContain(
      "the data has no times: the order of each user's rows stands in for them",
    );
    const timed = InteractionLog.fromRows(rows.map((row, at) => ({ ...row, timestamp: at })));
    expect(leaveOneOut(timed).warnings.join()).not.toMatch(/no times/);
  });
});

it('what was made from training may be tested with what is known at the test', () => {
  const log = InteractionLog.fromRows(
    ['a', 'b', 'c', 'd'].map((item, at) => ({ user: 'ann', item, timestamp: at })),
  );
  const split = leaveOneOut(log);
  expect(trainingOf(split.known)).toContain(fingerprint(split.train));
  expect(trainingOf(split.known)).not.toContain(fingerprint(log));
});
