import fc from 'fast-check';
import { expect, test } from 'vitest';
import { IdInterner } from '../src/tables/id-interner.js';

test('ids are numbered in the order in which they are met, whole numbers of any size and texts alike', () => {
  const id = fc.oneof(
    fc.nat(40).map(String),
    fc.integer({ min: 4000, max: 200_000 }).map(String),
    fc.maxSafeNat().map(String),
    fc.constantFrom('0', '00', '01', '1.0', '-1', 'a', 'Ærø', '999999999999999', '1000000000000000'),
  );
  fc.assert(
    fc.property(fc.array(id, { maxLength: 60 }), fc.array(fc.boolean(), { maxLength: 60 }), (ids, asText) => {
      // Many before and after: tables grow in between.
      const dense = Array.from({ length: 3000 }, (_, k) => String(3 * k));
      const all = [...ids, ...dense, ...ids, ...dense.slice(0, 50)];
      const interner = new IdInterner();
      const known = new Map<string, number>();
      const numbers = all.map((each, at) => {
        const bytes = Buffer.from(each);
        return asText[at] ? interner.addText(each) : interner.addBytes(bytes, 0, bytes.length);
      });
      for (const each of all) if (!known.has(each)) known.set(each, known.size);
      expect(numbers).toEqual(all.map((each) => known.get(each)));
      expect(interner.size).toBe(known.size);
      expect([...interner.build('item')]).toEqual([...known.keys()]);
    }),
    { numRuns: 30 },
  );
});

test('ids that are all written with a decimal point are noticed, others not', () => {
  const of = (...ids: string[]): boolean => {
    const interner = new IdInterner();
    for (const id of ids) interner.addText(id);
    return interner.looksLikeFloats();
  };
  expect(of('1.0', '2.0')).toBe(true);
  expect(of('1.0', '7')).toBe(false);
  expect(of('1.0', 'a')).toBe(false);
  expect(of()).toBe(false);
});
