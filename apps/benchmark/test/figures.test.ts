import fc from 'fast-check';
import { expect, test } from 'vitest';
import { spreadLabels } from '../src/figures/spread-labels.js';

test('labels keep their distance and their order, and stay where they want to be if there is room', () => {
  expect(spreadLabels([10, 50, 100], 16)).toEqual([10, 50, 100]);
  // Two that want one place move apart by half a gap each; the third is not moved.
  expect(spreadLabels([40, 40, 100], 16)).toEqual([32, 48, 100]);
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 400 }), { minLength: 1, maxLength: 30 }), (wanted) => {
      const spread = spreadLabels(wanted, 16);
      const order = wanted.map((_, k) => k).sort((a, b) => (spread[a] ?? 0) - (spread[b] ?? 0));
      for (const [k, label] of order.entries()) {
        const before = order[k - 1];
        if (before === undefined) continue;
        expect((spread[label] ?? 0) - (spread[before] ?? 0)).toBeGreaterThanOrEqual(16 - 1e-9);
        expect(wanted[label]).toBeGreaterThanOrEqual(wanted[before] ?? 0);
      }
      // No label is moved for nothing: together they stay where they were.
      const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
      expect(sum(spread)).toBeCloseTo(sum(wanted), 6);
    }),
  );
});
