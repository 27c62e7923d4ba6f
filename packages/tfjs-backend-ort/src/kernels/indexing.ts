import { backend_util, type KernelConfig, type TensorInfo, util } from '@tensorflow/tfjs-core';
import {
  arrayConst,
  binary,
  cast,
  filled,
  hostTensor,
  kernel,
  op,
  reshape,
  scalarConst,
  sizeOf,
  slice,
  tensor,
  transpose,
  type Value,
  value,
  where,
} from '../graph/emit.js';
import { type Constant, type GraphDtype, type GraphNode, type LeafData, sameShape } from '../graph/graph.js';
import { move } from '../graph/structural.js';

/** Name of the kernel behind the gradient of `tf.gather` along the first axis. */
export const SCATTER_ROWS = 'PalateScatterRows';

/** Adds rows of `updates` into zeros at `indices` (shape [rows, depth]), which must be in range. */
function scatterAdd(indices: Value, updates: Value, shape: readonly number[]): Value {
  return op('ScatterND', [filled(updates.type, shape, 0), cast(indices, 'int64'), updates], shape, {
    reduction: 'add',
  });
}

/**
 * The sum of two values where one of them was scattered into zeros: scattered into the other, without a pass over either;
 * nothing where none was.
 */
export function scatteredSum(a: Value, b: Value): Value | undefined {
  if (!sameShape(a.shape, b.shape)) return undefined;
  for (const [into, scattered] of [
    [a, b],
    [b, a],
  ] as const) {
    if (scattered.from !== 'node') continue;
    const { op: name, inputs, attributes } = scattered.source as GraphNode;
    const [zeros, indices, updates] = inputs;
    if (name !== 'ScatterND' || attributes.reduction !== 'add' || !isZeros(zeros)) continue;
    // Leaves were read when this was scattered; their memory may have gone to other tensors since.
    if (!indices || !updates || indices.from === 'leaf' || updates.from === 'leaf') continue;
    return op('ScatterND', [into, indices, updates], into.shape, { reduction: 'add' });
  }
  return undefined;
}

/** Whether a value is {@link filled} with 0. */
function isZeros(x: Value | undefined): boolean {
  if (x?.from !== 'node') return false;
  const { op: name, inputs } = x.source as GraphNode;
  const [source] = inputs;
  return name === 'Expand' && source?.from === 'constant' && (source.source as Constant).numbers[0] === 0;
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

/** Kernels that pick elements by indices, or add and write them there. */
export const indexingKernels: readonly KernelConfig[] = [
  kernel<
    { readonly x: TensorInfo; readonly indices: TensorInfo },
    { readonly axis: number; readonly batchDims?: number }
  >('GatherV2', ({ inputs, attrs, backend }) => {
    const [axis] = util.parseAxisParam(attrs.axis, inputs.x.shape) as [number];
    // Validates the shapes as every backend does; of the tensors that the types ask for it reads no more than these have.
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
    // Reads shapes alone of what it types as tensors.
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
      const ids = value(backend, { ...inputs.segmentIds, shape: [rows] });
      // Ids outside [0, numSegments) count for nothing: they go to one more row, which is cut off.
      const spare = scalarConst('int32', attrs.numSegments);
      const outside = binary(
        'Or',
        binary('Less', ids, scalarConst('int32', 0), 'bool'),
        binary('GreaterOrEqual', ids, spare, 'bool'),
      );
      const placed = reshape(where(outside, spare, ids), [rows, 1]);
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
  kernel<{ readonly dy: TensorInfo; readonly indices: TensorInfo }, { readonly rows: number }>(
    SCATTER_ROWS,
    ({ inputs, attrs, backend }) => {
      const count = sizeOf(inputs.indices.shape);
      const rest = inputs.dy.shape.slice(inputs.indices.shape.length);
      const indices = withoutNegative(cast(value(backend, { ...inputs.indices, shape: [count] }), 'int32'));
      const updates = value(backend, { ...inputs.dy, shape: [count, ...rest] });
      return tensor(
        backend,
        scatterAdd(reshape(indices, [count, 1]), updates, [attrs.rows, ...rest]),
        'float32',
      );
    },
  ),
];
