import { selectBackend } from '@palate/nn';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  expAtOrigin,
  hyperbolicDistance,
  logAtOrigin,
  mobiusAdd,
  RIM,
} from '../../src/models/poincare-ball.js';

beforeAll(async () => {
  await selectBackend('ort');
});

const numbers = (make: () => tf.Tensor): number[] => tf.tidy(() => [...make().dataSync()]);
const norm = (values: readonly number[]): number => Math.hypot(...values);

describe('the Poincaré ball in 32-bit floats', () => {
  test('takes a tangent vector to the point of the hyperbolic tangent of its length, and back', () => {
    for (const length of [1e-7, 1e-3, 0.1, 1, 3, 5]) {
      const point = numbers(() => expAtOrigin(tf.tensor2d([[0.6 * length, 0.8 * length]])));
      expect(norm(point) / Math.min(Math.tanh(length), RIM)).toBeCloseTo(1, 4);
      const back = numbers(() => logAtOrigin(tf.tensor2d([point as [number, number]])));
      expect(norm(back) / length).toBeGreaterThan(0.98);
      expect(norm(back) / length).toBeLessThan(1.02);
    }
    expect(numbers(() => expAtOrigin(tf.zeros([1, 3])))).toEqual([0, 0, 0]);
    expect(numbers(() => logAtOrigin(tf.zeros([1, 3])))).toEqual([0, 0, 0]);
  });

  test('stays inside at the rim, whatever is added or mapped', () => {
    for (const length of [6, 10, 20, 100, 1e4, 1e18]) {
      const far = numbers(() => expAtOrigin(tf.tensor2d([[length, -length, length]])));
      expect(norm(far)).toBeLessThan(1);
      for (const other of [
        [1, 0, 0],
        [-1, 1, -1],
        [1e6, 1e6, 1e6],
      ] as const) {
        const sum = numbers(() =>
          mobiusAdd(
            expAtOrigin(tf.tensor2d([[length, -length, length]])),
            expAtOrigin(tf.tensor2d([[...other]])),
          ),
        );
        expect(sum.every(Number.isFinite)).toBe(true);
        expect(norm(sum)).toBeLessThan(1);
        const back = numbers(() => logAtOrigin(tf.tensor2d([sum as [number, number, number]])));
        expect(back.every(Number.isFinite)).toBe(true);
      }
    }
    // Points handed in from outside are as good as at the rim.
    expect(numbers(() => logAtOrigin(tf.tensor2d([[1, 0]])))[0]).toBeCloseTo(Math.atanh(RIM), 1);
    expect(numbers(() => logAtOrigin(tf.tensor2d([[5, 0]]))).every(Number.isFinite)).toBe(true);
  });

  test('has finite distances and gradients at the rim, at the origin and between equal points', () => {
    const distance = (x: tf.Tensor, y: tf.Tensor): tf.Tensor => {
      const square = (each: tf.Tensor): tf.Tensor => tf.sum(tf.square(each), -1);
      return tf.square(hyperbolicDistance(square(tf.sub(x, y)), square(x), square(y)));
    };
    const slope = tf.grads((v: tf.Tensor, w: tf.Tensor) =>
      tf.sum(distance(expAtOrigin(v), mobiusAdd(expAtOrigin(w), expAtOrigin(v)))),
    );
    for (const [v, w] of [
      [
        [0, 0],
        [0, 0],
      ],
      [
        [50, 0],
        [-50, 0],
      ],
      [
        [8, 8],
        [8, 8],
      ],
      [
        [1e-9, 0],
        [0, 1e-9],
      ],
      [
        [1e8, -1e8],
        [1, 1],
      ],
    ] as const) {
      const given = (): [tf.Tensor, tf.Tensor] => [tf.tensor2d([[...v]]), tf.tensor2d([[...w]])];
      expect(
        numbers(() => distance(...(given().map(expAtOrigin) as [tf.Tensor, tf.Tensor]))).every(
          Number.isFinite,
        ),
      ).toBe(true);
      const found = tf.tidy(() => slope(given()).flatMap((each) => [...each.dataSync()]));
      expect(found.every(Number.isFinite), `${v} and ${w}: ${found}`).toBe(true);
    }
  });

  test('adds the origin without a change, and takes a point away from itself', () => {
    const x = (): tf.Tensor => tf.tensor2d([[0.3, -0.4]]);
    const near = (found: number[], expected: number[]): void => {
      for (const [k, value] of expected.entries()) expect(found[k]).toBeCloseTo(value, 5);
    };
    near(
      numbers(() => mobiusAdd(tf.zeros([1, 2]), x())),
      [0.3, -0.4],
    );
    near(
      numbers(() => mobiusAdd(x(), tf.zeros([1, 2]))),
      [0.3, -0.4],
    );
    near(
      numbers(() => mobiusAdd(tf.neg(x()), x())),
      [0, 0],
    );
  });

  test('keeps the digits of small distances', () => {
    for (const gap of [1e-3, 1e-4]) {
      const [found = 0] = numbers(() =>
        hyperbolicDistance(tf.tensor1d([gap ** 2]), tf.tensor1d([0.25]), tf.tensor1d([0.25])),
      );
      // Near a point of norm .5 space is stretched by 2 / (1 - .25).
      expect(found / ((2 * gap) / 0.75)).toBeCloseTo(1, 2);
    }
  });
});
