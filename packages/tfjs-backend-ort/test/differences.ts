import * as tf from '@tensorflow/tfjs-core';
import type { Numbers } from './random-graph.js';

/** An operation at which the backend differs from tfjs-backend-cpu on purpose, or because ONNX Runtime does. */
export interface Difference {
  /** The row of the README's table. */
  readonly operation: string;
  readonly cpu: string;
  readonly ort: string;
  /** An example, and what either makes of it; a text is a part of the error's message. */
  readonly example: () => tf.Tensor;
  readonly cpuGives: readonly number[] | string;
  readonly ortGives: readonly number[] | string;
  /** True for an operation of a random graph that falls under it. */
  readonly covers: (name: string, inputs: readonly Numbers[], expected: Numbers | Error) => boolean;
}

const hasNaN = ({ values }: Numbers): boolean => values.some(Number.isNaN);
const isBool = ({ dtype }: Numbers): boolean => dtype === 'bool';
const largest = ({ values }: Numbers): number =>
  values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);

/** All of them. The README shows this table, and the fuzzer passes over nothing else. */
export const DIFFERENCES: readonly Difference[] = [
  {
    operation: '`max`, `min` over an axis with NaN',
    cpu: 'NaN',
    ort: 'the extreme of the others',
    example: () => tf.max(tf.tensor1d([1, Number.NaN, 3])),
    cpuGives: [Number.NaN],
    ortGives: [3],
    covers: (name, [x]) => (name === 'max' || name === 'min') && hasNaN(x as Numbers),
  },
  {
    operation: '`argMax`, `argMin` with NaN',
    cpu: 'NaN at the first position wins',
    ort: 'NaN never wins',
    example: () => tf.argMax(tf.tensor1d([Number.NaN, 1, 3])),
    cpuGives: [0],
    ortGives: [2],
    covers: (name, [x]) => name.startsWith('arg') && hasNaN(x as Numbers),
  },
  {
    operation: '`topk` with equal numbers',
    cpu: 'in no certain order',
    ort: 'the lower index first',
    example: () =>
      tf.topk(tf.tensor1d([-2.5, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]), 2).indices,
    cpuGives: [2, 1],
    ortGives: [1, 2],
    covers: (name, [x]) =>
      name === 'topk' && new Set((x as Numbers).values).size < (x as Numbers).values.length,
  },
  {
    operation: '`topk` with infinities',
    cpu: '-Infinity may come before a number',
    ort: '-Infinity comes last',
    example: () => tf.topk(tf.tensor1d([Number.NEGATIVE_INFINITY, 3, Number.POSITIVE_INFINITY]), 2).indices,
    cpuGives: [2, 0],
    ortGives: [2, 1],
    covers: (name, [x]) => name === 'topk' && largest(x as Numbers) === Number.POSITIVE_INFINITY,
  },
  {
    operation: '`topk` with NaN',
    cpu: 'NaN counts as a large number',
    ort: 'NaN may hide a larger number',
    example: () => tf.topk(tf.tensor1d([1, Number.NaN, 3]), 2).indices,
    cpuGives: [1, 2],
    ortGives: [0, 1],
    covers: (name, [x]) => name === 'topk' && hasNaN(x as Numbers),
  },
  {
    operation: 'products of int32 beyond 2^53 (`mul`, `square`, `squaredDifference`, `prod`)',
    cpu: 'rounded to float64 before the lowest 32 bits are taken',
    ort: 'the lowest 32 bits, exact',
    example: () => tf.square(tf.scalar(2_147_483_647, 'int32')),
    cpuGives: [0],
    ortGives: [1],
    covers: (name, inputs) =>
      ['mul', 'square', 'squaredDifference', 'prod'].includes(name) &&
      inputs.every(({ dtype }) => dtype === 'int32' || name === 'square' || name === 'prod') &&
      (inputs[0] as Numbers).dtype === 'int32' &&
      inputs.some((each) => largest(each) > 2 ** 20),
  },
  {
    operation: '`abs` of int32 beyond 2^24',
    cpu: 'rounded to float32',
    ort: 'exact',
    example: () => tf.abs(tf.scalar(2_147_483_647, 'int32')),
    cpuGives: [-2_147_483_648],
    ortGives: [2_147_483_647],
    covers: (name, [x]) =>
      name === 'abs' && (x as Numbers).dtype === 'int32' && largest(x as Numbers) > 2 ** 24,
  },
  {
    operation: 'float functions of bool (`reciprocal`, `softplus`)',
    cpu: 'the value, cut to a byte',
    ort: 'true unless it is 0',
    example: () => tf.softplus(tf.tensor1d([0], 'bool')),
    cpuGives: [0],
    ortGives: [1],
    covers: (name, [x]) => (name === 'reciprocal' || name === 'softplus') && isBool(x as Numbers),
  },
  {
    operation: 'float functions of int32 beyond 2^24 (`softplus`)',
    cpu: 'computed in float64',
    ort: 'computed in float32',
    example: () => tf.softplus(tf.scalar(2_147_483_647, 'int32')),
    cpuGives: [2_147_483_647],
    ortGives: [-2_147_483_648],
    covers: (name, [x]) =>
      name === 'softplus' && (x as Numbers).dtype === 'int32' && largest(x as Numbers) > 2 ** 24,
  },
  {
    operation: '`unsortedSegmentSum` of int32',
    cpu: 'float32',
    ort: 'int32',
    example: () =>
      tf.cast(
        tf.unsortedSegmentSum(tf.tensor1d([16_777_217, 1], 'int32'), tf.tensor1d([0, 1], 'int32'), 2),
        'int32',
      ),
    cpuGives: [16_777_216, 1],
    ortGives: [16_777_217, 1],
    covers: (name, [x]) => name === 'unsortedSegmentSum' && (x as Numbers).dtype === 'int32',
  },
  {
    operation: '`unsortedSegmentSum` with NaN or infinities',
    cpu: 'every segment is NaN',
    ort: 'the segments that hold them',
    example: () => tf.unsortedSegmentSum(tf.tensor1d([Number.NaN, 1]), tf.tensor1d([0, 1], 'int32'), 2),
    cpuGives: [Number.NaN, Number.NaN],
    ortGives: [Number.NaN, 1],
    covers: (name, [x]) => name === 'unsortedSegmentSum' && !(x as Numbers).values.every(Number.isFinite),
  },
  {
    operation: '`floorDiv` of float32 with a quotient beyond 2^24',
    cpu: 'divided in float64',
    ort: 'divided in float32',
    example: () => tf.floorDiv(tf.scalar(100_000_000), tf.scalar(3)),
    cpuGives: [33_333_333],
    ortGives: [33_333_334],
    covers: (name, inputs) =>
      name === 'floorDiv' &&
      (inputs[0] as Numbers).dtype === 'float32' &&
      inputs.some((each) => largest(each) > 2 ** 20),
  },
  {
    operation: '`stridedSlice` that shrinks one axis and steps along another',
    cpu: 'elements of other positions, or an error',
    ort: 'as in NumPy',
    example: () =>
      tf.stridedSlice(
        tf.tensor2d([
          [1, 2, 3, 4],
          [5, 6, 7, 8],
        ]),
        [1, 0],
        [2, 4],
        [1, 2],
        0,
        0,
        0,
        0,
        1,
      ),
    cpuGives: 'out of range',
    ortGives: [5, 7],
    covers: (name, [x], expected) =>
      name === 'stridedSlice' &&
      !(expected instanceof Error) &&
      expected.shape.length < (x as Numbers).shape.length,
  },
  {
    operation: '`stridedSlice` that ends before it begins',
    cpu: 'an error',
    ort: 'nothing, as in NumPy',
    example: () => tf.stridedSlice(tf.tensor1d([1, 2, 3]), [2], [0], [1]),
    cpuGives: 'size',
    ortGives: [],
    covers: (name, _, expected) => name === 'stridedSlice' && expected instanceof Error,
  },
  {
    operation: 'an index out of range that is computed (`gather`)',
    cpu: 'an error of the call',
    ort: 'an error of whoever reads the result',
    example: () =>
      tf.gather(tf.tensor1d([1, 2]), tf.sub(tf.tensor1d([0], 'int32'), tf.scalar(1, 'int32')) as tf.Tensor1D),
    cpuGives: 'the index value -1 is not in',
    ortGives: 'Gather from',
    covers: (name, _, expected) => name === 'gather' && expected instanceof Error,
  },
];
