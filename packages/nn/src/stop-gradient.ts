import * as tf from '@tensorflow/tfjs-core';

/** A tensor's values without its history: gradients end here. */
export function stopGradient<T extends tf.Tensor>(x: T): T {
  const stopped = tf.customGrad((given, save) => {
    (save as tf.GradSaveFunc)([given as tf.Tensor]);
    return {
      value: tf.clone(given as tf.Tensor),
      gradFunc: (_, saved) => tf.zerosLike(saved[0] as tf.Tensor),
    };
  });
  return stopped(x) as T;
}
