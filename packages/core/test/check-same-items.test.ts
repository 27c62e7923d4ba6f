import { expect, test } from 'vitest';
import { checkSameItems, IdMap } from '../src/index.js';

const part = (name: string, ...ids: string[]): { name: string; items: IdMap } => ({
  name,
  items: new IdMap(ids),
});

test('parts over the same items in the same order pass, whoever made the map', () => {
  checkSameItems([]);
  checkSameItems([part('a', 'x', 'y'), part('b', 'x', 'y')]);
  checkSameItems([part('a', 'x', 'y')], new IdMap(['x', 'y']));
  // Ids that would read alike when they are joined.
  expect(() => checkSameItems([part('a', 'x\ny'), part('b', 'x', 'y')])).toThrow(/index 0.*"x" in b/s);
});

test('says which part differs, and where', () => {
  expect(() => checkSameItems([part('a', 'x', 'y'), part('b', 'y', 'x')])).toThrow(
    /"x" at index 0.*"y" in b/s,
  );
  expect(() => checkSameItems([part('a', 'x', 'y'), part('b', 'x')])).toThrow(/"y" at index 1.*"none" in b/s);
  expect(() => checkSameItems([part('a', 'x')], new IdMap(['z']))).toThrow(/"z" at index 0.*"x" in a/s);
});
