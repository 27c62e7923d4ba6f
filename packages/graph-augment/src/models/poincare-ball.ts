/**
 * Hyperbolic space as the Poincaré ball of curvature -1, in 32-bit floats.
 *
 * Terms: a *point* lies in the open unit ball; a *tangent vector* at the origin is any vector. Points keep a norm of at
 * most {@link RIM}: nearer to the rim `1 - |x|^2` has no digits left in 32-bit floats, and distances would be infinite.
 * All functions work along the last axis and broadcast over the others.
 */
import * as tf from '@tensorflow/tfjs-core';

/** Largest norm of a point. */
export const RIM = 1 - 1e-5;

/** Added under roots, so that their gradient at 0 is finite. */
const TINY = 1e-12;

const squaredNorm = (x: tf.Tensor): tf.Tensor => tf.sum(tf.square(x), -1, true);

const norm = (x: tf.Tensor): tf.Tensor => tf.sqrt(tf.add(squaredNorm(x), TINY));

/** Exponential map at the origin: the point at distance `2 |v|` in the direction of a tangent vector `v`, `tanh(|v|) v / |v|`. */
export function expAtOrigin(v: tf.Tensor): tf.Tensor {
  const length = norm(v);
  return tf.mul(v, tf.div(tf.minimum(tf.tanh(length), RIM), length));
}

/** Logarithmic map at the origin, the inverse of {@link expAtOrigin}: `artanh(|x|) x / |x|`. */
export function logAtOrigin(x: tf.Tensor): tf.Tensor {
  const length = norm(x);
  const inside = tf.minimum(length, RIM);
  const distance = tf.mul(tf.log(tf.div(tf.add(inside, 1), tf.sub(1, inside))), 0.5);
  return tf.mul(x, tf.div(distance, length));
}

/** Moves points beyond {@link RIM} back onto it. */
function inside(x: tf.Tensor): tf.Tensor {
  const length = norm(x);
  return tf.mul(x, tf.div(tf.minimum(length, RIM), length));
}

/** Möbius addition: `y` moved by `x`, the translation of hyperbolic space. */
export function mobiusAdd(x: tf.Tensor, y: tf.Tensor): tf.Tensor {
  const xx = squaredNorm(x);
  const yy = squaredNorm(y);
  const twice = tf.mul(tf.sum(tf.mul(x, y), -1, true), 2);
  const along = tf.mul(tf.add(tf.add(twice, yy), 1), x);
  const across = tf.mul(tf.sub(1, xx), y);
  const below = tf.maximum(tf.add(tf.add(twice, tf.mul(xx, yy)), 1), TINY);
  return inside(tf.div(tf.add(along, across), below));
}

/**
 * The distance of points of which the squared Euclidean distance is known: `arcosh(1 + 2 q)`, computed as
 * `2 arsinh(sqrt(q))` with `q = |x - y|^2 / ((1 - |x|^2) (1 - |y|^2))`, which keeps its digits where points are close.
 *
 * @param squaredDistance - `|x - y|^2`
 * @param xx - `|x|^2`
 * @param yy - `|y|^2`
 */
export function hyperbolicDistance(squaredDistance: tf.Tensor, xx: tf.Tensor, yy: tf.Tensor): tf.Tensor {
  const room = tf.mul(tf.sub(1, xx), tf.sub(1, yy));
  const root = tf.sqrt(tf.add(tf.div(tf.relu(squaredDistance), room), TINY));
  return tf.mul(tf.log(tf.add(root, tf.sqrt(tf.add(tf.square(root), 1)))), 2);
}
