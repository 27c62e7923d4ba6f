import fc from 'fast-check';
import { expect, test } from 'vitest';
import { IdMap, IdMapBuilder, InteractionLog } from '../src/index.js';

const rows = fc.array(
  fc.record({
    user: fc.constantFrom('a', 'b', 'c', 'd'),
    item: fc.constantFrom('p', 'q', 'r', 's', 't'),
    timestamp: fc.integer({ min: 0, max: 6 }),
    rating: fc.integer({ min: 1, max: 5 }),
  }),
  { maxLength: 60 },
);

test('the user-major view lists each user by time, equal times in row order', () => {
  fc.assert(
    fc.property(rows, (list) => {
      const log = InteractionLog.fromRows(list);
      for (const [index, user] of [...log.users].entries()) {
        const expected = list
          .map((row, at) => ({ ...row, at }))
          .filter((row) => row.user === user)
          .sort((a, b) => a.timestamp - b.timestamp || a.at - b.at);
        expect(Array.from(log.history(index), (item) => log.items.idOf(item))).toEqual(
          expected.map((row) => row.item),
        );
        const { offsets, row } = log.byUser();
        expect(Array.from(row.subarray(offsets[index], offsets[index + 1]))).toEqual(
          expected.map((each) => each.at),
        );
      }
    }),
  );
});

test('counts count', () => {
  fc.assert(
    fc.property(rows, (list) => {
      const log = InteractionLog.fromRows(list);
      for (const [index, item] of [...log.items].entries())
        expect(log.itemCounts()[index]).toBe(list.filter((row) => row.item === item).length);
      for (const [index, user] of [...log.users].entries())
        expect(log.userCounts()[index]).toBe(list.filter((row) => row.user === user).length);
    }),
  );
});

test('a selection keeps the id maps, compacting drops the ids that no longer occur', () => {
  const log = InteractionLog.fromRows([
    { user: 'ann', item: 'alien', timestamp: 1, rating: 5 },
    { user: 'bob', item: 'heat', timestamp: 2, rating: 3 },
    { user: 'ann', item: 'fargo', timestamp: 3, rating: 4 },
  ]);
  const part = log.select(Int32Array.of(2, 1));
  expect(part.items).toBe(log.items);
  expect(Array.from(part.rating ?? [])).toEqual([4, 3]);
  const compact = part.compact();
  expect([...compact.items]).toEqual(['heat', 'fargo']);
  expect(Array.from(compact.history(compact.users.indexOf('ann')), (i) => compact.items.idOf(i))).toEqual([
    'fargo',
  ]);
  expect(() => log.select(Int32Array.of(3))).toThrow(/rows below 3/);
  expect(() => log.history(2)).toThrow(/dense user index/);
});

test('columns that do not fit are refused at the door', () => {
  const users = new IdMap(['u'], 'user');
  const items = new IdMap(['i']);
  const fine = {
    users,
    items,
    user: Int32Array.of(0),
    item: Int32Array.of(0),
    timestamp: Float64Array.of(1),
  };
  expect(new InteractionLog(fine).length).toBe(1);
  expect(() => new InteractionLog({ ...fine, item: Int32Array.of(1) })).toThrow(/item indexes below 1/);
  expect(() => new InteractionLog({ ...fine, user: Int32Array.of(-1) })).toThrow(/user indexes below 1/);
  expect(() => new InteractionLog({ ...fine, timestamp: Float64Array.of(Number.NaN) })).toThrow(
    /finite timestamps/,
  );
  expect(() => new InteractionLog({ ...fine, rating: new Float32Array(2) })).toThrow(/columns of one length/);
  expect(() =>
    InteractionLog.fromRows([
      { user: 'u', item: 'i', rating: 1 },
      { user: 'u', item: 'j' },
    ]),
  ).toThrow(/rating on every row/);
});

test('id maps go both ways and name what they do not know', () => {
  const ids = new IdMap(['x', 'y'], 'user');
  expect([ids.indexOf('y'), ids.idOf(0), ids.find('z'), ids.has('x'), ids.size]).toEqual([
    1,
    'x',
    undefined,
    true,
    2,
  ]);
  expect(() => ids.indexOf('z')).toThrow(/known user id, but received "z"/);
  expect(() => ids.idOf(2)).toThrow(/dense user index from 0 to 1/);
  expect(() => new IdMap(['x', 'y', 'x'])).toThrow(/"x" at positions 0 and 2/);
  const builder = new IdMapBuilder();
  expect([builder.add('b'), builder.add('a'), builder.add('b')]).toEqual([0, 1, 0]);
  expect([...builder.build()]).toEqual(['b', 'a']);
});
