import { backend_util, type KernelConfig, slice_util, type TensorInfo, util } from '@tensorflow/tfjs-core';
import type { OrtBackend } from '../backend.js';
import {
  arrayConst,
  binary,
  cast,
  concat,
  expand,
  filled,
  hostTensor,
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
  where,
} from '../emit.js';
import type { GraphDtype, LeafData } from '../graph.js';
import { moveElements } from '../structural.js';

type X = { readonly x: TensorInfo };

function move(
  backend: OrtBackend,
  inputs: readonly TensorInfo[],
  build: (values: Value[]) => Value,
): TensorInfo {
  return moveElements(backend, inputs, (values) => [build(values)])[0] as TensorInfo;
}

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

/** Adds rows of `updates` into zeros at `indices` (shape [rows, depth]), which must be in range. */
function scatterAdd(indices: Value, updates: Value, shape: readonly number[]): Value {
  return op('ScatterND', [filled(updates.type, shape, 0), cast(indices, 'int64'), updates], shape, {
    reduction: 'add',
  });
}

/**
 * Indices with the negative ones moved beyond every axis. ONNX counts those from the end; TensorFlow.js refuses them, and
 * so does ONNX Runtime now, when it comes to them.
 */
function withoutNegative(indices: Value): Value {
  const below = binary('Less', indices, scalarConst(indices.type, 0), 'bool');
  return where(below, scalarConst(indices.type, 0x7fff_ffff), indices);
}

/** Gathers along an axis, for every batch of the first `batchDims` axes by its own indices. */
function gather(x: Value, indices: Value, axis: number, batchDims: number): Value {
  const shape = [...x.shape.slice(0, axis), ...indices.shape.slice(batchDims), ...x.shape.slice(axis + 1)];
  if (batchDims === 0) return op('Gather', [x, indices], shape, { axis });
  const batch = sizeOf(x.shape.slice(0, batchDims));
  const outer = sizeOf(x.shape.slice(batchDims, axis));
  const extent = x.shape[axis] as number;
  const inner = sizeOf(x.shape.slice(axis + 1));
  const count = sizeOf(indices.shape.slice(batchDims));
  const rows = reshape(transpose(reshape(x, [batch, outer, extent, inner]), [0, 2, 1, 3]), [
    batch * extent,
    outer * inner,
  ]);
  const starts = arrayConst(
    'int32',
    Array.from({ length: batch }, (_, index) => index * extent),
    [batch, 1],
  );
  const flat = reshape(binary('Add', reshape(indices, [batch, count]), starts), [batch * count]);
  const picked = reshape(op('Gather', [rows, flat], [batch * count, outer * inner], { axis: 0 }), [
    batch,
    count,
    outer,
    inner,
  ]);
  return reshape(transpose(picked, [0, 2, 1, 3]), shape);
}

/** Checks indices that are at hand; those still to be computed are checked by ONNX Runtime. */
function checkIndices(indices: Value, extent: number): void {
  if (indices.from !== 'leaf') return;
  for (const index of (indices.source as LeafData).values)
    if (index < 0 || index >= extent)
      throw new Error(`GatherV2: the index value ${index} is not in [0, ${extent - 1}]`);
}

