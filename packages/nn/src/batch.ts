import type * as tf from '@tensorflow/tfjs-core';

/** Numbers of one batch by name; int32 for Int32Array, float32 for Float32Array. */
export type Batch = Readonly<
  Record<string, { readonly shape: readonly number[]; readonly values: Int32Array | Float32Array }>
>;

/** Tensors of one batch by name. */
export type BatchTensors = Readonly<Record<string, tf.Tensor>>;
