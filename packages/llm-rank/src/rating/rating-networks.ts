import { checkChoice, type RandomStream } from '@palate/core';
import {
  type BatchTensors,
  Dense,
  Embedding,
  type ForwardPass,
  Parameters,
  paddingMask,
  TransformerBlock,
} from '@palate/nn';
import * as tf from '@tensorflow/tfjs-core';
import { fitRater, HISTORY, type RatingNetwork } from './fit-rater.js';
import { RATING_BASELINE, type RaterOptions } from './rater-options.js';
import type { RatingPredictor, RatingTask } from './rating-rows.js';

/** The paper's trained baselines. */
export type RatingBaseline = 'mf' | 'mlp' | 'transformer-mlp';

const NAMES: Readonly<Record<RatingBaseline, string>> = {
  mf: 'MF',
  mlp: 'MLP',
  'transformer-mlp': 'Transformer-MLP',
};

/**
 * Trains a baseline of rating prediction: matrix factorisation with biases; an MLP over user and item vectors; or a
 * transformer over the rated history with an MLP on top.
 *
 * @throws InvalidInputError for unknown options or an unknown kind
 */
export async function fitRatingBaseline(
  task: RatingTask,
  kind: RatingBaseline,
  options: RaterOptions = {},
): Promise<RatingPredictor> {
  const settings = RATING_BASELINE.settings(options);
  checkChoice('kind', kind, Object.keys(NAMES) as RatingBaseline[]);
  const mean =
    task.train.rating.reduce((sum, rating) => sum + rating, 0) / Math.max(1, task.train.rating.length);
  const { users, items } = task.dataset.log;
  const size: Size = {
    users: users.size,
    items: items.size,
    dimension: settings.dimension,
    dropout: settings.dropout,
    mean,
  };
  const identity = RATING_BASELINE.identity(settings, kind, options.seed ?? 0);
  const predict = await fitRater(task, settings, options, identity, (random) =>
    kind === 'mf'
      ? new Factorisation(size, random)
      : new Perceptron(size, random, kind === 'transformer-mlp'),
  );
  return { name: NAMES[kind], predict };
}

interface Size {
  readonly users: number;
  readonly items: number;
  readonly dimension: number;
  readonly dropout: number;
  readonly mean: number;
}

/** Weighted mean of squared errors. */
export function squaredLoss(predictions: tf.Tensor1D, batch: BatchTensors): tf.Scalar {
  const { rating, weight } = batch as Record<'rating' | 'weight', tf.Tensor1D>;
  const errors = tf.mul(tf.square(tf.sub(predictions, rating)), weight);
  return tf.div(tf.sum(errors), tf.maximum(tf.sum(weight), 1)) as tf.Scalar;
}

class Factorisation implements RatingNetwork {
  readonly parameters = new Parameters();
  readonly #users: Embedding;
  readonly #items: Embedding;
  readonly #userBias: Embedding;
  readonly #itemBias: Embedding;
  readonly #size: Size;

  constructor(size: Size, random: RandomStream) {
    this.#size = size;
    const table = (name: string, rows: number, width: number, deviation: number): Embedding =>
      new Embedding(this.parameters, name, rows, width, random, deviation);
    this.#users = table('users', size.users, size.dimension, 0.05);
    this.#items = table('items', size.items, size.dimension, 0.05);
    this.#userBias = table('user-bias', size.users, 1, 0);
    this.#itemBias = table('item-bias', size.items, 1, 0);
  }

  loss(batch: BatchTensors, pass: ForwardPass): tf.Scalar {
    return squaredLoss(this.predict(batch, pass), batch);
  }

