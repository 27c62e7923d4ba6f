import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { dropout, layerNorm, registerOrtBackend, sparseCrossEntropy } from '../src/index.js';

beforeAll(async () => {
  registerOrtBackend({ threads: 1 });
  await tf.setBackend('ort');
});

type Range = readonly [number, number];
interface Case {
  /** Shapes of the inputs to differentiate by. */
  readonly shapes: readonly number[][];
  readonly run: (...inputs: tf.Tensor[]) => tf.Tensor;
  /** Where the inputs lie, away from kinks and poles. Default [-2, 2]. */
  readonly range?: Range;
}

const ids = [2, 0, 2];
const unary = (run: (x: tf.Tensor) => tf.Tensor, range?: Range): Case => ({
  shapes: [[2, 3]],
  run: run as Case['run'],
  ...(range ? { range } : {}),
});
const pair = (run: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor, range?: Range): Case => ({
  shapes: [[2, 3], [3]],
  run: run as Case['run'],
  ...(range ? { range } : {}),
});
const POSITIVE: Range = [0.3, 2];
const UNIT: Range = [-0.8, 0.8];

const cases: Record<string, Case> = {
  abs: unary((x) => tf.abs(x), POSITIVE),
  acos: unary((x) => tf.acos(x), UNIT),
  acosh: unary((x) => tf.acosh(x), [1.3, 3]),
  asin: unary((x) => tf.asin(x), UNIT),
  asinh: unary((x) => tf.asinh(x)),
  atan: unary((x) => tf.atan(x)),
  atanh: unary((x) => tf.atanh(x), UNIT),
  cos: unary((x) => tf.cos(x)),
  cosh: unary((x) => tf.cosh(x)),
  elu: unary((x) => tf.elu(x), POSITIVE),
  'elu below zero': unary((x) => tf.elu(x), [-2, -0.3]),
  erf: unary((x) => tf.erf(x)),
  exp: unary((x) => tf.exp(x)),
  expm1: unary((x) => tf.expm1(x)),
  log: unary((x) => tf.log(x), POSITIVE),
  log1p: unary((x) => tf.log1p(x), POSITIVE),
  neg: unary((x) => tf.neg(x)),
  reciprocal: unary((x) => tf.reciprocal(x), POSITIVE),
  relu: unary((x) => tf.relu(x), POSITIVE),
  'relu below zero': unary((x) => tf.relu(x), [-2, -0.3]),
  relu6: unary((x) => tf.relu6(x), POSITIVE),
  leakyRelu: unary((x) => tf.leakyRelu(x, 0.3), [-2, -0.3]),
  rsqrt: unary((x) => tf.rsqrt(x), POSITIVE),
  selu: unary((x) => tf.selu(x), [-2, -0.3]),
  sigmoid: unary((x) => tf.sigmoid(x)),
  sin: unary((x) => tf.sin(x)),
  sinh: unary((x) => tf.sinh(x)),
  softplus: unary((x) => tf.softplus(x)),
  sqrt: unary((x) => tf.sqrt(x), POSITIVE),
  square: unary((x) => tf.square(x)),
  tan: unary((x) => tf.tan(x), UNIT),
  tanh: unary((x) => tf.tanh(x)),
  clipByValue: unary((x) => tf.clipByValue(x, -5, 5)),
  add: pair((a, b) => tf.add(a, b)),
  sub: pair((a, b) => tf.sub(a, b)),
  mul: pair((a, b) => tf.mul(a, b)),
  div: pair((a, b) => tf.div(a, b), POSITIVE),
  pow: pair((a, b) => tf.pow(a, b), POSITIVE),
  squaredDifference: pair((a, b) => tf.squaredDifference(a, b)),
  maximum: pair((a, b) => tf.maximum(tf.add(a, 5), b)),
  minimum: pair((a, b) => tf.minimum(a, tf.add(b, 5))),
  prelu: pair((a, b) => tf.prelu(tf.sub(a, 3), b)),
  where: pair((a, b) => tf.where(tf.tensor1d([1, 0, 1], 'bool'), a, tf.broadcastTo(b, [2, 3]))),
  matMul: {
    shapes: [
      [2, 3],
      [3, 4],
    ],
    run: (a, b) => tf.matMul(a as tf.Tensor2D, b as tf.Tensor2D),
  },
  'matMul, both transposed': {
    shapes: [
      [3, 2],
      [4, 3],
    ],
    run: (a, b) => tf.matMul(a as tf.Tensor2D, b as tf.Tensor2D, true, true),
  },
  'batched matMul': {
    shapes: [
      [2, 2, 3],
      [2, 4, 3],
    ],
    run: (a, b) => tf.matMul(a, b, false, true),
  },
  'fused matMul': {
    shapes: [[2, 3], [3, 2], [2]],
    run: (a, b, bias) => tf.fused.matMul({ a, b, bias, activation: 'sigmoid' }),
  },
  sum: unary((x) => tf.sum(x, 0)),
  mean: unary((x) => tf.mean(x, -1, true)),
  max: {
    shapes: [[1]],
    run: (x) =>
      tf.max(
        tf.mul(
          x as tf.Tensor,
          tf.tensor2d([
            [1, 2, 3],
            [3, 1, 2],
          ]),
        ),
        1,
      ),
    range: POSITIVE,
  },
  min: {
    shapes: [[1]],
    run: (x) =>
      tf.min(
        tf.mul(
          x as tf.Tensor,
          tf.tensor2d([
            [1, 2, 3],
            [3, 1, 2],
          ]),
        ),
        1,
      ),
    range: POSITIVE,
  },
  softmax: unary((x) => tf.softmax(x)),
  logSoftmax: unary((x) => tf.logSoftmax(x)),
  logSumExp: unary((x) => tf.logSumExp(x, 1)),
  reshape: unary((x) => tf.reshape(x, [3, 2])),
  transpose: unary((x) => tf.transpose(x)),
  slice: unary((x) => tf.slice(x, [0, 1], [2, 2])),
  concat: pair((a, b) => tf.concat([a, tf.reshape(b, [1, 3])], 0)),
  stack: { shapes: [[2], [2]], run: (a, b) => tf.stack([a, b], 1) },
  unstack: unary((x) => tf.unstack(x, 1)[1] as tf.Tensor),
  split: unary((x) => tf.split(x, [1, 2], 1)[1] as tf.Tensor),
  tile: unary((x) => tf.tile(x, [2, 1])),
  broadcastTo: { shapes: [[3, 1]], run: (x) => tf.broadcastTo(x, [2, 3, 2]) },
  pad: unary((x) =>
    tf.pad(x, [
      [1, 0],
      [0, 2],
    ]),
  ),
  gather: { shapes: [[3, 2]], run: (x) => tf.gather(x, tf.tensor1d(ids, 'int32')) },
  'rows of a table looked up twice, and all of it': {
    shapes: [[3, 2]],
    run: (x) =>
      tf.addN([
        tf.square(x),
        tf.gather(x, tf.tensor1d([0, 2, 2], 'int32')),
        tf.square(tf.gather(x, tf.tensor1d([1, 1, 0], 'int32'))),
      ]),
  },
  'means spread against what they are of': {
    shapes: [[2, 3]],
    run: (x) => tf.mul(tf.broadcastTo(tf.mean(tf.square(x), 1, true), [2, 3]), x),
  },
  'gather along the last axis': {
    shapes: [[2, 3]],
    run: (x) => tf.gather(x, tf.tensor1d([1, 1], 'int32'), 1),
  },
  unsortedSegmentSum: {
    shapes: [[3, 2]],
    run: (x) => tf.unsortedSegmentSum(x, tf.tensor1d([1, 1, 0], 'int32'), 2),
  },
  conv1d: {
    shapes: [
      [1, 5, 2],
      [3, 2, 2],
    ],
    run: (x, w) => tf.conv1d(x as tf.Tensor3D, w as tf.Tensor3D, 2, 'same'),
  },
  conv2d: {
    shapes: [
      [1, 4, 3, 2],
      [2, 3, 2, 2],
    ],
    run: (x, w) => tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, [2, 1], 'same'),
  },
  'conv2d that leaves the last rows out': {
    shapes: [
      [2, 4, 4, 1],
      [2, 2, 1, 2],
    ],
    run: (x, w) => tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, 3, 'valid'),
  },
  conv3d: {
    shapes: [
      [1, 2, 3, 2, 1],
      [2, 2, 2, 1, 2],
    ],
    run: (x, w) => tf.conv3d(x as tf.Tensor5D, w as tf.Tensor5D, 1, 'same'),
  },
  depthwiseConv2d: {
    shapes: [
      [2, 3, 3, 2],
      [2, 2, 2, 2],
    ],
    run: (x, w) => tf.depthwiseConv2d(x as tf.Tensor4D, w as tf.Tensor4D, 1, 'same'),
  },
  'fused conv2d': {
    shapes: [[1, 3, 3, 2], [2, 2, 2, 2], [2]],
    run: (x, filter, bias) =>
      tf.fused.conv2d({
        x: x as tf.Tensor4D,
        filter: filter as tf.Tensor4D,
        strides: 1,
        pad: 'valid',
        bias,
        activation: 'linear',
      }),
  },
  conv2dTranspose: {
    shapes: [
      [1, 2, 2, 2],
      [3, 3, 1, 2],
    ],
    run: (x, w) => tf.conv2dTranspose(x as tf.Tensor4D, w as tf.Tensor4D, [1, 4, 4, 1], 2, 'same'),
  },
  avgPool: { shapes: [[1, 3, 3, 2]], run: (x) => tf.avgPool(x as tf.Tensor4D, 2, 2, 'same') },
  'avgPool with wide padding': {
    shapes: [[1, 3, 3, 1]],
    run: (x) =>
      tf.avgPool(x as tf.Tensor4D, 3, 1, [
        [0, 0],
        [1, 1],
        [2, 0],
        [0, 0],
      ]),
  },
  avgPool3d: { shapes: [[1, 2, 3, 2, 1]], run: (x) => tf.avgPool3d(x as tf.Tensor5D, 2, 1, 'same') },
  maxPool: {
    shapes: [[1]],
    run: (x) =>
      tf.maxPool(
        tf.mul(x, tf.tensor4d([1, 5, 2, 7, 4, 9, 3, 8, 6, 2, 6, 1], [1, 3, 2, 2])) as tf.Tensor4D,
        2,
        1,
        'same',
      ),
    range: POSITIVE,
  },
  cumsum: unary((x) => tf.cumsum(x, 1, true, true)),
  reverse: unary((x) => tf.reverse(x, 1)),
  mirrorPad: {
    shapes: [[3]],
    run: (x) => tf.mirrorPad(x as tf.Tensor1D, [[1, 2]], 'reflect'),
  },
  batchNorm: {
    shapes: [[2, 2], [2], [2]],
    run: (x, offset, scale) =>
      tf.batchNorm(
        x,
        tf.tensor1d([0.1, 0.2]),
        tf.tensor1d([1.5, 0.5]),
        offset as tf.Tensor1D,
        scale as tf.Tensor1D,
      ),
  },
  spaceToBatchND: {
    shapes: [[1, 2, 3]],
    run: (x) => tf.spaceToBatchND(x, [2], [[1, 1]]),
  },
  batchToSpaceND: {
    shapes: [[2, 2, 1]],
    run: (x) => tf.batchToSpaceND(x, [2], [[1, 0]]),
  },
  layerNorm: { shapes: [[2, 4], [4], [4]], run: (x, gain, bias) => layerNorm(x, gain, bias, 1e-3) },
  sparseCrossEntropy: {
    shapes: [[3, 4]],
    run: (x) => sparseCrossEntropy(x as tf.Tensor2D, tf.tensor1d([3, 0, 0], 'int32')),
  },
  dropout: unary((x) => dropout(x, 0.5, tf.tensor1d([3], 'int32'), 1)),
};

