import fc from 'fast-check';
import { expect, test } from 'vitest';
import { contentHash, EmbeddingTable, IdMap, InvalidInputError } from '../src/index.js';

test('equal content gives equal hashes, whatever the order of keys', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
      const reversed = Object.fromEntries(Object.entries(value).reverse());
      return contentHash(value) === contentHash(reversed);
    }),
  );
  expect(contentHash({ a: 1, b: undefined })).toBe(contentHash({ a: 1 }));
});

test('what differs has another hash', () => {
  const ids = new IdMap(['a', 'b']);
  const values: unknown[] = [
    null,
    undefined,
    0,
    -0,
    '0',
    false,
    '',
    [],
    {},
    [[]],
    [1, 2],
    [12],
    ['1', '2'],
    ['1,2'],
    { a: 1 },
    { a: '1' },
    { a: { b: 1 } },
    { a: [1] },
    new Float32Array([1]),
    new Float64Array([1]),
    new Int32Array([1]),
    new Map([['a', 1]]),
    new Set(['a', 1]),
    Number.NaN,
    Number.POSITIVE_INFINITY,
    10n,
    '\ud800',
    '\ud801',
    ids,
    new IdMap(['b', 'a']),
    new EmbeddingTable(ids, 1, Float32Array.of(1, 2)),
    new EmbeddingTable(ids, 1, Float32Array.of(2, 1)),
  ];
  expect(new Set(values.map(contentHash)).size).toBe(values.length);
});

test('functions and unknown instances are refused with their path', () => {
  expect(() => contentHash({ a: [() => 1] })).toThrow(/value\.a\[0\]/);
  expect(() => contentHash({ when: new Date(0) })).toThrow(InvalidInputError);
});
