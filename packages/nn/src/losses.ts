import { sparseCrossEntropy } from '@palate/tfjs-backend-ort';
import * as tf from '@tensorflow/tfjs-core';

/** Weighted mean `sum(values * weights) / sum(weights)`, or over a `total` that is given; 0 where all weights are 0. */
function weightedMean(values: tf.Tensor, weights: tf.Tensor, total?: number): tf.Scalar {
  return tf.div(tf.sum(tf.mul(values, weights)), total ?? tf.maximum(tf.sum(weights), 1e-9)) as tf.Scalar;
}

/**
 * Softmax cross-entropy against one class a row, with a weight a row (0 to leave it out).
 *
 * @param logits - `[rows, classes]`
 * @param targets - int32 `[rows]`
 * @param weights - `[rows]`
 * @returns the weighted mean in nats
 */
export function softmaxCrossEntropy(
  logits: tf.Tensor2D,
  targets: tf.Tensor1D,
  weights: tf.Tensor1D,
): tf.Scalar {
  return weightedMean(sparseCrossEntropy(logits, tf.cast(targets, 'int32') as tf.Tensor1D), weights);
}

/**
 * Softmax cross-entropy of one positive against sampled negatives (Jean et al. 2015). Where the sampling is to be corrected
 * for, the logarithm of how often each negative is expected among the samples is taken from its score beforehand: then
 * the sum over the samples estimates that over the catalogue.
 *
 * @param positive - scores `[rows]`
 * @param negatives - scores `[rows, samples]`; very negative ones do not compete
 * @param total - what the weighted sum is divided by. Default: the sum of the weights
 */
export function sampledSoftmax(
  positive: tf.Tensor1D,
  negatives: tf.Tensor2D,
  weights: tf.Tensor1D,
  total?: number,
): tf.Scalar {
  const all = tf.concat([tf.expandDims(positive, 1) as tf.Tensor2D, negatives], 1);
  return weightedMean(tf.sub(tf.logSumExp(all, 1), positive), weights, total);
}

/** Binary cross-entropy on logits: `max(x, 0) - x y + log(1 + exp(-|x|))`, stable at both ends. */
export function binaryCrossEntropy(logits: tf.Tensor, labels: tf.Tensor, weights: tf.Tensor): tf.Scalar {
  const values = tf.add(
    tf.sub(tf.relu(logits), tf.mul(logits, labels)),
    tf.log1p(tf.exp(tf.neg(tf.abs(logits)))),
  );
  return weightedMean(values, weights);
}

/**
 * BCE of one positive against sampled negatives with calibration for the sampling (gBCE; Petrov and Macdonald 2023).
 *
 * The positive's probability is raised to `beta = a (t (1 - 1/a) + 1/a)` with the sampling rate
 * `a = samples / (classes - 1)`; `t = 0` is plain BCE, `t = 1` full calibration.
 *
 * @param positive - scores `[rows]`
 * @param negatives - scores `[rows, samples]`
 * @param classes - size of the catalogue
 */
export function generalisedBce(
  positive: tf.Tensor1D,
  negatives: tf.Tensor2D,
  weights: tf.Tensor1D,
  classes: number,
  t: number,
): tf.Scalar {
  const samples = negatives.shape[1];
  const rate = samples / (classes - 1);
  const beta = rate * (t * (1 - 1 / rate) + 1 / rate);
  const liked = tf.mul(tf.softplus(tf.neg(positive)), beta);
  const other = tf.sum(tf.softplus(negatives), 1);
  return weightedMean(tf.add(liked, other), weights);
}

/** Triplet loss `max(0, d(q, p) - d(q, n) + margin)` on Euclidean distances; all `[rows, width]`. */
export function tripletLoss(
  query: tf.Tensor2D,
  positive: tf.Tensor2D,
  negative: tf.Tensor2D,
  margin = 1,
): tf.Scalar {
  const distance = (a: tf.Tensor2D, b: tf.Tensor2D): tf.Tensor =>
    tf.sqrt(tf.add(tf.sum(tf.square(tf.sub(a, b)), 1), 1e-12));
  return tf.mean(
    tf.relu(tf.add(tf.sub(distance(query, positive), distance(query, negative)), margin)),
  ) as tf.Scalar;
}

/**
 * InfoNCE with the other rows of the batch as negatives (van den Oord et al. 2018).
 *
 * @param query - `[rows, width]`, of norm 1 where the temperature is meant for cosines
 * @param key - `[keys, width]`, the positive of each row, and other negatives behind them
 * @param mask - `[rows, keys]`, added to the logits: very negative for pairs that are no negatives
 */
export function infoNce(
  query: tf.Tensor2D,
  key: tf.Tensor2D,
  temperature = 0.07,
  mask?: tf.Tensor2D,
): tf.Scalar {
  const logits = tf.div(tf.matMul(query, key, false, true), temperature);
  const rows = query.shape[0];
  const masked = (mask ? tf.add(logits, mask) : logits) as tf.Tensor2D;
  return softmaxCrossEntropy(masked, tf.range(0, rows, 1, 'int32'), tf.ones([rows]));
}
