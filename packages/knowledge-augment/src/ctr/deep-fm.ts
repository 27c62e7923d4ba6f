import * as tf from '@tensorflow/tfjs-core';
import type { MakeBackbone } from './backbone.js';
import { flatInput, flatWidth } from './flat-input.js';
import { column, Perceptron } from './perceptron.js';

/** DeepFM (Guo et al. 2017): first-order weights, the factorisation machine's pairs of fields, and an MLP, summed. */
export const deepFm: MakeBackbone = (parameters, shape, random, { hidden, dropout }) => {
  const deep = new Perceptron(parameters, 'deep', flatWidth(shape), hidden, random, { dropout, out: 1 });
  return {
    logits: (input, pass) => {
      // Sum over pairs of <v_i, v_j> = (|sum v|^2 - sum |v|^2) / 2.
      const pairs = tf.mul(
        tf.sum(tf.sub(tf.square(tf.sum(input.fields, 1)), tf.sum(tf.square(input.fields), 1)), 1),
        0.5,
      );
      return tf.addN([input.linear, pairs, column(deep.apply(flatInput(input), pass))]) as tf.Tensor1D;
    },
  };
};
