import { backend_util, type KernelConfig, slice_util, type TensorInfo, util } from '@tensorflow/tfjs-core';
import type { OrtBackend } from '../backend.js';
import {
  arrayConst,
  hostTensor,
  int64Const,
  kernel,
  op,
  reshape,
  scalarConst,
  sharedTensor,
  sizeOf,
  slice,
  transpose,
  type Value,
} from '../graph/emit.js';
import { onHost } from '../graph/host-kernels.js';
import { moveElements } from '../graph/structural.js';

type X = { readonly x: TensorInfo };

function move(backend: OrtBackend, x: TensorInfo, build: (value: Value) => Value): TensorInfo {
  return moveElements(backend, [x], ([each]) => [build(each as Value)])[0] as TensorInfo;
}

/** A tensor without elements, of the type of another. */
function empty(backend: OrtBackend, { dtype }: TensorInfo, shape: readonly number[]): TensorInfo {
  if (dtype === 'string') return backend.makeStringTensor([], shape);
  if (dtype === 'complex64') {
    const [real, imag] = [0, 1].map(() => hostTensor(backend, new Float32Array(0), shape, 'float32'));
    return backend.makeComplexTensor(real as TensorInfo, imag as TensorInfo);
  }
  const values =
    dtype === 'float32' ? new Float32Array(0) : dtype === 'int32' ? new Int32Array(0) : new Uint8Array(0);
  return hostTensor(backend, values, shape, dtype);
}

/** Values from `begin` along each axis, `strides` apart; negative strides go backwards. */
function pick(
  x: Value,
  begin: readonly number[],
  shape: readonly number[],
  strides: readonly number[],
): Value {
  const ends = begin.map((start, axis) => {
    const end = start + (shape[axis] as number) * (strides[axis] as number);
    // ONNX counts negative ends from the back; this one lies before the first element.
    return end < 0 ? -(x.shape[axis] as number) - 1 : end;
  });
  return op(
    'Slice',
    [x, int64Const(begin), int64Const(ends), int64Const(begin.map((_, axis) => axis)), int64Const(strides)],
    shape,
  );
}

/** Source positions of an axis that is extended by its mirror image, with or without its edge. */
export function mirroredPositions(
  extent: number,
  before: number,
  after: number,
  withEdge: boolean,
): number[] {
  const shift = withEdge ? 1 : 0;
  return Array.from({ length: before + extent + after }, (_, index) => {
    const at = index - before;
    if (at < 0) return -at - shift;
    return at >= extent ? 2 * (extent - 1) - at + shift : at;
  });
}

type Slicing = {
  readonly begin: number[];
  readonly end: number[];
  readonly strides: number[];
  readonly beginMask: number;
  readonly endMask: number;
  readonly ellipsisMask: number;
  readonly newAxisMask: number;
  readonly shrinkAxisMask: number;
};
type Blocks = { readonly blockShape: number[] };

