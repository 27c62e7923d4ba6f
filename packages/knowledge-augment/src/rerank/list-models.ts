import { attend, Dense, Embedding, mergeHeads, paddingMask, splitHeads, TransformerBlock } from '@palate/nn';
import * as tf from '@tensorflow/tfjs-core';
import { Perceptron } from '../ctr/perceptron.js';
import type { MakeListModel } from './list-model.js';
import { mir } from './mir.js';

const INNER = 64;
const HEADS = 2;

const flat = (x: tf.Tensor): tf.Tensor2D => tf.squeeze(x, [2]) as tf.Tensor2D;

/**
 * DLCM (Ai et al. 2018): a GRU reads the list from its end to its head; an entry's score says how well its output goes
 * with the state of the whole list.
 */
const dlcm: MakeListModel = (parameters, { width, length }, random, dropout) => {
  const embed = new Dense(parameters, 'embed', width, INNER, random);
  const gates = new Dense(parameters, 'gates', 2 * INNER, 2 * INNER, random);
  const candidate = new Dense(parameters, 'candidate', 2 * INNER, INNER, random);
  const match = new Dense(parameters, 'match', INNER, INNER, random);
  const own = new Perceptron(parameters, 'own', INNER, [INNER], random, { dropout, out: 1 });
  return {
    scores: ({ entries: lists, present }, pass) => {
      const entries = tf.relu(embed.apply(lists));
      const steps = tf.unstack(pass.dropout(entries, dropout), 1);
      const there = tf.split(present, length, 1);
      const outputs: tf.Tensor[] = new Array(length);
      let state: tf.Tensor = tf.zeros([lists.shape[0] as number, INNER]);
      for (let at = length - 1; at >= 0; at--) {
        const x = steps[at] as tf.Tensor;
        const both = tf.sigmoid(gates.apply(tf.concat([x, state], 1)));
        const [update, reset] = tf.split(both, 2, 1) as [tf.Tensor, tf.Tensor];
        const next = tf.tanh(candidate.apply(tf.concat([x, tf.mul(reset, state)], 1)));
        // Padding leaves the state as it is.
        state = tf.add(state, tf.mul(tf.mul(update, tf.sub(next, state)), there[at] as tf.Tensor));
        outputs[at] = state;
      }
      const all = tf.stack(outputs, 1);
      const whole = tf.tanh(match.apply(state));
      return tf.add(
        tf.sum(tf.mul(all, tf.expandDims(whole, 1)), 2),
        flat(own.apply(entries, pass)),
      ) as tf.Tensor2D;
    },
  };
};

/** PRM (Pei et al. 2019): a transformer over the list with learned positions; scores by an MLP on its outputs. */
const prm: MakeListModel = (parameters, { width, length }, random, dropout) => {
  const embed = new Dense(parameters, 'embed', width, INNER, random);
  const positions = new Embedding(parameters, 'positions', length, INNER, random, 0.05);
  const block = new TransformerBlock(parameters, 'block', random, {
    width: INNER,
    heads: HEADS,
    inner: 2 * INNER,
    dropout,
    norm: 'pre',
  });
  const out = new Perceptron(parameters, 'out', INNER, [INNER], random, { dropout, out: 1 });
  return {
    scores: ({ entries: lists, present }, pass) => {
      const entries = tf.add(embed.apply(lists), positions.table as tf.Tensor);
      return flat(out.apply(block.apply(pass.dropout(entries, dropout), pass, paddingMask(present)), pass));
    },
  };
};

/** Inducing points of SetRank. */
const INDUCING = 8;

/**
 * SetRank (Pang et al. 2020): induced self-attention without positions, so that the scores go with the entries whatever
 * their order: points that are learned attend to the list, and the list attends to them.
 */
const setRank: MakeListModel = (parameters, { width }, random, dropout) => {
  const embed = new Dense(parameters, 'embed', width, INNER, random);
  const points = new Embedding(parameters, 'points', INDUCING, INNER, random, 0.5);
  const projections = (name: string) =>
    (['query', 'key', 'value', 'out'] as const).map(
      (part) => new Dense(parameters, `${name}.${part}`, INNER, INNER, random),
    ) as [Dense, Dense, Dense, Dense];
  const towards = projections('towards-points');
  const back = projections('back-to-list');
  const feed = new Perceptron(parameters, 'feed', INNER, [2 * INNER], random, { dropout, out: INNER });
  const out = new Perceptron(parameters, 'out', INNER, [INNER], random, { dropout, out: 1 });
  const attention = (
    [query, key, value, result]: [Dense, Dense, Dense, Dense],
    from: tf.Tensor,
    to: tf.Tensor,
    mask?: tf.Tensor,
  ): tf.Tensor =>
    result.apply(
      mergeHeads(
        attend(
          splitHeads(query.apply(from), HEADS),
          splitHeads(key.apply(to), HEADS),
          splitHeads(value.apply(to), HEADS),
          { mask },
        ),
      ),
    );
  return {
    scores: ({ entries: lists, present }, pass) => {
      const entries = pass.dropout(embed.apply(lists), dropout);
      const own = tf.tile(tf.expandDims(points.table as tf.Tensor, 0), [lists.shape[0] as number, 1, 1]);
      const summary = tf.add(own, attention(towards, own, entries, paddingMask(present)));
      const seen = tf.add(entries, attention(back, entries, summary));
      return flat(out.apply(tf.add(seen, feed.apply(seen, pass)), pass));
    },
  };
};

/** List models by name. */
export const LIST_MODELS = { dlcm, prm, setrank: setRank, mir } satisfies Readonly<
  Record<string, MakeListModel>
>;

/** Name of a list model. */
export type ListModelName = keyof typeof LIST_MODELS;
