import { PalateError } from '@palate/core';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { compile, OrtBackend, ortBackend, registerOrtBackend } from '../src/index.js';

beforeAll(async () => {
  registerOrtBackend({ threads: 1 });
  await tf.setBackend('ort');
});

/** Rows 0 and 1, gathered by an index that is computed, so that nothing can refuse it before it is read. */
function gathered(index: number): tf.Tensor {
  const computed = tf.sub(tf.tensor1d([index + 1], 'int32'), tf.scalar(1, 'int32'));
  return tf.gather(tf.tensor1d([10, 20]), computed as tf.Tensor1D);
}

function failureOf(run: () => unknown): PalateError {
  try {
    run();
  } catch (error) {
    if (PalateError.is(error)) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

const three = (): number => tf.add(1, 2).dataSync()[0] as number;

describe('a tensor that cannot be computed', () => {
  it.each([
    ['an index past the end', () => gathered(7), 'graph-failed', /Gather/],
    ['a computed index of -1', () => gathered(-1), 'graph-failed', /Gather/],
    [
      'an oversized product',
      () => tf.matMul(tf.ones([3_000_000, 1]), tf.ones([1, 3_000_000])),
      'out-of-memory',
      /36,000,000,000,000 bytes/,
    ],
  ])('fails its readers alone: %s', (_, make, code, message) => {
    const kept = tf.add(tf.tensor1d([1, 2]), 1);
    const bad = make();
    const made = tf.mul(bad, 2);
    expect(three()).toBe(3);
    for (const each of [bad, made, bad]) {
      const error = failureOf(() => each.dataSync());
      expect(error.code).toBe(code);
      expect(error.message).toMatch(message);
      expect(three()).toBe(3);
    }
    expect(failureOf(() => tf.add(bad, 1).dataSync()).code).toBe(code);
    expect(Array.from(kept.dataSync())).toEqual([2, 3]);
    tf.dispose([kept, bad, made]);
    expect(three()).toBe(3);
  });

  it('leaves those unharmed that share a part of its graph', () => {
    const shared = tf.add(tf.tensor1d([1, 2], 'int32'), tf.scalar(1, 'int32'));
    const good = tf.mul(shared, tf.scalar(10, 'int32'));
    const bad = tf.gather(tf.tensor1d([1, 2]), shared as tf.Tensor1D);
    const beside = tf.sub(shared, tf.scalar(1, 'int32'));
    expect(failureOf(() => bad.dataSync()).code).toBe('graph-failed');
    expect(Array.from(good.dataSync())).toEqual([20, 30]);
    expect(Array.from(beside.dataSync())).toEqual([1, 2]);
    expect(Array.from(tf.add(good, beside).dataSync())).toEqual([21, 32]);
  });

  it('is found whichever is read first', () => {
    const shared = tf.add(tf.tensor1d([1, 2], 'int32'), tf.scalar(1, 'int32'));
    const bad = tf.gather(tf.tensor1d([1, 2]), shared as tf.Tensor1D);
    const good = tf.mul(shared, tf.scalar(10, 'int32'));
    expect(Array.from(good.dataSync())).toEqual([20, 30]);
    expect(failureOf(() => bad.dataSync()).message).toMatch(/Gather from \[2\] and \[2\] to \[2\]/);
  });

  it('rejects as a promise and is counted', async () => {
    const { failures } = ortBackend().statistics();
    await expect(gathered(9).data()).rejects.toMatchObject({ code: 'graph-failed' });
    expect(ortBackend().statistics().failures).toBe(failures + 1);
  });

  it('is never computed while nobody reads it', () => {
    const { runs } = ortBackend().statistics();
    const bad = gathered(5);
    const huge = tf.add(tf.zeros([40_000, 1]), tf.zeros([1, 10_000]));
    expect(three()).toBe(3);
    expect(ortBackend().statistics().runs).toBe(runs + 1);
    tf.dispose([bad, huge]);
  });

  it('names the bound on the largest tensor', async () => {
    tf.registerBackend('ort-bounded', () => new OrtBackend({ threads: 1, maxTensorBytes: 4000 }));
    tf.copyRegisteredKernels('ort', 'ort-bounded');
    await tf.setBackend('ort-bounded');
    expect(tf.add(tf.ones([1000]), 1).dataSync()[999]).toBe(2);
    expect(failureOf(() => tf.add(tf.ones([1001]), 1).dataSync()).message).toMatch(/maxTensorBytes/);
    expect(three()).toBe(3);
    await tf.setBackend('ort');
  });

  it('does not keep memory from being used again', () => {
    const x = tf.tensor1d(new Float32Array(1000).fill(2));
    const twice = tf.mul(x, 2);
    const bad = gathered(9);
    x.dispose();
    expect(failureOf(() => bad.dataSync()).code).toBe('graph-failed');
    const other = tf.tensor1d(new Float32Array(1000).fill(7));
    expect(twice.dataSync()[999]).toBe(4);
    tf.dispose([twice, bad, other]);
  });
});

describe('a disposed tensor', () => {
  it('is refused by what computes with it', () => {
    const x = tf.tensor1d([1]);
    x.dispose();
    expect(failureOf(() => tf.add(x, 1)).message).toMatch(/disposed/);
  });
});

describe('a compiled step that fails', () => {
  it('leaves variables, arguments and the number of tensors as they were', () => {
    const v = tf.variable(tf.tensor1d([10, 20]));
    const step = compile((index: tf.Tensor, rate: tf.Tensor) => {
      const row = tf.gather(v, tf.add(index, tf.scalar(0, 'int32')) as tf.Tensor1D);
      v.assign(tf.add(v, tf.mul(tf.sum(row), rate)) as tf.Tensor1D);
      return tf.sum(row);
    });
    const call = (index: number): number =>
      tf.tidy(() => step(tf.tensor1d([index], 'int32'), tf.scalar(1)).dataSync()[0] as number);
    for (let round = 0; round < 2; round++) {
      const expected = Array.from(v.dataSync());
      const before = tf.memory().numTensors;
      for (const index of [7, -1, 2]) {
        expect(failureOf(() => call(index)).code).toBe('graph-failed');
        expect(Array.from(v.dataSync())).toEqual(expected);
        expect(tf.memory().numTensors).toBe(before);
      }
      const [first = 0, second = 0] = expected;
      expect(call(0)).toBe(first);
      expect(Array.from(v.dataSync())).toEqual([2 * first, second + first]);
      for (let i = 0; i < 3; i++) call(1);
    }
    expect(step.statistics().replayed).toBeGreaterThan(2);
  });

  it('leaks nothing when the step itself throws', () => {
    const step = compile((x: tf.Tensor) => {
      if (x.size === 2) throw new Error('two');
      return tf.add(x, 1);
    });
    const before = tf.memory().numTensors;
    const x = tf.tensor1d([1, 2]);
    for (let i = 0; i < 5; i++) expect(() => step(x)).toThrow('two');
    x.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});