/** Kernels that pick, mirror, reverse and fold elements. */
export const rearrangementKernels: readonly KernelConfig[] = [
  kernel<X, Slicing>('StridedSlice', ({ inputs: { x }, attrs, backend }) => {
    const info = slice_util.sliceInfo(
      x.shape,
      attrs.begin,
      attrs.end,
      attrs.strides,
      attrs.beginMask,
      attrs.endMask,
      attrs.ellipsisMask,
      attrs.newAxisMask,
      attrs.shrinkAxisMask,
    );
    if (info.isIdentity) return sharedTensor(backend, x, info.finalShape);
    if (sizeOf(info.finalShape) === 0) return empty(backend, x, info.finalShape);
    const simple = info.sliceDim0 || info.isSimpleSlice;
    const shape = simple
      ? slice_util.computeOutShape(info.begin, info.end, info.strides)
      : info.begin.map((start, axis) =>
          Math.ceil(((info.end[axis] as number) - start) / (info.strides[axis] as number)),
        );
    return move(backend, x, (source) =>
      reshape(
        simple ? slice(source, info.begin, shape) : pick(source, info.begin, shape, info.strides),
        info.finalShape,
      ),
    );
  }),
  kernel<X, { readonly dims: number | number[] }>('Reverse', ({ inputs: { x }, attrs, backend }) => {
    const axes = util.parseAxisParam(attrs.dims, x.shape);
    if (x.shape.length === 0 || axes.length === 0 || sizeOf(x.shape) === 0)
      return sharedTensor(backend, x, x.shape);
    const begin = x.shape.map((extent, axis) => (axes.includes(axis) ? extent - 1 : 0));
    const strides = x.shape.map((_, axis) => (axes.includes(axis) ? -1 : 1));
    return move(backend, x, (source) => pick(source, begin, x.shape, strides));
  }),
  kernel<X, { readonly paddings: [number, number][]; readonly mode: 'reflect' | 'symmetric' }>(
    'MirrorPad',
    ({ inputs: { x }, attrs, backend }) =>
      move(backend, x, (source) =>
        attrs.paddings.reduce((padded, [before, after], axis) => {
          if (before === 0 && after === 0) return padded;
          const positions = mirroredPositions(
            padded.shape[axis] as number,
            before,
            after,
            attrs.mode === 'symmetric',
          );
          const shape = padded.shape.map((extent, each) => (each === axis ? positions.length : extent));
          return op('Gather', [padded, arrayConst('int64', positions)], shape, { axis });
        }, source),
      ),
  ),
  kernel<X, Blocks & { readonly paddings: [number, number][] }>(
    'SpaceToBatchND',
    ({ inputs: { x }, attrs: { blockShape, paddings }, backend }) => {
      const blocks = sizeOf(blockShape);
      const all: [number, number][] = [[0, 0], ...paddings];
      while (all.length < x.shape.length) all.push([0, 0]);
      const padded = x.shape.map((extent, axis) => {
        const [before, after] = all[axis] as [number, number];
        return extent + before + after;
      });
      const folded = backend_util.getReshaped(padded, blockShape, blocks, false);
      const order = backend_util.getPermuted(folded.length, blockShape.length, false);
      const shape = backend_util.getReshapedPermuted(padded, blockShape, blocks, false);
      return move(backend, x, (source) => {
        const pads = int64Const([...all.map(([before]) => before), ...all.map(([, after]) => after)]);
        const wide = op('Pad', [source, pads, scalarConst(source.type, 0)], padded);
        return reshape(transpose(reshape(wide, folded), order), shape);
      });
    },
  ),
  kernel<X, Blocks & { readonly crops: number[][] }>(
    'BatchToSpaceND',
    ({ inputs: { x }, attrs: { blockShape, crops }, backend }) => {
      const blocks = sizeOf(blockShape);
      const unfolded = backend_util.getReshaped(x.shape, blockShape, blocks);
      const order = backend_util.getPermuted(unfolded.length, blockShape.length);
      const shape = backend_util.getReshapedPermuted(x.shape, blockShape, blocks);
      const rest = shape.slice(blockShape.length + 1);
      const begin = [...backend_util.getSliceBeginCoords(crops, blockShape.length), ...rest.map(() => 0)];
      const size = [...backend_util.getSliceSize(shape, crops, blockShape.length), ...rest];
      return move(backend, x, (source) =>
        slice(reshape(transpose(reshape(source, unfolded), order), shape), begin, size),
      );
    },
  ),
  kernel<X, { readonly blockSize: number; readonly dataFormat: string }>('DepthToSpace', (call) => {
    const {
      inputs: { x },
      attrs: { blockSize: block, dataFormat },
      backend,
    } = call;
    const [batch, height, width, depth] = x.shape as [number, number, number, number];
    if (dataFormat !== 'NHWC') return onHost('DepthToSpace', call);
    const channels = depth / (block * block);
    return move(backend, x, (source) =>
      reshape(
        transpose(reshape(source, [batch, height, width, block, block, channels]), [0, 1, 3, 2, 4, 5]),
        [batch, height * block, width * block, channels],
      ),
    );
  }),
];
