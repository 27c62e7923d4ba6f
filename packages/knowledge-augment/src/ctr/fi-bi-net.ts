import { Dense } from '@palate/nn';
import * as tf from '@tensorflow/tfjs-core';
import type { MakeBackbone } from './backbone.js';
import { fieldPairs } from './field-pairs.js';
import { column, Perceptron } from './perceptron.js';

/** How much the squeeze layer narrows the fields. */
const REDUCTION = 3;

/**
 * FiBiNET (Huang et al. 2019): a squeeze-and-excitation network weighs the fields; bilinear products `(v_i W) * v_j` of
 * the plain and of the weighed fields go into an MLP. One matrix serves all fields.
 */
export const fiBiNet: MakeBackbone = (parameters, shape, random, { hidden, dropout }) => {
  const { fields, dimension, numbers } = shape;
  const squeezed = Math.max(1, Math.floor(fields / REDUCTION));
  const squeeze = new Dense(parameters, 'squeeze', fields, squeezed, random, { bias: false });
  const excite = new Dense(parameters, 'excite', squeezed, fields, random, { bias: false });
  const plain = new Dense(parameters, 'bilinear', dimension, dimension, random, { bias: false });
  const weighed = new Dense(parameters, 'bilinear-weighed', dimension, dimension, random, { bias: false });
  const pairs = (fields * (fields - 1)) / 2;
  const deep = new Perceptron(parameters, 'deep', 2 * pairs * dimension + numbers, hidden, random, {
    dropout,
    out: 1,
  });
  return {
    logits: (input, pass) => {
      const rows = input.fields.shape[0] as number;
      const weights = tf.relu(excite.apply(tf.relu(squeeze.apply(tf.mean(input.fields, 2)))));
      const excited = tf.mul(input.fields, tf.expandDims(weights, 2));
      const products = [
        fieldPairs(plain.apply(input.fields), input.fields),
        fieldPairs(weighed.apply(excited), excited),
      ].map((each) => tf.reshape(each, [rows, -1]));
      const flat = tf.concat([...products, input.numbers], 1);
      return tf.add(input.linear, column(deep.apply(flat, pass))) as tf.Tensor1D;
    },
  };
};
