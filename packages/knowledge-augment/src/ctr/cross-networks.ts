import { Dense } from '@palate/nn';
import * as tf from '@tensorflow/tfjs-core';
import type { MakeBackbone } from './backbone.js';
import { flatInput, flatWidth } from './flat-input.js';
import { column, Perceptron } from './perceptron.js';

/** DCN (Wang et al. 2017): cross layers `x0 (x w) + b + x` beside an MLP. */
export const dcnV1: MakeBackbone = (parameters, shape, random, { hidden, dropout, layers }) => {
  const width = flatWidth(shape);
  const crosses = Array.from({ length: layers }, (_, k) => ({
    weight: new Dense(parameters, `cross-${k + 1}`, width, 1, random, { bias: false }),
    bias: parameters.add(`cross-${k + 1}.bias`, [width], (_random, size) => new Float32Array(size), random),
  }));
  const deep = new Perceptron(parameters, 'deep', width, hidden, random, { dropout });
  const out = new Dense(parameters, 'out', width + deep.width, 1, random);
  return {
    logits: (input, pass) => {
      const first = flatInput(input);
      let x: tf.Tensor = first;
      for (const { weight, bias } of crosses) x = tf.add(tf.add(tf.mul(first, weight.apply(x)), bias), x);
      return column(out.apply(tf.concat([x, deep.apply(first, pass)], 1)));
    },
  };
};

/** DCN V2 (Wang et al. 2021), parallel: cross layers `x0 * (W x + b) + x` beside an MLP. */
export const dcnV2: MakeBackbone = (parameters, shape, random, { hidden, dropout, layers }) => {
  const width = flatWidth(shape);
  const crosses = Array.from(
    { length: layers },
    (_, k) => new Dense(parameters, `cross-${k + 1}`, width, width, random, { deviation: 0.01 }),
  );
  const deep = new Perceptron(parameters, 'deep', width, hidden, random, { dropout });
  const out = new Dense(parameters, 'out', width + deep.width, 1, random);
  return {
    logits: (input, pass) => {
      const first = flatInput(input);
      let x: tf.Tensor = first;
      for (const cross of crosses) x = tf.add(tf.mul(first, cross.apply(x)), x);
      return column(out.apply(tf.concat([x, deep.apply(first, pass)], 1)));
    },
  };
};
