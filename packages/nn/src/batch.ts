import * as tf from '@tensorflow/tfjs-core';

/** Numbers of one tensor, row-major; int32 for Int32Array, float32 for Float32Array. */
type BatchColumn = { readonly shape: readonly number[]; readonly values: Int32Array | Float32Array };

/** Numbers of one batch by name. */
export type Batch = Readonly<Record<string, BatchColumn>>;

/** Tensors of one batch by name. */
export type BatchTensors = Readonly<Record<string, tf.Tensor>>;

/** The tensor of a column of a batch. */
export function columnTensor({ shape, values }: BatchColumn): tf.Tensor {
  return tf.tensor(values, [...shape], values instanceof Int32Array ? 'int32' : 'float32');
}

/** A batch as tensors, by name. */
export function batchTensors<Name extends string>(
  batch: Readonly<Record<Name, BatchColumn>>,
): Record<Name, tf.Tensor> {
  return Object.fromEntries(
    Object.entries<BatchColumn>(batch).map(([name, column]) => [name, columnTensor(column)]),
  ) as Record<Name, tf.Tensor>;
}
