import { Dense, type ForwardPass } from '@palate/nn';
import * as tf from '@tensorflow/tfjs-core';
import type { MakeBackbone } from './backbone.js';
import { flatInput, flatWidth } from './flat-input.js';
import { column, Perceptron } from './perceptron.js';

/**
 * DIN (Zhou et al. 2018): an activation unit says how much each item of the history has to do with the target; the
 * history is their weighed sum, without a softmax, so that its intensity counts.
 */
export const din: MakeBackbone = (parameters, shape, random, { hidden, dropout }) => {
  const unit = new Perceptron(parameters, 'activation', 4 * shape.itemWidth, [64, 16], random, { out: 1 });
  const deep = new Perceptron(parameters, 'deep', flatWidth(shape) + shape.itemWidth, hidden, random, {
    dropout,
    out: 1,
  });
  return {
    logits: (input, pass) => {
      const { history, target, present } = input;
      const [rows = 0, length = 0] = present.shape;
      const wanted = tf.tile(tf.expandDims(target, 1), [1, length, 1]);
      const pairs = tf.concat([history, wanted, tf.sub(history, wanted), tf.mul(history, wanted)], 2);
      const weights = tf.mul(tf.reshape(unit.apply(pairs, pass), [rows, length]), present);
      const interest = tf.sum(tf.mul(history, tf.expandDims(weights, 2)), 1);
      return column(deep.apply(tf.concat([flatInput(input), interest], 1), pass));
    },
  };
};

/** A gated recurrent unit over `[rows, width]`. */
class GatedUnit {
  readonly #gates: Dense;
  readonly #candidate: Dense;
  readonly #width: number;

  constructor(
    parameters: Parameters<MakeBackbone>[0],
    name: string,
    inputs: number,
    width: number,
    random: Parameters<MakeBackbone>[2],
  ) {
    this.#gates = new Dense(parameters, `${name}.gates`, inputs + width, 2 * width, random);
    this.#candidate = new Dense(parameters, `${name}.candidate`, inputs + width, width, random);
    this.#width = width;
  }

  /** @param attention - `[rows, 1]`, scales the update gate (AUGRU) */
  step(state: tf.Tensor, x: tf.Tensor, attention?: tf.Tensor): tf.Tensor {
    const gates = tf.sigmoid(this.#gates.apply(tf.concat([x, state], 1)));
    const [update, reset] = tf.split(gates, [this.#width, this.#width], 1) as [tf.Tensor, tf.Tensor];
    const candidate = tf.tanh(this.#candidate.apply(tf.concat([x, tf.mul(reset, state)], 1)));
    const open = attention ? tf.mul(update, attention) : update;
    return tf.add(tf.mul(tf.sub(1, open), state), tf.mul(open, candidate));
  }
}

/**
 * DIEN (Zhou et al. 2019): a GRU reads interests out of the history, attention weighs them by the target, and a GRU with
 * attentional update gates follows how they go on. Without the auxiliary loss, which KAR leaves out too.
 */
export const dien: MakeBackbone = (parameters, shape, random, { hidden, dropout }) => {
  const width = shape.itemWidth;
  const extractor = new GatedUnit(parameters, 'extractor', width, width, random);
  const evolution = new GatedUnit(parameters, 'evolution', width, width, random);
  const fit = new Dense(parameters, 'attention', width, width, random, { bias: false });
  const deep = new Perceptron(parameters, 'deep', flatWidth(shape) + width, hidden, random, {
    dropout,
    out: 1,
  });
  return {
    logits: (input, pass: ForwardPass) => {
      const { history, target, present } = input;
      const [rows = 0, length = 0] = present.shape;
      const steps = tf.unstack(history, 1);
      const there = tf.split(present, length, 1);
      const interests: tf.Tensor[] = [];
      let state: tf.Tensor = tf.zeros([rows, width]);
      for (const [k, x] of steps.entries()) {
        const next = extractor.step(state, x);
        // Padding leaves the state as it is.
        state = tf.add(state, tf.mul(tf.sub(next, state), there[k] as tf.Tensor));
        interests.push(state);
      }
      const wanted = fit.apply(target);
      const scores = tf.concat(
        interests.map((interest) => tf.sum(tf.mul(interest, wanted), 1, true)),
        1,
      );
      const masked = tf.add(scores, tf.mul(tf.sub(present, 1), 1e9));
      const weights = tf.split(tf.softmax(masked), length, 1);
      let final: tf.Tensor = tf.zeros([rows, width]);
      for (const [k, interest] of interests.entries()) {
        const next = evolution.step(final, interest, weights[k] as tf.Tensor);
        final = tf.add(final, tf.mul(tf.sub(next, final), there[k] as tf.Tensor));
      }
      return column(deep.apply(tf.concat([flatInput(input), final], 1), pass));
    },
  };
};
