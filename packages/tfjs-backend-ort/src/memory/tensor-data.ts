/*
 * Terms: a *leaf* is data at hand; a value is *pending* while it is a recorded operation's output; a *view* is the same
 * data under another shape.
 */

import type { PalateError } from '@palate/core';
import {
  type backend_util,
  buffer,
  type DataType,
  type Rank,
  type TensorBuffer,
  type TensorInfo,
  util,
} from '@tensorflow/tfjs-core';
import type { LeafData, Value } from '../graph/graph.js';
import type { HostArray } from './memory-pool.js';

/** The data of one tensor, as the backend holds it. */
export interface TensorData {
  readonly dtype: DataType;
  refCount: number;
  /** A leaf once computed; undefined for complex and string tensors. */
  value: Value | undefined;
  /** Why it could not be computed; it has no value then. */
  failure: PalateError | undefined;
  /** Left out when others are computed: too large, or part of a graph that failed for a reason unknown. */
  isApart: boolean;
  /** The leaf, or pending value, under other shapes. */
  views: Value[] | undefined;
  readonly strings: Uint8Array[] | undefined;
  readonly complex: { real: TensorInfo; imag: TensorInfo } | undefined;
}

/** Data without a value. */
export function emptyData(dtype: DataType, refCount: number): TensorData {
  return {
    dtype,
    refCount,
    value: undefined,
    failure: undefined,
    isApart: false,
    views: undefined,
    strings: undefined,
    complex: undefined,
  };
}

/** Numbers at hand, for a leaf. */
export const leafData = (values: HostArray, shared: boolean): LeafData => ({
  values,
  shared,
  awaited: false,
  released: false,
});

/** A tensor's values as a tfjs buffer: strings decoded. */
export function bufferOf<R extends Rank, D extends DataType>(
  { shape, dtype }: TensorInfo,
  values: backend_util.BackendValues,
): TensorBuffer<R, D> {
  // Rank and type of a buffer are type arguments that nothing here can know: the tensor says them.
  const made =
    dtype === 'string'
      ? buffer(
          shape as never,
          'string',
          (values as Uint8Array[]).map((each) => util.decodeString(each)),
        )
      : buffer(shape as never, dtype, values as Float32Array);
  return made as unknown as TensorBuffer<R, D>;
}
