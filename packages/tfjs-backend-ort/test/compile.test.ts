import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import '@tensorflow/tfjs-backend-cpu';
import { compile, dropout, ortBackend, registerOrtBackend } from '../src/index.js';

beforeAll(async () => {
  registerOrtBackend({ threads: 1 });
  await tf.setBackend('ort');
});

/** Twelve steps of regression with dropout and Adam; gives the losses and the weights. */
function train(compiled: boolean, widths: readonly number[] = new Array(12).fill(2)): number[] {
  const w = tf.variable(tf.tensor2d([[1], [2]]));
  const optimizer = tf.train.adam(0.1);
  const step = (x: tf.Tensor, y: tf.Tensor, seed: tf.Tensor): tf.Tensor =>
    optimizer.minimize(
      () =>
        tf.mean(tf.square(tf.sub(dropout(tf.matMul(x as tf.Tensor2D, w as tf.Tensor2D), 0.25, seed, 1), y))),
      true,
    ) as tf.Tensor;
  const run = compiled ? compile(step) : step;
  const numbers = widths.map((rows, index) =>
    tf.tidy(() => {
      const x = tf.tensor2d(
        Float32Array.from({ length: rows * 2 }, (_, i) => Math.sin(i + index)),
        [rows, 2],
      );
      const y = tf.fill([rows, 1], index);
      return run(x, y, tf.tensor1d([7, index], 'int32')).dataSync()[0] as number;
    }),
  );
  if (compiled)
    expect((run as ReturnType<typeof compile>).statistics().replayed).toBeGreaterThanOrEqual(
      widths.length - 6,
    );
  return [...numbers, ...w.dataSync()];
}

