import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { auc, gauc, logLoss, mae, rmse } from '../src/index.js';
import { golden } from './golden/golden.js';

test('prediction metrics agree with scikit-learn 1.2.1', () => {
  const { labels, scores, probabilities, truths, predictions, groups, ...expected } = golden.prediction;
  expect(auc(scores, labels)).toBeCloseTo(expected.auc, 12);
  expect(gauc(scores, labels, groups)).toBeCloseTo(expected.gauc, 12);
  expect(logLoss(probabilities, labels)).toBeCloseTo(expected.logLoss, 12);
  expect(rmse(predictions, truths)).toBeCloseTo(expected.rmse, 12);
  expect(mae(predictions, truths)).toBeCloseTo(expected.mae, 12);
});

test('AUC counts pairs, ties one half', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: 0, max: 5 }), fc.boolean()), { minLength: 1, maxLength: 40 }),
      (rows) => {
        const positives = rows.filter(([, label]) => label);
        const negatives = rows.filter(([, label]) => !label);
        let wins = 0;
        for (const [p] of positives) for (const [n] of negatives) wins += p > n ? 1 : p === n ? 0.5 : 0;
        const value = auc(
          rows.map(([score]) => score),
          rows.map(([, label]) => Number(label)),
        );
        if (positives.length === 0 || negatives.length === 0) expect(value).toBeNaN();
        else expect(value).toBeCloseTo(wins / (positives.length * negatives.length), 12);
      },
    ),
  );
  expect(auc([1, 1, 1, 1], [1, 0, 1, 0])).toBe(0.5);
});

test('lengths that differ and empty lists are refused', () => {
  expect(() => rmse([1], [1, 2])).toThrow(/as many predictions as truths/);
  expect(() => auc([], [])).toThrow(/at least one/);
  expect(logLoss([0, 1], [0, 1])).toBeLessThan(1e-14);
  expect(Number.isFinite(logLoss([0], [1]))).toBe(true);
});

describe('what is no number is refused with its place', () => {
  const labels = [1, 0, 1];
  const bad = [0.2, 0.4, Number.NaN];
  for (const [name, run] of [
    ['auc', auc],
    ['logLoss', logLoss],
    ['rmse', rmse],
    ['mae', mae],
    ['gauc', (a: number[], b: number[]) => gauc(a, b, [0, 1, 1])],
  ] as const)
    test(name, () => {
      expect(() => run(bad, labels)).toThrow(/NaN at index 2/);
      expect(() => run([0.2, 0.4, 0.6], bad)).toThrow(/NaN at index 2/);
    });
  test('groups, and chances beyond 0 and 1', () => {
    expect(() => gauc([0.2, 0.4, 0.6], labels, bad)).toThrow(/groups.*NaN at index 2/);
    expect(() => logLoss([0.2, 1.5, 0.6], labels)).toThrow(/from 0 to 1.*1\.5 at index 1/);
    expect(() => rmse([1, Number.POSITIVE_INFINITY], [1, 1])).toThrow(/Infinity at index 1/);
  });
  test('infinite scores have an order, and so an AUC', () => {
    const up = Number.POSITIVE_INFINITY;
    expect(auc([up, up, 0, -up], [1, 0, 1, 0])).toBe((0.5 + 1 + 0 + 1) / 4);
  });
});
