import { attend, Dense, mergeHeads, paddingMask, splitHeads } from '@palate/nn';
import * as tf from '@tensorflow/tfjs-core';
import { Perceptron } from '../ctr/perceptron.js';
import type { MakeListModel } from './list-model.js';

const INNER = 64;
const HEADS = 2;

/**
 * MIR (Xi et al. 2022): candidates as a set (self-attention), the history as a list (a GRU), and the two read each other:
 * an affinity of states and of raw item vectors, which fades with an item's age, says what of the history an entry is
 * about. The decay is one learned rate; the paper's rate goes by user, which says nothing of users who are new.
 */
export const mir: MakeListModel = (parameters, { width, itemWidth }, random, dropout) => {
  const embed = new Dense(parameters, 'embed', width, INNER, random);
  const [query, key, value, mixed] = (['query', 'key', 'value', 'mixed'] as const).map(
    (name) => new Dense(parameters, `set.${name}`, INNER, INNER, random),
  ) as [Dense, Dense, Dense, Dense];
  const read = new Dense(parameters, 'history.embed', itemWidth, INNER, random);
  const gates = new Dense(parameters, 'history.gates', 2 * INNER, 2 * INNER, random);
  const candidate = new Dense(parameters, 'history.candidate', 2 * INNER, INNER, random);
  const states = new Dense(parameters, 'affinity.states', INNER, INNER, random, { bias: false });
  const items = new Dense(parameters, 'affinity.items', itemWidth, itemWidth, random, { bias: false });
  const decay = parameters.add('decay', [1], (_, size) => new Float32Array(size).fill(-2), random);
  const out = new Perceptron(parameters, 'out', 3 * INNER, [2 * INNER, INNER], random, { dropout, out: 1 });
  return {
    scores: ({ entries, present, items: targets, history, met }, pass) => {
      const own = tf.relu(embed.apply(entries));
      const shown = pass.dropout(own, dropout);
      const heads = (of: Dense): tf.Tensor => splitHeads(of.apply(shown), HEADS);
      const set = tf.add(
        own,
        mixed.apply(
          mergeHeads(attend(heads(query), heads(key), heads(value), { mask: paddingMask(present) })),
        ),
      );
      const [lists = 0, length = 0] = met.shape;
      const there = tf.split(met, length, 1);
      const steps = tf.unstack(read.apply(history), 1);
      const list: tf.Tensor[] = [];
      let state: tf.Tensor = tf.zeros([lists, INNER]);
      for (const [at, x] of steps.entries()) {
        const both = tf.sigmoid(gates.apply(tf.concat([x, state], 1)));
        const [update, reset] = tf.split(both, 2, 1) as [tf.Tensor, tf.Tensor];
        const next = tf.tanh(candidate.apply(tf.concat([x, tf.mul(reset, state)], 1)));
        // Padding leaves the state as it is.
        state = tf.add(state, tf.mul(tf.mul(update, tf.sub(next, state)), there[at] as tf.Tensor));
        list.push(state);
      }
      const past = tf.stack(list, 1);
      const ages = tf.tensor2d(
        Float32Array.from({ length }, (_, at) => length - 1 - at),
        [1, length],
      );
      const fading = tf.expandDims(tf.mul(tf.exp(tf.neg(tf.mul(ages, tf.softplus(decay)))), met), 1);
      const affinity = tf.mul(
        tf.tanh(
          tf.add(
            tf.matMul(states.apply(set), past, false, true),
            tf.matMul(items.apply(targets), history, false, true),
          ),
        ),
        fading,
      );
      const closed = tf.expandDims(tf.mul(tf.sub(met, 1), 1e9), 1);
      const weights = tf.mul(tf.softmax(tf.add(affinity, closed)), tf.expandDims(met, 1));
      const about = tf.matMul(weights, past);
      return tf.squeeze(out.apply(tf.concat([own, set, about], 2), pass), [2]) as tf.Tensor2D;
    },
  };
};
