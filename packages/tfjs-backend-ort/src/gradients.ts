import * as tf from '@tensorflow/tfjs-core';
import { tfjsGradients } from './vendor/tfjs-gradients.js';

type Axes = { readonly axis?: number | number[] | null };

/** Spreads the gradient of a reduction over the reduced axes, without the tensor of ones that tfjs-core multiplies by. */
function spread(dy: tf.Tensor, x: tf.Tensor, axis: Axes['axis']): tf.Tensor {
  const axes = tf.util.parseAxisParam(axis as number[], x.shape);
  const kept = x.shape.map((extent, each) => (axes.includes(each) ? 1 : extent));
  return tf.broadcastTo(tf.reshape(dy, kept), x.shape);
}

const lighter: readonly tf.GradConfig[] = [
  {
    kernelName: tf.Sum,
    inputsToSave: ['x'],
    gradFunc: (dy, saved, attrs) => ({
      x: () => spread(dy as tf.Tensor, saved[0] as tf.Tensor, (attrs as Axes).axis),
    }),
  },
  {
    kernelName: tf.Mean,
    inputsToSave: ['x'],
    gradFunc: (dy, saved, attrs) => {
      const [x] = saved as [tf.Tensor];
      const count = x.size / (dy as tf.Tensor).size;
      return { x: () => spread(tf.div(dy as tf.Tensor, count), x, (attrs as Axes).axis) };
    },
  },
  {
    kernelName: tf.Relu,
    outputsToSave: [true],
    gradFunc: (dy, saved) => ({
      x: () => tf.mul(dy as tf.Tensor, tf.cast(tf.greater(saved[0] as tf.Tensor, 0), 'float32')),
    }),
  },
  {
    kernelName: tf.Sigmoid,
    outputsToSave: [true],
    gradFunc: (dy, saved) => {
      const [y] = saved as [tf.Tensor];
      return { x: () => tf.mul(dy as tf.Tensor, tf.sub(y, tf.square(y))) };
    },
  },
];

let registered = false;

/**
 * Registers tfjs-core's gradients, which its entry for Node leaves out, where the program has none yet; those of Sum,
 * Mean, Relu and Sigmoid are replaced by equal ones that move less memory.
 */
export function registerGradients(): void {
  if (registered) return;
  registered = true;
  for (const config of tfjsGradients as readonly tf.GradConfig[])
    if (!tf.getGradient(config.kernelName)) tf.registerGradient(config);
  for (const config of lighter) {
    tf.unregisterGradient(config.kernelName);
    tf.registerGradient(config);
  }
}
