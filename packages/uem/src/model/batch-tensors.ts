import type { Batch } from '@palate/nn';
import * as tf from '@tensorflow/tfjs-core';

/** Tensors of a batch's columns, by name. */
export const tensorsOf = (batch: Batch): Record<string, tf.Tensor> =>
  Object.fromEntries(
    Object.entries(batch).map(([name, { shape, values }]) => [
      name,
      tf.tensor(values, [...shape], values instanceof Int32Array ? 'int32' : 'float32'),
    ]),
  );
