import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { on } from './oracle.js';

// The oracle is @tensorflow/tfjs-backend-cpu: the same program must give the same shapes, types and numbers.

const float = (shape: number[], seed = 1): tf.Tensor =>
  tf.tensor(
    Float32Array.from(
      { length: tf.util.sizeFromShape(shape) },
      (_, i) => Math.sin(12.9898 * (i + 1) * seed) * 2.5,
    ),
    shape,
  );
const positive = (shape: number[]): tf.Tensor => tf.add(tf.abs(float(shape)), 0.1);
const unit = (shape: number[]): tf.Tensor => tf.mul(float(shape), 0.39);
const int = (shape: number[], modulo = 5, shift = 0): tf.Tensor =>
  tf.tensor(
    Int32Array.from({ length: tf.util.sizeFromShape(shape) }, (_, i) => ((i * 7 + 3) % modulo) + shift),
    shape,
    'int32',
  );
const bool = (shape: number[]): tf.Tensor => tf.cast(int(shape, 2), 'bool');

const programs: Record<string, () => tf.Tensor | tf.Tensor[]> = {
  acos: () => tf.acos(unit([7])),
  acosh: () => tf.acosh(tf.add(positive([7]), 1)),
  asin: () => tf.asin(unit([7])),
  asinh: () => tf.asinh(float([7])),
  atan: () => tf.atan(float([7])),
  atanh: () => tf.atanh(unit([7])),
  ceil: () => tf.ceil(float([7])),
  cos: () => tf.cos(float([7])),
  cosh: () => tf.cosh(float([7])),
  elu: () => tf.elu(float([7])),
  erf: () => tf.erf(float([7])),
  exp: () => tf.exp(float([7])),
  'expm1 near and far from zero': () => tf.expm1(tf.tensor1d([1e-6, -1e-5, 0, 0.5, -0.99, 1.5, -20, 3])),
  floor: () => tf.floor(float([7])),
  log: () => tf.log(positive([7])),
  'log1p near and far from zero': () => tf.log1p(tf.tensor1d([1e-7, -1e-6, 0, 0.5, -0.5, 1e6])),
  reciprocal: () => tf.reciprocal(float([7])),
  'round to even': () => tf.round(tf.tensor1d([0.5, 1.5, 2.5, -0.5, -1.5, 1.2, -1.7])),
  rsqrt: () => tf.rsqrt(positive([7])),
  selu: () => tf.selu(float([7])),
  sigmoid: () => tf.sigmoid(float([7])),
  sign: () => tf.sign(tf.tensor1d([-3, 0, 2])),
  sin: () => tf.sin(float([7])),
  sinh: () => tf.sinh(float([7])),
  softplus: () => tf.softplus(tf.tensor1d([-50, -1, 0, 1, 50])),
  sqrt: () => tf.sqrt(positive([7])),
  tan: () => tf.tan(unit([7])),
  tanh: () => tf.tanh(float([7])),
  'abs of int32': () => tf.abs(int([6], 5, -2)),
  'neg of int32': () => tf.neg(int([6])),
  'relu of float32 and int32': () => [tf.relu(float([6])), tf.relu(int([6], 5, -2))],
  relu6: () => tf.relu6(tf.mul(float([6]), 4)),
  leakyRelu: () => tf.leakyRelu(float([6]), 0.3),
  prelu: () => tf.prelu(float([2, 3]), tf.tensor1d([0.1, 0.2, 0.3])),
  'step with alpha': () => tf.step(tf.tensor1d([-1, 0, 2, Number.NaN]), 0.5),
  clip: () => [tf.clipByValue(float([6]), -0.5, 1), tf.clipByValue(int([6]), 1, 3)],
  'finite, infinite, not a number': () => {
    const x = tf.tensor1d([1, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]);
    return [tf.isFinite(x), tf.isInf(x), tf.isNaN(x)];
  },
  'casts between all types': () => [
    tf.cast(tf.tensor1d([-1.9, 0, 1.9]), 'int32'),
    tf.cast(tf.tensor1d([-1.9, 0, 0.4]), 'bool'),
    tf.cast(int([4]), 'float32'),
    tf.cast(bool([4]), 'int32'),
    tf.cast(bool([4]), 'float32'),
  ],
  'arithmetic with broadcasting': () => {
    const [a, b] = [float([2, 1, 3]), float([4, 1], 2)];
    return [
      tf.add(a, b),
      tf.sub(a, b),
      tf.mul(a, b),
      tf.div(a, b),
      tf.maximum(a, b),
      tf.minimum(a, b),
      tf.squaredDifference(a, b),
    ];
  },
  'int32 arithmetic': () => {
    const [a, b] = [int([6], 11, -5), int([6], 4, 1)];
    return [
      tf.add(a, b),
      tf.mul(a, b),
      tf.sub(a, b),
      tf.floorDiv(a, b),
      tf.mod(a, b),
      tf.pow(a, b),
      tf.div(a, b),
    ];
  },
  'modulo of both signs': () =>
    tf.mod(tf.tensor1d([7.5, -7.5, 7.5, -7.5, 0]), tf.tensor1d([2, 2, -2, -2, 3])),
  pow: () => tf.pow(positive([5]), float([5])),
  'int32 beyond the precision of float32': () =>
    tf.add(tf.tensor1d([16777217, 2147483646], 'int32'), tf.tensor1d([0, 1], 'int32')),
  comparisons: () => {
    const [a, b] = [int([6], 3), int([6], 2)];
    return [
      tf.equal(a, b),
      tf.notEqual(a, b),
      tf.greater(a, b),
      tf.greaterEqual(a, b),
      tf.less(a, b),
      tf.lessEqual(a, b),
    ];
  },
  logic: () => [tf.logicalAnd(bool([6]), bool([6])), tf.logicalOr(bool([6]), tf.logicalNot(bool([6])))],
  addN: () => tf.addN([float([3]), float([3], 2), float([3], 3)]),
  'where, with broadcasting': () => [
    tf.where(bool([2, 3]), float([2, 3]), float([2, 3], 2)),
    tf.where(tf.tensor2d([[1], [0]], [2, 1], 'bool'), float([2, 3]), float([3], 2)),
    tf.where(bool([4]), bool([4]), tf.logicalNot(bool([4]))),
  ],
  'matMul with all transposes': () =>
    [false, true].flatMap((ta) =>
      [false, true].flatMap((tb) => [
        tf.matMul(
          float(ta ? [4, 3] : [3, 4]) as tf.Tensor2D,
          float(tb ? [5, 4] : [4, 5], 2) as tf.Tensor2D,
          ta,
          tb,
        ),
        tf.matMul(float(ta ? [2, 4, 3] : [2, 3, 4]), float(tb ? [2, 5, 4] : [2, 4, 5], 2), ta, tb),
        tf.matMul(float(ta ? [2, 4, 3] : [2, 3, 4]), float(tb ? [1, 5, 4] : [1, 4, 5], 2), ta, tb),
      ]),
    ),
  'matMul of int32': () => tf.matMul(int([2, 3]) as tf.Tensor2D, int([3, 2]) as tf.Tensor2D, false, false),
  'fused matMul': () =>
    ['linear', 'relu', 'elu', 'relu6', 'sigmoid'].map((activation) =>
      tf.fused.matMul({
        a: float([3, 4]),
        b: float([4, 2]),
        bias: float([2]),
        activation: activation as 'relu',
      }),
    ),
  reductions: () => {
    const x = float([2, 3, 4]);
    return [
      tf.sum(x),
      tf.sum(x, 1),
      tf.sum(x, [0, 2], true),
      tf.mean(x, -1),
      tf.max(x, 1),
      tf.min(x, [0, 1]),
      tf.prod(x, 2),
    ];
  },
  'reductions of int32 and bool': () => [
    tf.sum(int([3, 4]), 0),
    tf.sum(bool([3, 4]), 1),
    tf.mean(int([3, 4]), 0),
    tf.max(int([3, 4]), 1),
    tf.all(bool([3, 4]), 1),
    tf.any(bool([3, 4]), 0),
  ],
  'sum over no elements': () => [tf.sum(tf.zeros([0, 3]), 0), tf.prod(tf.zeros([2, 0]), 1)],
  'positions of extremes': () => [
    tf.argMax(float([3, 5]), 1),
    tf.argMin(float([3, 5]), 0),
    tf.argMax(tf.tensor1d([2, 7, 7])),
  ],
  softmax: () => [tf.softmax(float([3, 5])), tf.logSoftmax(float([3, 5]))],
  'reshape and transpose': () => [
    tf.reshape(float([2, 6]), [3, -1]),
    tf.transpose(float([2, 3, 4]), [2, 0, 1]),
    tf.transpose(bool([2, 3])),
  ],
  slice: () => [tf.slice(float([3, 4]), [1, 1], [2, 2]), tf.slice(int([5]), [2])],
  'concat, stack, unstack, split': () => [
    tf.concat([float([2, 3]), float([1, 3], 2)], 0),
    tf.concat([bool([2, 1]), bool([2, 2])], 1),
    tf.stack([float([3]), float([3], 2)], 1),
    ...tf.unstack(float([2, 3]), 1),
    ...tf.split(float([5, 2]), [2, 3]),
  ],
  'tile and broadcast': () => [
    tf.tile(float([2, 3]), [2, 2]),
    tf.tile(float([1, 3]), [4, 1]),
    tf.broadcastTo(float([3, 1]), [2, 3, 4]),
  ],
  pad: () => [
    tf.pad(
      float([2, 3]),
      [
        [1, 0],
        [0, 2],
      ],
      9,
    ),
    tf.pad(int([3]), [[1, 1]]),
  ],
  'gather along every axis': () =>
    [0, 1, 2].map((axis) =>
      tf.gather(
        float([3, 3, 3]),
        tf.tensor2d(
          [
            [2, 0],
            [1, 1],
          ],
          [2, 2],
          'int32',
        ),
        axis,
      ),
    ),
  'gather by batch': () => [
    tf.gather(
      float([2, 4, 3]),
      tf.tensor2d(
        [
          [3, 0],
          [1, 2],
        ],
        [2, 2],
        'int32',
      ),
      1,
      1,
    ),
    tf.gather(
      float([2, 3, 4]),
      tf.tensor2d(
        [
          [3, 0],
          [1, 2],
        ],
        [2, 2],
        'int32',
      ),
      2,
      1,
    ),
  ],
  'gatherND and scatterND with repeats': () => [
    tf.gatherND(
      float([3, 4]),
      tf.tensor2d(
        [
          [0, 1],
          [2, 3],
        ],
        [2, 2],
        'int32',
      ),
    ),
    tf.scatterND(tf.tensor2d([[1], [1], [3]], [3, 1], 'int32'), float([3, 2]), [5, 2]),
  ],
  'segment sum with repeats and ids outside': () =>
    tf.unsortedSegmentSum(float([5, 2]), tf.tensor1d([0, 2, 2, -1, 7], 'int32'), 3),
  'one hot': () => [
    tf.oneHot(tf.tensor1d([0, 3, -1, 2, 4], 'int32'), 4),
    tf.oneHot(int([2, 2]), 6, 2.5, -1, 'float32'),
  ],
  'fill, range, zeros like, ones like': () => [
    tf.fill([2, 3], 4.5),
    tf.range(5, 0, -2),
    tf.range(0, 4, 1, 'int32'),
    tf.zerosLike(bool([3])),
    tf.onesLike(float([2])),
  ],
  complex: () => {
    const [a, b] = [tf.complex(float([3]), float([3], 2)), tf.complex(float([3], 3), float([3], 4))];
    const all = [tf.add(a, b), tf.mul(a, b), tf.sub(a, b), tf.reshape(a, [3, 1])];
    return [...all.flatMap((each) => [tf.real(each), tf.imag(each)]), tf.abs(a)];
  },
  'convolutions with strides, dilations and both layouts': () => {
    const [x, w] = [float([2, 7, 6, 3]) as tf.Tensor4D, float([3, 2, 3, 4], 2) as tf.Tensor4D];
    return [
      tf.conv2d(x, w, [2, 3], 'same'),
      tf.conv2d(x, w, 1, 'valid', 'NHWC', 2),
      tf.conv2d(x, w, 2, 1, 'NHWC', 1, 'ceil'),
      tf.conv2d(tf.transpose(x, [0, 3, 1, 2]), w, 1, 'same', 'NCHW'),
      tf.depthwiseConv2d(x, w, 1, 'same', 'NHWC', 2),
      tf.separableConv2d(x, w, float([1, 1, 12, 2]) as tf.Tensor4D, 1, 'same'),
    ];
  },
  'pools, with windows beyond the input': () => {
    const x = float([2, 5, 4, 3]) as tf.Tensor4D;
    return [
      tf.maxPool(x, 3, 2, 'same'),
      tf.avgPool(x, [2, 3], [3, 1], 'same'),
      tf.avgPool(x, 2, 3, 1, 'ceil'),
      tf.maxPool(x, 2, 2, 'valid'),
    ];
  },
  'top values, lower index first among equals': () =>
    Object.values(
      tf.topk(
        tf.tensor2d([
          [1, 3, 3, 2, 3],
          [5, 5, 4, 9, 0],
        ]),
        3,
      ),
    ),
  'cumulative sums': () => [
    tf.cumsum(float([2, 3]), 0),
    tf.cumsum(int([2, 3]), 1, true),
    tf.cumsum(bool([4]), 0, false, true),
  ],
  'strided slices': () => {
    const x = float([4, 3, 2]);
    return [
      tf.stridedSlice(x, [3, 0, 0], [-5, 3, 2], [-2, 2, 1]),
      tf.stridedSlice(x, [1], [2], [1], 0, 0, 0, 0, 1),
      tf.stridedSlice(x, [0, 1], [4, 2], [2, 1], 0, 0, 1),
    ];
  },
  'reversals, mirrors and blocks': () => [
    tf.reverse(int([2, 3, 2]), [0, 2]),
    tf.mirrorPad(
      float([3, 3]) as tf.Tensor2D,
      [
        [1, 2],
        [2, 0],
      ],
      'reflect',
    ),
    tf.mirrorPad(
      int([2, 3]) as tf.Tensor2D,
      [
        [2, 1],
        [0, 3],
      ],
      'symmetric',
    ),
    tf.spaceToBatchND(
      float([1, 4, 5, 2]),
      [2, 3],
      [
        [0, 0],
        [1, 0],
      ],
    ),
    tf.depthToSpace(float([1, 2, 2, 8]) as tf.Tensor4D, 2),
  ],
  einsum: () => [
    tf.einsum('bij,bjk->bik', float([2, 2, 3]), float([2, 3, 4], 2)),
    tf.einsum('ij->ji', float([2, 3])),
    tf.einsum('i,i->', float([4]), float([4], 3)),
  ],
  'tensors without elements': () => [tf.concat([tf.zeros([0, 2]), float([2, 2])]), tf.add(tf.zeros([0]), 1)],
};

