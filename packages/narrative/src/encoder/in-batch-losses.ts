import { infoNce } from '@palate/nn';
import * as tf from '@tensorflow/tfjs-core';

/** Added to the logit of a pair that is no negative. */
const CLOSED = -1e9;

/**
 * Triplet loss on Euclidean distances with the items of a batch as negatives: the mean of
 * `max(0, d(q, p) - d(q, n) + margin)` over the pairs that a mask names (Mysore et al. 2023).
 *
 * @param query - `[rows, width]` of norm 1
 * @param key - `[keys, width]` of norm 1: the positive of each row, and other items behind them
 * @param negatives - `[rows, keys]`, 1 where the item of the column is a negative of the row
 * @param radius - norm to which the vectors are brought
 */
export function inBatchTriplet(
  query: tf.Tensor2D,
  key: tf.Tensor2D,
  negatives: tf.Tensor2D,
  margin: number,
  radius: number,
): tf.Scalar {
  const cosines = tf.matMul(query, key, false, true);
  // Of unit vectors the squared distance is 2 - 2 cos; the root has no gradient at 0.
  const distances = tf.mul(tf.sqrt(tf.add(tf.relu(tf.sub(2, tf.mul(cosines, 2))), 1e-8)), radius);
  const own = tf.sum(tf.mul(distances, tf.eye(query.shape[0], key.shape[0])), 1, true);
  const losses = tf.mul(tf.relu(tf.add(tf.sub(own, distances), margin)), negatives);
  return tf.div(tf.sum(losses), tf.maximum(tf.sum(negatives), 1)) as tf.Scalar;
}

/**
 * InfoNCE with the items of a batch as negatives; those that a row's user likes too do not compete.
 *
 * @param key - `[keys, width]`: the positive of each row, and other items behind them
 * @param negatives - `[rows, keys]`, 1 where the item of the column is a negative of the row
 */
export function inBatchInfoNce(
  query: tf.Tensor2D,
  key: tf.Tensor2D,
  negatives: tf.Tensor2D,
  temperature: number,
): tf.Scalar {
  const open = tf.add(negatives, tf.eye(query.shape[0], key.shape[0]));
  const mask = tf.mul(tf.sub(1, open), CLOSED) as tf.Tensor2D;
  return infoNce(query, key, temperature, mask);
}
