import { Dense } from '@palate/nn';
import * as tf from '@tensorflow/tfjs-core';
import type { MakeBackbone } from './backbone.js';
import { flatInput, flatWidth } from './flat-input.js';
import { column, Perceptron } from './perceptron.js';

/** Maps of a layer of the compressed interaction network. */
const MAPS = 32;

/**
 * xDeepFM (Lian et al. 2018): beside first-order weights and an MLP a compressed interaction network, whose layers
 * weigh all products of the first fields with the layer before, dimension by dimension.
 */
export const xDeepFm: MakeBackbone = (parameters, shape, random, { hidden, dropout, layers }) => {
  const { fields, dimension } = shape;
  const deep = new Perceptron(parameters, 'deep', flatWidth(shape), hidden, random, { dropout, out: 1 });
  const maps = Array.from(
    { length: layers },
    (_, k) =>
      new Dense(parameters, `interaction-${k + 1}`, fields * (k === 0 ? fields : MAPS), MAPS, random, {
        bias: false,
      }),
  );
  const out = new Dense(parameters, 'interaction-out', layers * MAPS, 1, random);
  return {
    logits: (input, pass) => {
      const rows = input.fields.shape[0] as number;
      // [rows, dimension, fields]: each dimension is weighed alike.
      const first = tf.transpose(input.fields, [0, 2, 1]);
      let layer = first;
      const pooled: tf.Tensor[] = [];
      for (const map of maps) {
        const width = layer.shape[2] as number;
        const products = tf.mul(tf.expandDims(first, 3), tf.expandDims(layer, 2));
        layer = map.apply(tf.reshape(products, [rows, dimension, fields * width]));
        pooled.push(tf.sum(layer, 1));
      }
      return tf.addN([
        input.linear,
        column(out.apply(tf.concat(pooled, 1))),
        column(deep.apply(flatInput(input), pass)),
      ]) as tf.Tensor1D;
    },
  };
};
