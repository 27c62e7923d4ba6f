// A LiGR block against plain arithmetic written from its definition: pre-norm, SwiGLU, gates, no bias in a linear map.
import { RandomStream, type TensorData } from '@palate/core';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { causalMask, ForwardPass, Parameters, selectBackend, TransformerBlock } from '../src/index.js';

beforeAll(async () => {
  await selectBackend('ort');
});

type Matrix = readonly (readonly number[])[];

const SHAPE = {
  width: 4,
  heads: 2,
  inner: 6,
  activation: 'silu',
  gated: true,
  bias: false,
  gatedResiduals: true,
} as const;

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
const zip = (a: Matrix, b: Matrix, f: (x: number, y: number) => number): Matrix =>
  a.map((row, i) => row.map((x, j) => f(x, b[i]?.[j] as number)));
const product = (a: Matrix, b: Matrix): Matrix =>
  a.map((row) =>
    (b[0] as readonly number[]).map((_, j) => row.reduce((sum, x, k) => sum + x * (b[k]?.[j] as number), 0)),
  );
const standardised = (x: Matrix): Matrix =>
  x.map((row) => {
    const mean = row.reduce((sum, v) => sum + v, 0) / row.length;
    const variance = row.reduce((sum, v) => sum + (v - mean) ** 2, 0) / row.length;
    return row.map((v) => (v - mean) / Math.sqrt(variance + 1e-5));
  });

/** The block's output, position by position; scales of the norms are 1 and their shifts 0, as they start. */
function byHand(x: Matrix, weight: (name: string) => Matrix): Matrix {
  const normed = standardised(x);
  const [q, k, v] = ['query', 'key', 'value'].map((part) =>
    product(normed, weight(`attention.${part}.kernel`)),
  ) as [Matrix, Matrix, Matrix];
  const half = SHAPE.width / SHAPE.heads;
  const mixed = q.map((query, at) =>
    query.map((_, column) => {
      const from = Math.floor(column / half) * half;
      const scores = k
        .slice(0, at + 1)
        .map((key) =>
          Math.exp(
            Array.from(
              { length: half },
              (__, j) => (query[from + j] as number) * (key[from + j] as number),
            ).reduce((a, b) => a + b) / Math.sqrt(half),
          ),
        );
      const total = scores.reduce((a, b) => a + b);
      return scores.reduce((sum, s, i) => sum + (s / total) * (v[i]?.[column] as number), 0);
    }),
  );
  const gated = (before: Matrix, part: Matrix, gate: string): Matrix =>
    zip(
      before,
      zip(part, product(before, weight(gate)), (p, g) => p * sigmoid(g)),
      (a, b) => a + b,
    );
  const attended = gated(x, product(mixed, weight('attention.out.kernel')), 'gate-1.kernel');
  const again = standardised(attended);
  const inner = product(again, weight('feed-forward.inner.kernel'));
  const gate = product(again, weight('feed-forward.gate.kernel'));
  const fed = product(
    zip(inner, gate, (a, b) => a * sigmoid(a) * b),
    weight('feed-forward.outer.kernel'),
  );
  return gated(attended, fed, 'gate-2.kernel');
}

test('a block of LiGR is what its definition says, and has no bias in a linear map', async () => {
  const random = new RandomStream(4);
  using parameters = new Parameters();
  const block = new TransformerBlock(parameters, 'b', random, SHAPE);
  const values = await parameters.values();
  const weight = (name: string): Matrix => {
    const { shape, values: numbers } = values[`b.${name}`] as TensorData;
    const [rows = 0, columns = 0] = shape;
    return Array.from({ length: rows }, (_, i) =>
      Array.from(numbers.subarray(i * columns, (i + 1) * columns) as Float32Array),
    );
  };
  const x = Array.from({ length: 3 }, () => Array.from({ length: 4 }, () => random.normal()));
  const expected = byHand(x, weight);
  const actual = tf.tidy(
    () =>
      (block.apply(tf.tensor3d([x]), ForwardPass.inference(), causalMask(3)).arraySync() as number[][][])[0],
  );
  for (const [i, row] of expected.entries())
    for (const [j, value] of row.entries()) expect(actual?.[i]?.[j]).toBeCloseTo(value, 4);
  expect(parameters.names.filter((name) => name.endsWith('.bias'))).toEqual([]);
  expect(() => new TransformerBlock(parameters, 'post', random, { ...SHAPE, norm: 'post' })).toThrow(
    /the norm 'pre' with gated residuals/,
  );
});
