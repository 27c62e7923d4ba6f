import * as tf from '@tensorflow/tfjs-core';

/** Splits the last axis into two halves: coordinate `k` belongs with coordinate `k + width / 2`. */
function halves(x: tf.Tensor): readonly [tf.Tensor, tf.Tensor] {
  const [first, second] = tf.split(x, 2, -1);
  return [first as tf.Tensor, second as tf.Tensor];
}

/** Turns each pair of coordinates by an angle; as complex numbers, multiplies by `e^(i angle)`. Norms stay. */
export function rotated(x: tf.Tensor, angles: tf.Tensor): tf.Tensor {
  const [a, b] = halves(x);
  const [cos, sin] = [tf.cos(angles), tf.sin(angles)];
  return tf.concat([tf.sub(tf.mul(a, cos), tf.mul(b, sin)), tf.add(tf.mul(a, sin), tf.mul(b, cos))], -1);
}

/** Mirrors each pair of coordinates at the line of half the angle. Norms stay. */
export function reflected(x: tf.Tensor, angles: tf.Tensor): tf.Tensor {
  const [a, b] = halves(x);
  const [cos, sin] = [tf.cos(angles), tf.sin(angles)];
  return tf.concat([tf.add(tf.mul(a, cos), tf.mul(b, sin)), tf.sub(tf.mul(a, sin), tf.mul(b, cos))], -1);
}

/**
 * The mean of candidates, weighted by a softmax of their inner products with an attention vector over `sqrt(width)`.
 *
 * @param candidates - each `[rows, 1, width]`
 * @param attention - `[rows, 1, width]`
 */
export function attended(candidates: readonly tf.Tensor[], attention: tf.Tensor): tf.Tensor {
  const width = attention.shape.at(-1) as number;
  const all = tf.concat([...candidates], 1);
  const logits = tf.div(tf.sum(tf.mul(all, attention), -1), Math.sqrt(width));
  return tf.sum(tf.mul(all, tf.expandDims(tf.softmax(logits, -1), -1)), 1, true);
}
