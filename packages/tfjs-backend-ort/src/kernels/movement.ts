import { backend_util, type KernelConfig, slice_util, type TensorInfo, util } from '@tensorflow/tfjs-core';
import type { OrtBackend } from '../backend.js';
import {
  concat,
  expand,
  filled,
  int64Const,
  kernel,
  op,
  ops,
  reshape,
  scalarConst,
  sharedTensor,
  sizeOf,
  slice,
  tensor,
  transpose,
  type Value,
  value,
} from '../graph/emit.js';
import type { GraphDtype } from '../graph/graph.js';
import { move, moveElements } from '../graph/structural.js';

type X = { readonly x: TensorInfo };

function reshapeTensor(backend: OrtBackend, x: TensorInfo, shape: number[]): TensorInfo {
  const size = sizeOf(x.shape);
  const inferred = util.inferFromImplicitShape(shape, size);
  util.assert(
    size === sizeOf(inferred),
    () =>
      `The new shape (${inferred}) has ${sizeOf(inferred)} elements and the old shape (${x.shape}) has ${size} elements. ` +
      'The new shape and old shape must have the same number of elements.',
  );
  return sharedTensor(backend, x, inferred);
}

function joinValues(values: Value[], axis: number): Value {
  const full = values.filter((each) => each.size > 0);
  return concat(full.length === 0 ? values : full, axis);
}

/** Kernels that move, repeat, join and cut elements. */
export const movementKernels: readonly KernelConfig[] = [
  kernel<X, { readonly shape: number[] }>('Reshape', ({ inputs, attrs, backend }) =>
    reshapeTensor(backend, inputs.x, attrs.shape),
  ),
  kernel<{ readonly input: TensorInfo }, { readonly dim: number }>(
    'ExpandDims',
    ({ inputs, attrs, backend }) => {
      const rank = inputs.input.shape.length;
      util.assert(-(rank + 1) <= attrs.dim, () => `Axis must be in the interval [${-(rank + 1)}, ${rank}]`);
      const shape = [...inputs.input.shape];
      shape.splice(attrs.dim < 0 ? rank + attrs.dim + 1 : attrs.dim, 0, 1);
      return sharedTensor(backend, inputs.input, shape);
    },
  ),
  kernel<X, { readonly perm: number[] }>('Transpose', ({ inputs, attrs, backend }) =>
    attrs.perm.every((axis, index) => axis === index)
      ? sharedTensor(backend, inputs.x, inputs.x.shape)
      : move(backend, [inputs.x], ([x]) => transpose(x as Value, attrs.perm)),
  ),
  kernel<X, { readonly begin: number | number[]; readonly size: number | number[] }>(
    'Slice',
    ({ inputs, attrs, backend }) => {
      // These helpers read shapes alone of what they type as tensors.
      const [begin, size] = slice_util.parseSliceParams(
        inputs.x as never,
        attrs.begin as number[],
        attrs.size as number[],
      );
      slice_util.assertParamsValid(inputs.x as never, begin as number[], size as number[]);
      return move(backend, [inputs.x], ([x]) => slice(x as Value, begin as number[], size as number[]));
    },
  ),
  kernel<X, { readonly numOrSizeSplits: number | number[]; readonly axis: number }>(
    'SplitV',
    ({ inputs, attrs, backend }) => {
      const [axis] = util.parseAxisParam(attrs.axis, inputs.x.shape) as [number];
      // Reads the shape alone of what it types as a tensor.
      const sizes = backend_util.prepareSplitSize(inputs.x as never, attrs.numOrSizeSplits, axis);
      return moveElements(backend, [inputs.x], ([x]) => {
        const source = x as Value;
        return ops(
          'Split',
          [source, int64Const(sizes)],
          sizes.map((size) => ({
            type: source.type,
            shape: source.shape.map((extent, each) => (each === axis ? size : extent)),
          })),
          { axis },
        );
      });
    },
  ),
  kernel<readonly TensorInfo[], { readonly axis: number }>('Concat', ({ inputs, attrs, backend }) => {
    const [first] = inputs as readonly [TensorInfo];
    const [axis] = util.parseAxisParam(attrs.axis, first.shape) as [number];
    backend_util.assertParamsConsistent(
      inputs.map((each) => each.shape),
      axis,
    );
    return move(backend, inputs, (values) => joinValues(values, axis));
  }),
  kernel<readonly TensorInfo[], { readonly axis: number }>('Pack', ({ inputs, attrs, backend }) => {
    const [first] = inputs as readonly [TensorInfo];
    for (const each of inputs) {
      util.assertShapesMatch(
        first.shape,
        each.shape,
        'All tensors passed to stack must have matching shapes',
      );
      util.assert(first.dtype === each.dtype, () => 'All tensors passed to stack must have matching dtypes');
    }
    const axis = attrs.axis < 0 ? attrs.axis + first.shape.length + 1 : attrs.axis;
    const shape = [...first.shape];
    shape.splice(axis, 0, 1);
    return move(backend, inputs, (values) =>
      concat(
        values.map((each) => reshape(each, shape)),
        axis,
      ),
    );
  }),
  kernel<{ readonly value: TensorInfo }, { readonly axis: number }>(
    'Unpack',
    ({ inputs, attrs, backend }) => {
      const axis = attrs.axis < 0 ? attrs.axis + inputs.value.shape.length : attrs.axis;
      const shape = inputs.value.shape.filter((_, each) => each !== axis);
      return moveElements(backend, [inputs.value], ([x]) => {
        const source = x as Value;
        const count = source.shape[axis] as number;
        const ones = new Array<number>(count).fill(1);
        const parts = ops(
          'Split',
          [source, int64Const(ones)],
          ones.map(() => ({
            type: source.type,
            shape: source.shape.map((extent, each) => (each === axis ? 1 : extent)),
          })),
          { axis },
        );
        return parts.map((each) => reshape(each, shape));
      });
    },
  ),
  kernel<X, { readonly reps: number[] }>('Tile', ({ inputs, attrs, backend }) => {
    const shape = inputs.x.shape.map((extent, axis) => extent * (attrs.reps[axis] ?? 1));
    // Repeating extents of 1 is broadcasting.
    const broadcasts = attrs.reps.every((repeats, axis) => repeats === 1 || inputs.x.shape[axis] === 1);
    return move(backend, [inputs.x], ([x]) =>
      broadcasts ? expand(x as Value, shape) : op('Tile', [x, int64Const(attrs.reps)], shape),
    );
  }),
  kernel<X, { readonly paddings: [number, number][]; readonly constantValue: number }>(
    'PadV2',
    ({ inputs, attrs, backend }) => {
      const x = value(backend, inputs.x);
      const shape = x.shape.map(
        (extent, axis) => extent + attrs.paddings[axis]![0] + attrs.paddings[axis]![1],
      );
      if (x.size === 0)
        return tensor(backend, filled(x.type, shape, attrs.constantValue), inputs.x.dtype as GraphDtype);
      const pads = [...attrs.paddings.map(([before]) => before), ...attrs.paddings.map(([, after]) => after)];
      if (pads.every((each) => each === 0)) return sharedTensor(backend, inputs.x, inputs.x.shape);
      return tensor(
        backend,
        op('Pad', [x, int64Const(pads), scalarConst(x.type, attrs.constantValue)], shape),
        inputs.x.dtype as GraphDtype,
      );
    },
  ),
];
