import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { selectBackend } from '../src/index.js';

test('a backend that tensors were made on before it was chosen can train', async () => {
  const x = tf.tensor1d([3]);
  expect(await selectBackend()).toBe('cpu');
  const gradient = tf.grad((v) => tf.sum(tf.square(v)))(x);
  expect([...gradient.dataSync()]).toEqual([6]);
});
