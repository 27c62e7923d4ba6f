import { expect, test } from 'vitest';
import { multiLabelScores } from '../src/index.js';

const TRUTHS = [['a', 'c'], ['b'], ['a', 'b'], [], ['a', 'd']];
const PREDICTIONS = [['a', 'b'], ['b'], ['b', 'd'], [], ['a']];

test('weighted scores are those of scikit-learn 1.9.1 (precision_recall_fscore_support, zero_division=0)', () => {
  const { precision, recall, f1, support } = multiLabelScores(TRUTHS, PREDICTIONS);
  expect(precision).toBeCloseTo(0.619047619, 8);
  expect(recall).toBeCloseTo(0.571428571, 8);
  expect(f1).toBeCloseTo(0.571428571, 8);
  expect(support).toBe(7);
});

test('labels given twice count once, and classes of no truth weigh nothing', () => {
  const plain = multiLabelScores([['a']], [['a']]);
  expect(plain).toEqual({ precision: 1, recall: 1, f1: 1, support: 1 });
  expect(multiLabelScores([['a', 'a']], [['a', 'a', 'z']])).toEqual(plain);
});

test('without any true class there is nothing to score', () => {
  expect(multiLabelScores([[]], [['a']]).f1).toBeNaN();
  expect(multiLabelScores([[]], [['a']]).support).toBe(0);
});

test('as many predictions as truths', () => {
  expect(() => multiLabelScores([['a']], [])).toThrow(/1 predictions/);
});
