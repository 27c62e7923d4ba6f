import * as tf from '@tensorflow/tfjs-core';
import {
  CROSS_ENTROPY,
  CROSS_ENTROPY_GRAD,
  GATHER_IN_RANGE,
  LAYER_NORM,
  LAYER_NORM_GRAD,
  LOG_SOFTMAX,
} from '../kernels/fused.js';

/**
 * Operations that training spends much of its time in, written for few passes over memory on the ort backend. On other
 * backends they come down to plain TensorFlow.js operations with the same results.
 */

const onOrt = (): boolean => tf.getBackend() === 'ort';

function run(kernel: string, inputs: Record<string, tf.Tensor>, attrs: tf.NamedAttrMap = {}): tf.Tensor[] {
  return tf.engine().runKernel(kernel, inputs, attrs) as tf.Tensor[];
}

/**
 * Layer normalisation over the last axis (Ba et al. 2016): gain * (x - mean) / sqrt(variance + epsilon) + bias.
 *
 * @param x - float32 [..., width]
 * @param gain - float32 [width]
 * @param bias - float32 [width]
 */
export function layerNorm(x: tf.Tensor, gain: tf.Tensor, bias: tf.Tensor, epsilon = 1e-5): tf.Tensor {
  if (!onOrt())
    return tf.tidy(() => {
      const { mean, variance } = tf.moments(x, -1, true);
      return tf.add(tf.mul(tf.mul(tf.sub(x, mean), tf.rsqrt(tf.add(variance, epsilon))), gain), bias);
    });
  const operation = tf.customGrad((...args) => {
    // `customGrad` types its function by tensors alone, and passes what saves them behind these.
    const [input, scale, shift, save] = args as unknown as [tf.Tensor, tf.Tensor, tf.Tensor, tf.GradSaveFunc];
    const [y, mean, inverse] = run(LAYER_NORM, { x: input, gain: scale, bias: shift }, { epsilon }) as [
      tf.Tensor,
      tf.Tensor,
      tf.Tensor,
    ];
    save([input, scale, mean, inverse]);
    return {
      value: y,
      gradFunc: (dy, saved) => {
        const [a, b, c, d] = saved as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
        return run(LAYER_NORM_GRAD, { dy: dy as tf.Tensor, x: a, gain: b, mean: c, inverse: d });
      },
    };
  });
  return operation(x, gain, bias);
}

/**
 * Softmax cross entropy against class numbers, one loss a row: -log softmax(logits)[label].
 *
 * @param logits - float32 [rows, classes]
 * @param labels - int32 [rows], each in [0, classes)
 * @returns float32 [rows]
 */
export function sparseCrossEntropy(logits: tf.Tensor2D, labels: tf.Tensor1D): tf.Tensor1D {
  if (!onOrt())
    return tf.tidy(() => {
      const hot = tf.oneHot(labels, logits.shape[1]);
      return tf.neg(tf.sum(tf.mul(tf.cast(hot, 'float32'), tf.logSoftmax(logits, -1)), 1)) as tf.Tensor1D;
    });
  const operation = tf.customGrad((...args) => {
    // The function that saves comes behind the tensors, as above.
    const [scores, save] = args as unknown as [tf.Tensor, tf.GradSaveFunc];
    const [loss, logShares] = run(CROSS_ENTROPY, { logits: scores, labels }) as [tf.Tensor, tf.Tensor];
    save([logShares, labels]);
    return {
      value: loss,
      gradFunc: (dy, saved) =>
        tf.engine().runKernel(CROSS_ENTROPY_GRAD, {
          dy: dy as tf.Tensor,
          logShares: saved[0] as tf.Tensor,
          labels: saved[1] as tf.Tensor,
        }) as tf.Tensor,
    };
  });
  return operation(logits) as tf.Tensor1D;
}

/**
 * Logarithms of the softmax over the last axis, in one operation. It has no gradient: training has
 * {@link sparseCrossEntropy}.
 *
 * @param logits - float32
 */
export function logShares(logits: tf.Tensor): tf.Tensor {
  if (!onOrt()) return tf.logSoftmax(logits, -1);
  return tf.engine().runKernel(LOG_SOFTMAX, { logits }) as tf.Tensor;
}

/**
 * Picks rows as `tf.gather` does, without looking whether an index is negative: such a one counts from the end. It has no
 * gradient. For indices that the caller computed, in graphs of small operations, where looking takes twice the time of
 * picking.
 *
 * @param indices - int32, each in [0, rows of x)
 * @returns [...indices, ...rest of x]
 */
export function gatherInRange(x: tf.Tensor, indices: tf.Tensor): tf.Tensor {
  if (!onOrt()) return tf.gather(x, indices);
  return tf.engine().runKernel(GATHER_IN_RANGE, { x, indices }) as tf.Tensor;
}
