import * as tf from '@tensorflow/tfjs-core';

/**
 * The mean of some tokens' states.
 *
 * @param states - `[batch, length, width]`
 * @param counted - `[batch, length]`, 1 for tokens that count
 * @returns `[batch, width]`
 */
export function meanState(states: tf.Tensor3D, counted: tf.Tensor2D): tf.Tensor2D {
  const shown = tf.sum(tf.mul(states, tf.expandDims(counted, 2)), 1);
  return tf.div(shown, tf.maximum(tf.sum(counted, 1, true), 1)) as tf.Tensor2D;
}

/** Rows at norm 1, `[batch, width]`; one of zeros stays. */
export function unitRows(rows: tf.Tensor): tf.Tensor2D {
  const norm = tf.sqrt(tf.maximum(tf.sum(tf.square(rows), 1, true), 1e-12));
  return tf.div(rows, norm) as tf.Tensor2D;
}
