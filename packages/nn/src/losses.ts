import { sparseCrossEntropy } from '@palate/tfjs-backend-ort';
import * as tf from '@tensorflow/tfjs-core';

/** Weighted mean `sum(values * weights) / sum(weights)`; 0 where all weights are 0. */
function weightedMean(values: tf.Tensor, weights: tf.Tensor): tf.Scalar {
  return tf.div(tf.sum(tf.mul(values, weights)), tf.maximum(tf.sum(weights), 1e-9)) as tf.Scalar;
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
 * Softmax cross-entropy over a whole catalogue whose class vectors are the rows of a table: the loss of
 * `softmaxCrossEntropy(x E^T, targets, weights)`.
 *
 * Forward and backward touch the `rows x classes` matrix in one product, one softmax and two products: the one-hot
 * targets are never laid out, since their part of the gradient is a lookup and a scatter.
 *
 * @param x - `[rows, width]`
 * @param table - `[classes, width]`
 * @param targets - int32 `[rows]`
 * @param weights - `[rows]`
 * @param total - what the weighted sum is divided by. Default: the sum of the weights. A constant gives every row the
 *   same say, whatever the number of rows in its batch
 */
export function catalogueCrossEntropy(
  x: tf.Tensor2D,
  table: tf.Tensor2D,
  targets: tf.Tensor1D,
  weights: tf.Tensor1D,
  total?: number,
): tf.Scalar {
  const classes = table.shape[0];
  const share = tf.div(weights, total ?? tf.maximum(tf.sum(weights), 1e-9)) as tf.Tensor1D;
  const ids = tf.cast(targets, 'int32') as tf.Tensor1D;
  const loss = tf.customGrad((rows, vectors, save) => {
    const given = rows as tf.Tensor2D;
    const catalogue = vectors as tf.Tensor2D;
    const probabilities = tf.softmax(tf.matMul(given, catalogue, false, true));
    const row = tf.range(0, given.shape[0], 1, 'int32');
    const picked = tf.gatherND(probabilities, tf.stack([row, ids], 1) as tf.Tensor2D);
    (save as tf.GradSaveFunc)([probabilities, given, catalogue, share, ids]);
    return {
      value: tf.neg(tf.sum(tf.mul(tf.log(tf.maximum(picked, 1e-30)), share))) as tf.Scalar,
      gradFunc: (dy, saved) => {
        const [p, x_, e, w, t] = saved as [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D, tf.Tensor1D, tf.Tensor1D];
        const scale = tf.expandDims(tf.mul(w, dy as tf.Scalar), 1);
        const scaled = tf.mul(x_, scale) as tf.Tensor2D;
        const towardsTarget = tf.gather(e, t);
        return [
          tf.mul(tf.sub(tf.matMul(p, e), towardsTarget), scale),
          tf.sub(tf.matMul(p, scaled, true, false), tf.unsortedSegmentSum(scaled, t, classes)),
        ];
      },
    };
  });
  return loss(x, table) as tf.Scalar;
}

/** Taken from the score of a class that does not compete. */
const EXCLUDED = 1e9;

/**
 * {@link catalogueCrossEntropy} among the classes that compete with a row's target: those that are excluded from
 * its group are left out, unless they are the target. With a user's items excluded, training asks for what retrieval does, which
 * leaves them out of lists too.
 *
 * @param x - `[groups * positions, width]`, a group's rows one after another
 * @param table - `[classes, width]`
 * @param targets - int32 `[rows]`
 * @param weights - `[rows]`
 * @param excluded - `[groups, classes]`, 1 for what does not compete in a group and 0 for what does
 * @param total - what the weighted sum is divided by. Default: the sum of the weights
 */
export function crossEntropyAmong(
  x: tf.Tensor2D,
  table: tf.Tensor2D,
  targets: tf.Tensor1D,
  weights: tf.Tensor1D,
  excluded: tf.Tensor2D,
  total?: number,
): tf.Scalar {
  const [groups, classes] = excluded.shape;
  const share = tf.div(weights, total ?? tf.maximum(tf.sum(weights), 1e-9)) as tf.Tensor1D;
  const ids = tf.cast(targets, 'int32') as tf.Tensor1D;
  const loss = tf.customGrad((rows, vectors, save) => {
    const given = rows as tf.Tensor2D;
    const catalogue = vectors as tf.Tensor2D;
    const count = given.shape[0];
    const scores = tf.reshape(tf.matMul(given, catalogue, false, true), [groups, -1, classes]);
    const competing = tf.reshape(tf.sub(scores, tf.expandDims(tf.mul(excluded, EXCLUDED), 1)), [
      count,
      classes,
    ]);
    const own = tf.sum(tf.mul(given, tf.gather(catalogue, ids)), 1, true);
    // The target's own score counts, excluded or not: everything else competes with it.
    const row = tf.range(0, count, 1, 'int32');
    const largest = tf.maximum(tf.max(competing, 1, true), own);
    const raised = tf.exp(tf.sub(competing, largest));
    const ownRaised = tf.exp(tf.sub(own, largest));
    const twice = tf.expandDims(tf.gatherND(raised, tf.stack([row, ids], 1) as tf.Tensor2D), 1);
    const rest = tf.maximum(tf.sub(tf.sum(raised, 1, true), twice), 0);
    const all = tf.add(rest, ownRaised);
    (save as tf.GradSaveFunc)([raised, given, catalogue, share, ids, all, rest, twice]);
    return {
      value: tf.sum(tf.mul(tf.squeeze(tf.sub(tf.log(all), tf.sub(own, largest)), [1]), share)) as tf.Scalar,
      gradFunc: (dy, saved) => {
        const [e, x_, c, w, t, z, others, double] = saved as [
          tf.Tensor2D,
          tf.Tensor2D,
          tf.Tensor2D,
          tf.Tensor1D,
          tf.Tensor1D,
          tf.Tensor2D,
          tf.Tensor2D,
          tf.Tensor2D,
        ];
        const scale = tf.div(tf.expandDims(tf.mul(w, dy as tf.Scalar), 1), z);
        // Of an open target `raised` holds the score too: its part is taken back with that of the target.
        const towards = tf.mul(tf.add(others, double), scale);
        const scaled = tf.mul(x_, scale) as tf.Tensor2D;
        const pull = tf.mul(x_, towards) as tf.Tensor2D;
        return [
          tf.sub(tf.mul(tf.matMul(e, c), scale), tf.mul(tf.gather(c, t), towards)),
          tf.sub(tf.matMul(e, scaled, true, false), tf.unsortedSegmentSum(pull, t, classes)),
        ];
      },
    };
  });
  return loss(x, table) as tf.Scalar;
}

/**
 * Softmax cross-entropy of one positive against sampled negatives (Jean et al. 2015), without correction for the
 * sampling, as for uniform negatives.
 *
 * @param positive - scores `[rows]`
 * @param negatives - scores `[rows, samples]`
 */
export function sampledSoftmax(
  positive: tf.Tensor1D,
  negatives: tf.Tensor2D,
  weights: tf.Tensor1D,
): tf.Scalar {
  const all = tf.concat([tf.expandDims(positive, 1) as tf.Tensor2D, negatives], 1);
  return weightedMean(tf.sub(tf.logSumExp(all, 1), positive), weights);
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