/** A fixed, uneven weighting of the outputs, so that no gradient cancels. */
const weighted = (y: tf.Tensor): tf.Tensor =>
  tf.sum(tf.mul(y, tf.reshape(tf.sin(tf.add(tf.range(0, y.size, 1), 1)), y.shape)));

describe('gradients against central differences', () => {
  it.each(Object.keys(cases))('%s', (name) => {
    const { shapes, run, range = [-2, 2] } = cases[name] as Case;
    const sizes = shapes.map((shape) => tf.util.sizeFromShape(shape));
    const total = sizes.reduce((sum, each) => sum + each, 0);
    const gradientOf = tf.grads((...inputs: tf.Tensor[]) => weighted(run(...inputs)));
    const make = (numbers: readonly number[]): tf.Tensor[] => {
      let at = 0;
      return shapes.map((shape, index) => {
        const part = numbers.slice(at, at + (sizes[index] as number));
        at += sizes[index] as number;
        return tf.tensor(part, shape, 'float32');
      });
    };
    const step = 2e-3;
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: range[0], max: range[1], noNaN: true }), {
          minLength: total,
          maxLength: total,
        }),
        (numbers) => {
          tf.tidy(() => {
            const gradients = gradientOf(make(numbers)).flatMap((each) => Array.from(each.dataSync()));
            // All shifted values leave in one graph.
            const shifted = numbers.map((number, index) => {
              const up = weighted(run(...make(numbers.with(index, number + step))));
              const down = weighted(run(...make(numbers.with(index, number - step))));
              return tf.sub(up, down);
            });
            shifted.forEach((difference, index) => {
              const slope = (difference.dataSync()[0] as number) / (2 * step);
              const gradient = gradients[index] as number;
              expect(
                Math.abs(slope - gradient),
                `${name}, input ${index}: ${gradient} for ${slope}`,
              ).toBeLessThan(0.01 * Math.max(1, Math.abs(slope), Math.abs(gradient)));
            });
          });
        },
      ),
      { numRuns: 3, seed: 42 },
    );
  });
});
