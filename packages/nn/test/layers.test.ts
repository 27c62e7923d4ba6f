import { RandomStream } from '@palate/core';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  activate,
  causalMask,
  ForwardPass,
  LayerNorm,
  Parameters,
  paddingMask,
  RmsNorm,
  SelfAttention,
  selectBackend,
  TransformerBlock,
} from '../src/index.js';

beforeAll(async () => {
  await selectBackend('ort');
});

const random = new RandomStream(5);

test('layer normalisation has mean 0 and variance 1 before scale and shift; RMS normalisation has mean square 1', () => {
  tf.tidy(() => {
    const x = tf.tensor2d([1, 2, 3, 6, -1, 0, 2, 5], [2, 4]);
    const normal = new LayerNorm(new Parameters(), 'n', 4, random).apply(x).arraySync() as number[][];
    for (const row of normal) {
      expect(row.reduce((sum, value) => sum + value, 0)).toBeCloseTo(0, 4);
      expect(row.reduce((sum, value) => sum + value ** 2, 0) / 4).toBeCloseTo(1, 3);
    }
    const rms = new RmsNorm(new Parameters(), 'r', 4, random).apply(x).arraySync() as number[][];
    for (const row of rms) expect(row.reduce((sum, value) => sum + value ** 2, 0) / 4).toBeCloseTo(1, 4);
  });
});

test('activations: ReLU, GELU and its tanh approximation at known points', () => {
  tf.tidy(() => {
    const x = tf.tensor1d([-1, 0, 1, 2]);
    expect(Array.from(activate(x, 'relu').dataSync())).toEqual([0, 0, 1, 2]);
    // x times the normal distribution's cumulative function.
    const exact = [-0.158655, 0, 0.841345, 1.9545];
    for (const kind of ['gelu', 'gelu-tanh'] as const)
      for (const [k, value] of Array.from(activate(x, kind).dataSync()).entries())
        expect(Math.abs(value - (exact[k] as number))).toBeLessThan(kind === 'gelu' ? 1e-5 : 5e-4);
  });
});

describe('masks', () => {
  const attention = new SelfAttention(new Parameters(), 'a', 8, 2, random);
  const block = new TransformerBlock(new Parameters(), 'b', random, {
    width: 8,
    heads: 2,
    inner: 16,
    dropout: 0.3,
  });
  const values = Float32Array.from({ length: 40 }, () => random.normal());
  const input = (): tf.Tensor => tf.tensor3d(values, [1, 5, 8]);
  const changed = (from: number): tf.Tensor =>
    tf.tensor3d(
      values.map((value, k) => (k >= from * 8 ? value + 3 : value)),
      [1, 5, 8],
    );
  const rowsOf = (x: tf.Tensor): number[][] => (x.arraySync() as number[][][])[0] as number[][];

  test('under the causal mask, later positions change nothing before them', () => {
    tf.tidy(() => {
      const pass = ForwardPass.inference();
      const [before, after] = [
        rowsOf(block.apply(input(), pass, causalMask(5))),
        rowsOf(block.apply(changed(3), pass, causalMask(5))),
      ];
      expect(after.slice(0, 3)).toEqual(before.slice(0, 3));
      expect(after[3]).not.toEqual(before[3]);
    });
  });

  test.each(['pre', 'post'] as const)('the newest position alone is as among all, %s', (norm) => {
    const own = new TransformerBlock(new Parameters(), 'b', random, { width: 8, heads: 2, inner: 16, norm });
    tf.tidy(() => {
      const pass = ForwardPass.inference();
      const hidden = paddingMask(tf.tensor2d([[0, 1, 1, 0, 1]]));
      const all = rowsOf(own.apply(input(), pass, tf.add(hidden, causalMask(5))));
      const alone = rowsOf(own.apply(input(), pass, hidden, 'newest'));
      expect(alone).toHaveLength(1);
      for (const [k, value] of (alone[0] as number[]).entries())
        expect(value).toBeCloseTo(all[4]?.[k] as number, 5);
    });
  });

  test('padding is not looked at', () => {
    tf.tidy(() => {
      const mask = paddingMask(tf.tensor2d([[1, 1, 1, 0, 0]]));
      const pass = ForwardPass.inference();
      const [before, after] = [
        rowsOf(attention.apply(input(), pass, mask)),
        rowsOf(attention.apply(changed(3), pass, mask)),
      ];
      expect(after.slice(0, 3)).toEqual(before.slice(0, 3));
    });
  });

  test('dropout depends on the seed alone, and is absent outside of training', () => {
    tf.tidy(() => {
      const run = (seed: number): number[][] =>
        rowsOf(block.apply(input(), ForwardPass.training(tf.tensor1d([seed], 'int32'))));
      expect(run(1)).toEqual(run(1));
      expect(run(1)).not.toEqual(run(2));
      expect(rowsOf(block.apply(input(), ForwardPass.inference()))).toEqual(
        rowsOf(block.apply(input(), ForwardPass.inference())),
      );
    });
  });

  test('a width that does not divide by the heads is refused', () => {
    expect(() => new SelfAttention(new Parameters(), 'a', 8, 3, random)).toThrow(/multiple of the heads/);
  });
});

test('parameters start by seed and name alone, and refuse weights of another model', async () => {
  const make = (names: string[]): Parameters => {
    const parameters = new Parameters();
    for (const name of names)
      parameters.add(
        name,
        [2, 2],
        (stream, size) => Float32Array.from({ length: size }, () => stream.uniform()),
        new RandomStream(1),
      );
    return parameters;
  };
  const [one, two] = [await make(['a', 'b']).values(), await make(['b', 'a']).values()];
  expect(one.a).toEqual(two.a);
  expect(one.a).not.toEqual(one.b);
  const parameters = make(['a']);
  expect(() => parameters.assign({}, 'folder')).toThrow(/the weight a of shape \[2, 2\], but received none/);
  expect(() => parameters.add('a', [1], () => new Float32Array(1), random)).toThrow(/a new parameter name/);
  expect(parameters.count).toBe(4);
});

test('backends: the other ones are selected by name, an unknown one is refused, tfjs-node is asked for by name', async () => {
  await expect(selectBackend('gpu' as never)).rejects.toThrow(/'auto', 'ort', 'tensorflow' or 'cpu'/);
  await expect(selectBackend('tensorflow')).rejects.toThrow(/npm install @tensorflow\/tfjs-node/);
  expect(await selectBackend('cpu')).toBe('cpu');
  expect(await selectBackend('auto')).toBe('cpu');
  expect(await selectBackend('ort')).toBe('ort');
});
