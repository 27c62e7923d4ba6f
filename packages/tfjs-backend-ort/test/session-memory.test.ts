import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { ortBackend, registerOrtBackend } from '../src/index.js';

const COLUMNS = 4000;
/** Bytes of the one large intermediate tensor of a graph. */
const LARGE = 4 * 4000 * COLUMNS;
const GRAPHS = 8;

test('sessions of graphs of different shapes keep no more of their last runs than they are told', async () => {
  registerOrtBackend({ maxArenaBytes: LARGE });
  await tf.setBackend('ort');
  const run = (rows: number): number => {
    // What tidy has freed when the mean is read is computed inside of the session alone.
    const mean = tf.tidy(() => {
      const column = tf.tensor2d(new Float32Array(rows).fill(0.5), [rows, 1]);
      const row = tf.tensor2d(new Float32Array(COLUMNS), [1, COLUMNS]);
      return tf.mean(tf.square(tf.add(column, row)));
    });
    const [value = Number.NaN] = mean.dataSync();
    mean.dispose();
    return value;
  };
  run(3999);
  const [before, built] = [process.memoryUsage().rss, ortBackend().statistics().sessionsBuilt];
  for (let k = 0; k < 4 * GRAPHS; k++) expect(run(4000 + (k >> 2))).toBeCloseTo(0.25, 4);
  expect(ortBackend().statistics().sessionsBuilt - built).toBe(GRAPHS);
  // Eight kept sessions would hold eight such tensors at least.
  expect(process.memoryUsage().rss - before).toBeLessThan((GRAPHS / 2) * LARGE);
});
