import { PalateError } from '@palate/core';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { freeze, registerOrtBackend } from '../src/index.js';

beforeAll(async () => {
  registerOrtBackend({ threads: 1 });
  await tf.setBackend('ort');
});

describe('a frozen function', () => {
  test('computes by hand: rows of two numbers times a matrix, for any number of rows', () => {
    const weights = tf.tensor2d([1, 10, 2, 20], [2, 2]);
    const frozen = freeze(
      ({ x }) => ({
        product: tf.matMul(x as tf.Tensor2D, weights),
        sums: tf.sum(x as tf.Tensor2D, 1),
      }),
      { x: tf.zeros([1, 2]) },
    );
    weights.dispose();
    expect(frozen.run({ x: Float32Array.of(1, 1) })).toEqual({
      product: Float32Array.of(3, 30),
      sums: Float32Array.of(2),
    });
    const { product, sums } = frozen.run({ x: Float32Array.of(1, 0, 0, 1, 2, 3) });
    expect(product).toEqual(Float32Array.of(1, 10, 2, 20, 8, 80));
    expect(sums).toEqual(Float32Array.of(1, 1, 5));
    frozen.dispose();
    frozen.dispose();
    expect(() => frozen.run({ x: Float32Array.of(1, 1) })).toThrow(PalateError);
  });

  test('names what is missing, or no whole row', () => {
    const frozen = freeze(({ ids }) => tf.cast(tf.add(ids as tf.Tensor, 1), 'float32'), {
      ids: tf.zeros([1, 3], 'int32'),
    });
    expect(frozen.run({ ids: Int32Array.of(1, 2, 3) })).toEqual({ output: Float32Array.of(2, 3, 4) });
    expect(() => frozen.run({})).toThrow(/ids/);
    expect(() => frozen.run({ ids: Int32Array.of(1, 2) })).toThrow(/3 numbers as ids.*2 numbers/s);
    frozen.dispose();
  });
});