  predict(batch: BatchTensors, pass: ForwardPass): tf.Tensor1D {
    const { user, item } = batch as Record<'user' | 'item', tf.Tensor1D>;
    const product = tf.sum(
      tf.mul(pass.dropout(this.#users.apply(user), this.#size.dropout), this.#items.apply(item)),
      1,
    );
    const biases = tf.squeeze(tf.add(this.#userBias.apply(user), this.#itemBias.apply(item)), [1]);
    return tf.add(tf.add(product, biases), this.#size.mean) as tf.Tensor1D;
  }
}

class Perceptron implements RatingNetwork {
  readonly parameters = new Parameters();
  readonly #size: Size;
  readonly #users: Embedding | undefined;
  readonly #items: Embedding;
  readonly #itemBias: Embedding;
  readonly #positions: Embedding | undefined;
  readonly #rated: Dense | undefined;
  readonly #block: TransformerBlock | undefined;
  readonly #layers: readonly Dense[];

  /** @param readsHistory - true for the transformer over the history instead of a vector of the user */
  constructor(size: Size, random: RandomStream, readsHistory: boolean) {
    const { dimension, dropout } = size;
    const { parameters } = this;
    this.#size = size;
    this.#items = new Embedding(parameters, 'items', size.items, dimension, random, dimension ** -0.5);
    this.#itemBias = new Embedding(parameters, 'item-bias', size.items, 1, random, 0);
    if (readsHistory) {
      this.#positions = new Embedding(parameters, 'places', HISTORY, dimension, random, 0.1);
      this.#rated = new Dense(parameters, 'rated', 2, dimension, random);
      this.#block = new TransformerBlock(parameters, 'block', random, {
        width: dimension,
        heads: 2,
        inner: 2 * dimension,
        dropout,
      });
    } else this.#users = new Embedding(parameters, 'users', size.users, dimension, random, dimension ** -0.5);
    this.#layers = [
      new Dense(parameters, 'layer-1', 2 * dimension + 2, 2 * dimension, random),
      new Dense(parameters, 'layer-2', 2 * dimension, dimension, random),
      new Dense(parameters, 'layer-3', dimension, 1, random, { deviation: 0.01 }),
    ];
  }

  loss(batch: BatchTensors, pass: ForwardPass): tf.Scalar {
    return squaredLoss(this.predict(batch, pass), batch);
  }

  predict(batch: BatchTensors, pass: ForwardPass): tf.Tensor1D {
    const { user, item, history, historyRating, present } = batch as Record<
      'user' | 'item' | 'history' | 'historyRating' | 'present',
      tf.Tensor
    >;
    const { dropout, mean } = this.#size;
    const vector = pass.dropout(this.#items.apply(item), dropout);
    const count = tf.sum(present, 1, true);
    const past = tf.mul(tf.sub(historyRating, mean), present);
    // How the user rates, as numbers: with few ratings it is drawn towards the mean.
    const level = tf.div(tf.sum(past, 1, true), tf.add(count, 1));
    const numbers = tf.concat([level, tf.div(count, HISTORY)], 1);
    const person = this.#users
      ? pass.dropout(this.#users.apply(user), dropout)
      : this.#readHistory(history, past, present, vector, pass);
    let x: tf.Tensor = tf.concat([vector, person, numbers], 1);
    for (const [k, layer] of this.#layers.entries()) {
      x = layer.apply(x);
      if (k < this.#layers.length - 1) x = pass.dropout(tf.relu(x), dropout);
    }
    return tf.add(tf.squeeze(tf.add(tf.add(x, this.#itemBias.apply(item)), level), [1]), mean) as tf.Tensor1D;
  }

  /** Reads the rated history with the item in mind: its positions, weighed by how well they fit the item. */
  #readHistory(
    history: tf.Tensor,
    past: tf.Tensor,
    present: tf.Tensor,
    vector: tf.Tensor,
    pass: ForwardPass,
  ): tf.Tensor {
    const positions = (this.#positions as Embedding).table as tf.Tensor;
    const rated = (this.#rated as Dense).apply(tf.stack([past, present], 2));
    const shown = tf.add(tf.add(this.#items.apply(history), rated), positions);
    const read = (this.#block as TransformerBlock).apply(
      pass.dropout(shown, this.#size.dropout),
      pass,
      paddingMask(present),
    );
    const fit = tf.sum(tf.mul(read, tf.expandDims(vector, 1)), 2);
    const weights = tf.softmax(tf.add(fit, tf.mul(tf.sub(present, 1), 1e9)));
    return tf.sum(tf.mul(read, tf.expandDims(weights, 2)), 1);
  }
}
