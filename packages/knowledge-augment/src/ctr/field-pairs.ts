import * as tf from '@tensorflow/tfjs-core';

/** Products of all pairs of fields, `[rows, pairs, dimension]`. */
export function fieldPairs(left: tf.Tensor, right: tf.Tensor): tf.Tensor {
  const fields = left.shape[1] as number;
  const first: number[] = [];
  const second: number[] = [];
  for (let a = 0; a < fields; a++)
    for (let b = a + 1; b < fields; b++) {
      first.push(a);
      second.push(b);
    }
  return tf.mul(
    tf.gather(left, tf.tensor1d(first, 'int32'), 1),
    tf.gather(right, tf.tensor1d(second, 'int32'), 1),
  );
}