describe('kernels against the CPU backend', () => {
  it.each(Object.keys(programs))('%s', async (name) => {
    const program = programs[name] as () => tf.Tensor | tf.Tensor[];
    const expected = await on('cpu', program);
    const received = await on('ort', program);
    expect(received.map(({ shape, dtype }) => ({ shape, dtype }))).toEqual(
      expected.map(({ shape, dtype }) => ({ shape, dtype })),
    );
    received.forEach(({ values }, index) => {
      const wanted = expected[index]?.values ?? [];
      values.forEach((each, at) => {
        const target = wanted[at] as number;
        if (Number.isFinite(target))
          expect(
            Math.abs(each - target),
            `output ${index}, element ${at}: ${each} for ${target}`,
          ).toBeLessThanOrEqual(2e-6 * Math.max(1, Math.abs(target)));
        else expect(each).toBe(target);
      });
    });
  });

  it('moves strings', async () => {
    const [sliced] = await on('ort', () => tf.slice(tf.tensor1d(['a', 'b', 'c']) as tf.Tensor, 1, 2));
    expect(sliced?.values).toEqual(['b', 'c']);
    const [joined] = await on('ort', () =>
      tf.concat([tf.tensor1d(['x']), tf.tensor1d(['y', 'z'])] as tf.Tensor[]),
    );
    expect(joined?.values).toEqual(['x', 'y', 'z']);
  });
});