/** Kernels that move, repeat, join, pick and make elements. */
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
  kernel<
    { readonly x: TensorInfo; readonly indices: TensorInfo },
    { readonly axis: number; readonly batchDims?: number }
  >('GatherV2', ({ inputs, attrs, backend }) => {
    const [axis] = util.parseAxisParam(attrs.axis, inputs.x.shape) as [number];
    // Validates the shapes as every backend does.
    backend_util.segment_util.collectGatherOpShapeInfo(
      inputs.x as never,
      inputs.indices as never,
      axis,
      attrs.batchDims ?? 0,
    );
    checkIndices(value(backend, inputs.indices), inputs.x.shape[axis] as number);
    return move(backend, [inputs.x], ([x]) =>
      gather(
        x as Value,
        withoutNegative(cast(value(backend, inputs.indices), 'int32')),
        axis,
        attrs.batchDims ?? 0,
      ),
    );
  }),
  kernel<{ readonly params: TensorInfo; readonly indices: TensorInfo }>('GatherNd', ({ inputs, backend }) => {
    const [shape, count] = backend_util.prepareAndValidate(inputs.params as never, inputs.indices as never);
    if (count === 0)
      return hostTensor(
        backend,
        inputs.params.dtype === 'float32'
          ? new Float32Array(0)
          : inputs.params.dtype === 'int32'
            ? new Int32Array(0)
            : new Uint8Array(0),
        shape,
        inputs.params.dtype as GraphDtype,
      );
    return move(backend, [inputs.params], ([params]) =>
      op(
        'GatherND',
        [params, cast(withoutNegative(cast(value(backend, inputs.indices), 'int32')), 'int64')],
        shape,
      ),
    );
  }),
  kernel<{ readonly indices: TensorInfo; readonly updates: TensorInfo }, { readonly shape: number[] }>(
    'ScatterNd',
    ({ inputs, attrs, backend }) => {
      const dtype = inputs.updates.dtype as GraphDtype;
      const updates = value(backend, inputs.updates);
      const depth = inputs.indices.shape.length <= 1 ? 1 : (inputs.indices.shape.at(-1) as number);
      const rows = sizeOf(inputs.indices.shape) / depth;
      const working = updates.type === 'bool' ? 'int32' : updates.type;
      const flat = reshape(cast(updates, working), [rows, ...attrs.shape.slice(depth)]);
      const indices = value(backend, { ...inputs.indices, shape: [rows, depth] });
      return tensor(backend, scatterAdd(withoutNegative(cast(indices, 'int32')), flat, attrs.shape), dtype);
    },
  ),
  kernel<{ readonly tensor: TensorInfo; readonly indices: TensorInfo; readonly updates: TensorInfo }>(
    'TensorScatterUpdate',
    ({ inputs, backend }) => {
      const target = value(backend, inputs.tensor);
      const depth = inputs.indices.shape.length <= 1 ? 1 : (inputs.indices.shape.at(-1) as number);
      const rows = sizeOf(inputs.indices.shape) / depth;
      const updates = value(backend, { ...inputs.updates, shape: [rows, ...target.shape.slice(depth)] });
      const given = cast(value(backend, { ...inputs.indices, shape: [rows, depth] }), 'int32');
      const indices = cast(withoutNegative(given), 'int64');
      return tensor(
        backend,
        op('ScatterND', [target, indices, updates], target.shape),
        inputs.tensor.dtype as GraphDtype,
      );
    },
  ),
  kernel<{ readonly x: TensorInfo; readonly segmentIds: TensorInfo }, { readonly numSegments: number }>(
    'UnsortedSegmentSum',
    ({ inputs, attrs, backend }) => {
      const x = value(backend, inputs.x);
      const rank = inputs.segmentIds.shape.length;
      const rows = sizeOf(inputs.segmentIds.shape);
      const rest = x.shape.slice(rank);
      const working = x.type === 'bool' ? 'int32' : x.type;
      const ids = value(backend, { ...inputs.segmentIds, shape: [rows, 1] });
      // Ids outside [0, numSegments) count for nothing: they go to one more row, which is cut off.
      const spare = scalarConst('int32', attrs.numSegments);
      const outside = binary(
        'Or',
        binary('Less', ids, scalarConst('int32', 0), 'bool'),
        binary('GreaterOrEqual', ids, spare, 'bool'),
      );
      const placed = where(outside, spare, ids);
      const sums = scatterAdd(placed, reshape(cast(x, working), [rows, ...rest]), [
        attrs.numSegments + 1,
        ...rest,
      ]);
      const shape = [attrs.numSegments, ...rest];
      return tensor(
        backend,
        slice(
          sums,
          shape.map(() => 0),
          shape,
        ),
        inputs.x.dtype as GraphDtype,
      );
    },
  ),
  kernel<
    { readonly indices: TensorInfo },
    {
      readonly depth: number;
      readonly onValue: number;
      readonly offValue: number;
      readonly dtype: GraphDtype;
    }
  >('OneHot', ({ inputs, attrs, backend }) => {
    const indices = cast(value(backend, inputs.indices), 'int32');
    const depth = scalarConst('int32', attrs.depth);
    // ONNX counts negative indices from the end; here they match nothing, as any index beyond the depth.
    const counted = where(binary('Less', indices, scalarConst('int32', 0), 'bool'), depth, indices);
    const shape = [...indices.shape, attrs.depth];
    const flat = reshape(counted, [indices.size]);
    const hot = op(
      'OneHot',
      [flat, depth, arrayConst('float32', [attrs.offValue, attrs.onValue])],
      [indices.size, attrs.depth],
      { axis: -1 },
      'float32',
    );
    return tensor(backend, reshape(hot, shape), attrs.dtype ?? 'float32');
  }),
  kernel<
    Record<string, never>,
    { readonly shape: number[]; readonly value: number | string; readonly dtype?: string }
  >('Fill', ({ attrs, backend }) => {
    const dtype = attrs.dtype ?? util.inferDtype(attrs.value);
    if (dtype === 'string') {
      const bytes = util.encodeString(attrs.value as string);
      return backend.makeStringTensor(new Array<Uint8Array>(sizeOf(attrs.shape)).fill(bytes), attrs.shape);
    }
    // The number is an input of the graph: it may change from step to step.
    const number = hostTensor(
      backend,
      dtype === 'float32'
        ? Float32Array.of(attrs.value as number)
        : dtype === 'int32'
          ? Int32Array.of(attrs.value as number)
          : Uint8Array.of(Number(attrs.value)),
      [],
      dtype as GraphDtype,
    );
    const filledTensor = tensor(backend, expand(value(backend, number), attrs.shape), dtype as GraphDtype);
    backend.disposeIntermediateTensorInfo(number);
    return filledTensor;
  }),
  kernel<
    Record<string, never>,
    { readonly start: number; readonly stop: number; readonly step: number; readonly dtype: GraphDtype }
  >('Range', ({ attrs, backend }) => {
    const { start, stop, step, dtype } = attrs;
    // A step of 1 is the default, and turns round for a range that falls.
    const by = stop < start && step === 1 ? -1 : step;
    const count = start !== stop && start < stop === by > 0 ? Math.abs(Math.ceil((stop - start) / by)) : 0;
    const values = dtype === 'int32' ? new Int32Array(count) : new Float32Array(count);
    for (let i = 0; i < count; i++) values[i] = start + i * by;
    return hostTensor(backend, values, [count], dtype);
  }),
  kernel<X>('ZerosLike', ({ inputs, backend }) => filledLike(backend, inputs.x, 0)),
  kernel<X>('OnesLike', ({ inputs, backend }) => filledLike(backend, inputs.x, 1)),
];

function filledLike(backend: OrtBackend, x: TensorInfo, number: number): TensorInfo {
  if (x.dtype === 'complex64')
    return backend.makeComplexTensor(
      filledLike(backend, { ...x, dtype: 'float32' }, number),
      filledLike(backend, { ...x, dtype: 'float32' }, 0),
    );
  if (x.dtype === 'string') {
    if (number === 1) throw new Error('onesLike is not supported for string tensors');
    return backend.makeStringTensor(new Array<Uint8Array>(sizeOf(x.shape)).fill(new Uint8Array(0)), x.shape);
  }
  const dtype = x.dtype as GraphDtype;
  return tensor(backend, filled(dtype, x.shape, number), dtype);
}
