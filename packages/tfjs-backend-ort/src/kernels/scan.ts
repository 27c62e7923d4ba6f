import { backend_util, type KernelConfig, type TensorInfo, util } from '@tensorflow/tfjs-core';
import {
  arrayConst,
  binary,
  cast,
  floatConst,
  kernel,
  op,
  ops,
  scalarConst,
  tensor,
  unary,
  type Value,
  value,
} from '../graph/emit.js';
import type { GraphDtype } from '../graph/graph.js';
import { onHost } from '../graph/host-kernels.js';
import { inGraphIfFloat } from './convolution.js';

type X = { readonly x: TensorInfo };
type Normalizing = {
  readonly x: TensorInfo;
  readonly mean: TensorInfo;
  readonly variance: TensorInfo;
  readonly offset?: TensorInfo;
  readonly scale?: TensorInfo;
};

/** Kernels that sum along an axis, order it, normalise by given moments, and contract by an equation. */
export const scanKernels: readonly KernelConfig[] = [
  kernel<X, { readonly axis: number; readonly exclusive: boolean; readonly reverse: boolean }>(
    'Cumsum',
    (call) => {
      const { inputs, attrs, backend } = call;
      if (inputs.x.shape.length === 0 || util.sizeFromShape(inputs.x.shape) === 0)
        return onHost('Cumsum', call);
      const dtype = inputs.x.dtype === 'bool' ? 'int32' : (inputs.x.dtype as GraphDtype);
      const x = cast(value(backend, inputs.x), dtype);
      const [axis] = util.parseAxisParam(attrs.axis, inputs.x.shape) as [number];
      const sums = op('CumSum', [x, scalarConst('int64', axis)], x.shape, {
        exclusive: attrs.exclusive ? 1 : 0,
        reverse: attrs.reverse ? 1 : 0,
      });
      return tensor(backend, sums, dtype);
    },
  ),
  kernel<X, { readonly k: number; readonly sorted: boolean }>('TopK', (call) => {
    const { inputs, attrs, backend } = call;
    const { x } = inputs;
    const last = x.shape.at(-1) ?? 0;
    if (attrs.k === 0 || attrs.k > last || x.dtype === 'bool' || util.sizeFromShape(x.shape) === 0)
      return onHost<TensorInfo[]>('TopK', call);
    const source = value(backend, x);
    const shape = [...source.shape.slice(0, -1), attrs.k];
    // Both take the lower index first among equals. Always sorted, as by the CPU backend.
    const [values, indices] = ops(
      'TopK',
      [source, arrayConst('int64', [attrs.k])],
      [
        { type: source.type, shape },
        { type: 'int64', shape },
      ],
      { axis: -1, largest: 1, sorted: 1 },
    ) as [Value, Value];
    return [tensor(backend, values, x.dtype as GraphDtype), tensor(backend, indices, 'int32')];
  }),
  inGraphIfFloat<Normalizing, { readonly varianceEpsilon?: number }>(
    'FusedBatchNorm',
    ({ inputs, attrs, backend }) => {
      const { x, mean, variance, offset, scale } = inputs;
      const epsilon = attrs.varianceEpsilon ?? 0.001;
      const deviation = unary('Sqrt', binary('Add', value(backend, variance), floatConst(epsilon)));
      const slope = scale
        ? binary('Div', value(backend, scale), deviation)
        : binary('Div', floatConst(1), deviation);
      const centred = binary('Mul', binary('Sub', value(backend, x), value(backend, mean)), slope);
      return tensor(backend, offset ? binary('Add', centred, value(backend, offset)) : centred, 'float32');
    },
  ),
  inGraphIfFloat<readonly TensorInfo[], { readonly equation: string }>(
    'Einsum',
    ({ inputs, attrs, backend }) => {
      const tensors = Object.values(inputs) as TensorInfo[];
      const { allDims, idDims } = backend_util.decodeEinsumEquation(attrs.equation, tensors.length);
      // Reads shapes alone of what it types as tensors.
      backend_util.checkEinsumDimSizes(allDims.length, idDims, tensors as never);
      const equation = attrs.equation.replace(/\s/g, '');
      const [left, right] = equation.split('->') as [string, string];
      const extents = new Map<string, number>();
      left.split(',').forEach((labels, index) => {
        [...labels].forEach((label, axis) => {
          extents.set(label, tensors[index]?.shape[axis] as number);
        });
      });
      const shape = Array.from(right, (label) => extents.get(label) as number);
      const result = op(
        'Einsum',
        tensors.map((each) => value(backend, each)),
        shape,
        { equation },
      );
      return tensor(backend, result, 'float32');
    },
  ),
];
