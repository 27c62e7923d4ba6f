import { type KernelConfig, type TensorInfo, util } from '@tensorflow/tfjs-core';
import type { OrtBackend } from '../backend.js';
import {
  arrayConst,
  binary,
  cast,
  expand,
  filled,
  hostTensor,
  kernel,
  op,
  reshape,
  scalarConst,
  sizeOf,
  tensor,
  value,
  where,
} from '../graph/emit.js';
import type { GraphDtype } from '../graph/graph.js';

type X = { readonly x: TensorInfo };

/** Kernels that make elements. */
export const creationKernels: readonly KernelConfig[] = [
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
