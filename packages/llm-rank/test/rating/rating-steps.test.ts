import { Catalog, createDataset, InteractionLog } from '@palate/core';
import { describe, expect, it, test } from 'vitest';
import {
  fitRatingBaseline,
  fitT5Rater,
  meanPredictor,
  type RatingTask,
  ratingRows,
} from '../../src/index.js';
import { ratingSteps } from '../../src/rating/rating-steps.js';

/** A task in which users give these ratings in turn. */
function taskOf(ratings: readonly number[], min: number, max: number, users = 30): RatingTask {
  const log = InteractionLog.fromRows(
    Array.from({ length: users * 6 }, (_, k) => ({
      user: `u${Math.floor(k / 6)}`,
      item: `i${k % 6}`,
      timestamp: k,
      rating: ratings[k % ratings.length] as number,
    })),
  );
  const dataset = createDataset({
    name: 'rated',
    log,
    catalog: new Catalog({ items: log.items, text: { title: [...log.items] } }),
    licence: 'MIT',
    source: 'made up',
  });
  return { dataset, train: ratingRows(log, log), scale: { min, max } };
}

test.each<[string, number[], number, number, { step: number; count: number }]>([
  ['whole numbers', [1, 3, 5], 1, 5, { step: 2, count: 3 }],
  ['every whole number', [1, 2, 4], 1, 5, { step: 1, count: 5 }],
  ['halves', [4, 4.5], 0.5, 5, { step: 0.5, count: 10 }],
  ['a constant on a scale of halves', [4], 0.5, 5, { step: 0.5, count: 10 }],
  ['ten', [0, 7, 9], 0, 10, { step: 1, count: 11 }],
  ['tenths', [3.7, 4.2, 1], 1, 5, { step: 0.1, count: 41 }],
])('the steps of %s', (_, ratings, min, max, { step, count }) => {
  const steps = ratingSteps(taskOf(ratings, min, max));
  expect(steps.step).toBeCloseTo(step, 3);
  expect(steps.count).toBe(count);
  expect(steps.min + (steps.count - 1) * steps.step).toBeCloseTo(max, 3);
});

test('ratings outside of the scale, and scales of one value, are refused', () => {
  expect(() => ratingSteps(taskOf([7], 1, 5))).toThrow(/ratings from 1 to 5.*7/);
  expect(() => ratingSteps(taskOf([5], 5, 5))).toThrow(/max lies above/);
});

describe('on a scale of five stars in halves', () => {
  it('a constant 4 is predicted as 4, by both heads', async () => {
    const task = taskOf([4], 0.5, 5);
    for (const head of ['classification', 'regression'] as const) {
      const rater = await fitT5Rater(task, {
        head,
        epochs: 25,
        batchSize: 32,
        learningRate: 0.01,
        dimension: 8,
        blocks: 1,
        dropout: 0,
        patience: 25,
      });
      for (const value of (await rater.predict(task.train)).slice(0, 20))
        expect(Math.abs(value - 4), head).toBeLessThan(0.1);
    }
  });
});

test('unknown baselines, heads and means are refused', async () => {
  const task = taskOf([4], 1, 5);
  await expect(fitRatingBaseline(task, 'svd' as 'mf')).rejects.toMatchObject({ code: 'invalid-input' });
  await expect(fitT5Rater(task, { head: 'both' as 'regression' })).rejects.toMatchObject({
    code: 'invalid-input',
  });
  expect(() => meanPredictor(task, 'median' as 'user')).toThrow(/global/);
});
