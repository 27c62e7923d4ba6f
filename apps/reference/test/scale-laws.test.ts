import fc from 'fast-check';
import { expect, test } from 'vitest';
import { amountOf, constantsOf, LAWS, mostItems, type Size } from '../bench/scale-laws.js';

const sizes: readonly Size[] = [
  { users: 1000, items: 500, each: 20 },
  { users: 4000, items: 500, each: 20 },
  { users: 1000, items: 2000, each: 20 },
];

test('what was made by a law is found again, and foretold at other sizes', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...LAWS),
      fc.double({ min: 1e-9, max: 1, noNaN: true }),
      fc.double({ min: 1e-9, max: 1, noNaN: true }),
      ({ fit }, a, b) => {
        const made = fit.map((term, k) => (k === 0 ? a : b) / term(sizes[0] as Size));
        const measured = sizes.map((size) => ({ size, value: amountOf(fit, made, size) }));
        const found = constantsOf(fit, measured);
        const far = { users: 1e6, items: 1e5, each: 50 };
        expect(amountOf(fit, found, far) / amountOf(fit, made, far)).toBeCloseTo(1, 3);
      },
    ),
  );
});

test('a term that would be negative is left out, and bounds are found to a digit', () => {
  const terms = [() => 1, (size: Size) => size.items];
  const falling = sizes.map((size) => ({ size, value: 3000 - size.items }));
  const constants = constantsOf(terms, falling);
  expect(constants.every((constant) => constant >= 0)).toBe(true);
  // 4 bytes for each pair of items: 32 GB hold 89,442 items.
  const ease = LAWS.find(({ method }) => method === 'ease');
  expect(mostItems({ users: 1, items: 0, each: 1 }, (size) => (ease?.bytes(size) ?? 0) <= 32e9)).toBe(80_000);
  expect(mostItems({ users: 1, items: 0, each: 1 }, () => false)).toBe(0);
});