describe('compile', () => {
  it('gives the same numbers as the step itself, to the bit', () => {
    expect(train(true)).toEqual(train(false));
  });

  it('keeps a graph for each shape', () => {
    const widths = [2, 2, 2, 3, 3, 3, 2, 3, 2, 3, 5];
    expect(train(true, widths)).toEqual(train(false, widths));
  });

  it('leaves no tensors behind', () => {
    const v = tf.variable(tf.scalar(1));
    const step = compile((x: tf.Tensor) => {
      v.assign(tf.add(v, x));
      return { twice: tf.mul(v, 2), next: tf.add(v, 1) };
    });
    const call = (): number[] =>
      tf.tidy(() => {
        const { twice, next } = step(tf.scalar(1)) as { twice: tf.Tensor; next: tf.Tensor };
        return [twice.dataSync()[0] as number, next.dataSync()[0] as number];
      });
    call();
    const before = tf.memory().numTensors;
    for (let i = 0; i < 4; i++) expect(call()).toEqual([2 * (i + 3), i + 4]);
    expect(tf.memory().numTensors).toBe(before);
    expect(ortBackend().numDataIds()).toBe(tf.memory().numDataBuffers);
    expect(step.statistics()).toMatchObject({ recorded: 2, replayed: 3 });
  });

  it('keeps tensors that were cloned from a variable', () => {
    const v = tf.variable(tf.tensor1d([1, 2]));
    const step = compile((x: tf.Tensor) => {
      v.assign(tf.add(v, x) as tf.Tensor1D);
      return tf.sum(v);
    });
    for (let i = 0; i < 3; i++) step(tf.scalar(1));
    const kept = tf.clone(v);
    step(tf.scalar(1));
    step(tf.scalar(1));
    expect(Array.from(kept.dataSync())).toEqual([4, 5]);
    expect(Array.from(v.dataSync())).toEqual([6, 7]);
  });

  it('tells arguments apart that held the same tensor while it was recorded', () => {
    const step = compile((a: tf.Tensor, b: tf.Tensor) => tf.sub(a, b));
    const [x, y] = [tf.tensor1d([1, 2]), tf.tensor1d([5, 5])];
    for (let i = 0; i < 3; i++) expect(Array.from(step(x, x).dataSync())).toEqual([0, 0]);
    expect(Array.from(step(y, x).dataSync())).toEqual([4, 3]);
    expect(step.statistics().replayed).toBe(2);
  });

  it('computes with a pending tensor as argument', () => {
    const step = compile((a: tf.Tensor) => tf.mul(a, 3));
    for (let i = 0; i < 4; i++) expect(step(tf.add(tf.scalar(i), 1)).dataSync()[0]).toBe(3 * (i + 1));
  });

  it('never replays a step that reads a tensor, and says so', () => {
    const step = compile((a: tf.Tensor) => tf.mul(a, a.size + (tf.sum(a).dataSync()[0] as number)));
    for (let i = 0; i < 4; i++) expect(step(tf.tensor1d([i])).dataSync()[0]).toBe(i * (1 + i));
    expect(step.statistics()).toMatchObject({ recorded: 4, replayed: 0 });
    expect(step.statistics().obstacle).toMatch(/reads a tensor/);
  });

  it('finds at a recheck that a number frozen into the graph has changed', () => {
    let rate = 1;
    const step = compile((a: tf.Tensor) => tf.mul(a, tf.scalar(rate)), { recheck: 3 });
    for (let i = 0; i < 3; i++) step(tf.scalar(1));
    rate = 2;
    expect(() => {
      for (let i = 0; i < 4; i++) step(tf.scalar(1));
    }).toThrow(/Pass it to the step as a tensor/);
  });

  it('records anew when a variable was disposed', () => {
    const v = tf.variable(tf.scalar(2));
    const holder = { v };
    const step = compile((a: tf.Tensor) => tf.mul(a, holder.v));
    for (let i = 0; i < 3; i++) step(tf.scalar(1));
    holder.v = tf.variable(tf.scalar(5));
    v.dispose();
    expect(step(tf.scalar(1)).dataSync()[0]).toBe(5);
  });

  it('keeps calling steps whose operations run partly in JavaScript', () => {
    const step = compile((a: tf.Tensor) => tf.mul(tf.cumprod(a), 2));
    for (let i = 1; i < 6; i++) {
      // The same number three times, then others.
      const number = Math.max(3, i);
      expect(Array.from(step(tf.tensor1d([number, 2])).dataSync())).toEqual([2 * number, 4 * number]);
    }
  });

  it('replays many shapes in turn, and drops the one that was used longest ago beyond the bound', () => {
    const twenty = Array.from({ length: 20 }, (_, index) => index + 1);
    const call = (step: (x: tf.Tensor) => tf.Tensor, size: number): number =>
      tf.tidy(() => tf.sum(step(tf.ones([size]))).dataSync()[0] as number);
    const many = compile((x: tf.Tensor) => tf.mul(x, 2));
    for (let round = 0; round < 5; round++)
      for (const size of twenty) expect(call(many, size)).toBe(2 * size);
    expect(many.statistics()).toMatchObject({ recorded: 40, replayed: 60 });
    const few = compile((x: tf.Tensor) => tf.mul(x, 3), { maxShapes: 2 });
    for (const size of [1, 1, 1, 2, 2, 2, 1, 3, 3, 3, 1, 2]) expect(call(few, size)).toBe(3 * size);
    // Size 1 stayed, since it was used after size 2, which was recorded anew in the end.
    expect(few.statistics()).toMatchObject({ recorded: 7, replayed: 5 });
  });

  it('lets the result decide whether variables take their new values', () => {
    const v = tf.variable(tf.scalar(1));
    const step = compile(
      (x: tf.Tensor) => {
        v.assign(tf.add(v, x) as tf.Scalar);
        return tf.mul(v, 1);
      },
      { accept: (result: tf.Tensor) => (result.dataSync()[0] as number) < 10 },
    );
    const before = tf.memory().numTensors;
    for (const [x, result, left] of [
      [20, 21, 1],
      [2, 3, 3],
      [20, 23, 3],
      [1, 4, 4],
      [30, 34, 4],
      [2, 6, 6],
    ] as const) {
      expect(tf.tidy(() => step(tf.scalar(x)).dataSync()[0])).toBe(result);
      expect(v.dataSync()[0]).toBe(left);
      expect(tf.memory().numTensors).toBe(before);
    }
    expect(step.statistics().replayed).toBeGreaterThan(2);
  });

  it('just calls the step on other backends', async () => {
    await tf.setBackend('cpu');
    expect(compile((a: tf.Tensor) => tf.add(a, 1))(tf.scalar(1)).dataSync()[0]).toBe(2);
    await tf.setBackend('ort');
  });
});
