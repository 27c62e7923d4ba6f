import { type KernelConfig, type TensorInfo, util } from '@tensorflow/tfjs-core';
import {
  cast,
  filled,
  kernel,
  op,
  reduce,
  scalarConst,
  tensor,
  unary,
  type Value,
  value,
  where,
} from '../graph/emit.js';
import type { GraphDtype } from '../graph/graph.js';

type X = { readonly x: TensorInfo };
type Reduction = {
  readonly axis?: number | number[];
  readonly reductionIndices?: number | number[];
  readonly keepDims: boolean;
};

/** Declares a reduction: its ONNX operation, what an empty axis gives, and the type it computes in. */
function reduction(
  name: string,
  onnx: string,
  ofNothing: number,
  working: (dtype: GraphDtype) => GraphDtype,
  result: (dtype: GraphDtype) => GraphDtype,
): KernelConfig {
  return kernel<X, Reduction>(name, ({ inputs, attrs, backend }) => {
    const dtype = inputs.x.dtype as GraphDtype;
    const x = cast(value(backend, inputs.x), working(dtype));
    const axes = util.parseAxisParam((attrs.axis ?? attrs.reductionIndices) as number[], [...x.shape]);
    return tensor(backend, reduceOrFill(onnx, x, axes, attrs.keepDims, ofNothing), result(dtype));
  });
}

function reduceOrFill(onnx: string, x: Value, axes: number[], keepDims: boolean, ofNothing: number): Value {
  // Sums and products of int32 are made in 64 bits, of which the lowest 32 stay: ONNX Runtime's own stop at the largest.
  if (x.size > 0)
    return (onnx === 'ReduceSum' || onnx === 'ReduceProd') && x.type === 'int32'
      ? cast(reduce(onnx, cast(x, 'int64'), axes, keepDims), 'int32')
      : reduce(onnx, x, axes, keepDims);
  const shape = keepDims
    ? x.shape.map((extent, axis) => (axes.includes(axis) ? 1 : extent))
    : x.shape.filter((_, axis) => !axes.includes(axis));
  return filled(x.type, shape, ofNothing);
}

const integerForBool = (dtype: GraphDtype): GraphDtype => (dtype === 'bool' ? 'int32' : dtype);
const same = (dtype: GraphDtype): GraphDtype => dtype;
const asInt = (): GraphDtype => 'int32';
const asBool = (): GraphDtype => 'bool';
const asFloat = (): GraphDtype => 'float32';

function argument(name: string): KernelConfig {
  return kernel<X, { readonly axis: number | number[] }>(name, ({ inputs, attrs, backend }) => {
    const x = value(backend, inputs.x);
    const [axis] = util.parseAxisParam(attrs.axis as number, [...x.shape]) as [number];
    const shape = x.shape.filter((_, each) => each !== axis);
    // Of nothing, the position is 0, as on the CPU backend.
    if (x.size === 0) return tensor(backend, filled('int32', shape, 0), 'int32');
    // NaN is never the extreme.
    const worst = name === 'ArgMax' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
    const source =
      x.type === 'float32'
        ? where(op('IsNaN', [x], x.shape, undefined, 'bool'), scalarConst('float32', worst), x)
        : cast(x, 'int32');
    return tensor(backend, op(name, [source], shape, { axis, keepdims: 0 }, 'int64'), 'int32');
  });
}

/** Sums, products, extremes and their positions, over axes; softmax. */
export const reductionKernels: readonly KernelConfig[] = [
  reduction('Sum', 'ReduceSum', 0, integerForBool, integerForBool),
  reduction('Mean', 'ReduceMean', 0, asFloat, asFloat),
  reduction('Prod', 'ReduceProd', 1, integerForBool, integerForBool),
  reduction('Max', 'ReduceMax', Number.NaN, integerForBool, same),
  reduction('Min', 'ReduceMin', Number.NaN, integerForBool, same),
  reduction('All', 'ReduceMin', 1, asInt, asBool),
  reduction('Any', 'ReduceMax', 0, asInt, asBool),
  argument('ArgMax'),
  argument('ArgMin'),
  kernel<{ readonly logits: TensorInfo }, { readonly dim: number }>(
    'Softmax',
    ({ inputs, attrs, backend }) => {
      const x = cast(value(backend, inputs.logits), 'float32');
      return tensor(backend, unary('Softmax', x, { axis: attrs.dim }), 'float32');
    },
  ),
  kernel<{ readonly logits: TensorInfo }, { readonly axis: number }>(
    'LogSoftmax',
    ({ inputs, attrs, backend }) => {
      const x = cast(value(backend, inputs.logits), 'float32');
      return tensor(backend, unary('LogSoftmax', x, { axis: attrs.axis }), 'float32');
    },
  ),
];
