import type { RandomStream } from '@palate/core';
import {
  type BatchTensors,
  Dense,
  type ForwardPass,
  type Parameters,
  softmaxCrossEntropy,
  T5,
  t5Config,
} from '@palate/nn';
import * as tf from '@tensorflow/tfjs-core';
import { fitRater, HISTORY, type RatingNetwork } from './fit-rater.js';
import { type RatingHead, T5_RATER, type T5RaterOptions } from './rater-options.js';
import { squaredLoss } from './rating-networks.js';
import type { RatingPredictor, RatingTask } from './rating-rows.js';
import { type RatingSteps, ratingSteps } from './rating-steps.js';

/**
 * Fine-tuned rating prediction (Kang et al. 2023, section 3.3): a T5 reads the rated history and the item, and the
 * first position of its decoder gives the rating. It is trained from the start on this data, with one token an item
 * and one a rating; both heads have the same body and budget.
 *
 * The classes of the classification head are the ratings that the data can hold ({@link ratingSteps}: halves where there
 * are halves); its prediction is their expectation.
 *
 * @throws InvalidInputError for unknown options or an unknown head
 */
export async function fitT5Rater(task: RatingTask, options: T5RaterOptions = {}): Promise<RatingPredictor> {
  const settings = T5_RATER.settings(options);
  const { head, blocks, dimension, dropout } = settings;
  const seed = options.seed ?? 0;
  const predict = await fitRater(
    task,
    settings,
    options,
    T5_RATER.identity(settings, seed),
    (random) => new T5RatingNetwork(task, head, blocks, dimension, dropout, seed, random),
  );
  return { name: `T5 (local), ${head}`, predict };
}

const PAD = 0;
const ITEM_MARK = 2;
const SPECIAL_TOKENS = 3;

class T5RatingNetwork implements RatingNetwork {
  readonly #t5: T5;
  readonly #head: Dense;
  readonly #kind: RatingHead;
  readonly #steps: RatingSteps;
  readonly #classes: number;
  readonly #mean: number;

  constructor(
    task: RatingTask,
    kind: RatingHead,
    blocks: number,
    dimension: number,
    dropout: number,
    seed: number,
    random: RandomStream,
  ) {
    const { train, dataset } = task;
    this.#kind = kind;
    this.#steps = ratingSteps(task);
    this.#classes = this.#steps.count;
    this.#mean = train.rating.reduce((sum, rating) => sum + rating, 0) / Math.max(1, train.rating.length);
    this.#t5 = new T5(
      t5Config(
        {
          vocab_size: SPECIAL_TOKENS + this.#classes + dataset.log.items.size,
          d_model: dimension,
          d_kv: Math.max(8, Math.floor(dimension / 4)),
          d_ff: 4 * dimension,
          num_layers: blocks,
          num_heads: 4,
          dropout_rate: dropout,
          feed_forward_proj: 'gated-gelu',
        },
        'the rating model',
      ),
      seed,
    );
    this.#head = new Dense(
      this.#t5.parameters,
      'rating-head',
      dimension,
      kind === 'regression' ? 1 : this.#classes,
      random,
      { deviation: 0.01 },
    );
  }

  get parameters(): Parameters {
    return this.#t5.parameters;
  }

  /** Token of each rating, that of the nearest step. */
  #ratingTokens(ratings: tf.Tensor): tf.Tensor {
    const { min, step, count } = this.#steps;
    const steps = tf.clipByValue(tf.round(tf.div(tf.sub(ratings, min), step)), 0, count - 1);
    return tf.cast(tf.add(steps, SPECIAL_TOKENS), 'int32');
  }

  /** First state of the decoder, `[rows, dimension]`. */
  #state(batch: BatchTensors, pass: ForwardPass): tf.Tensor {
    const { item, history, historyRating, present } = batch as Record<
      'item' | 'history' | 'historyRating' | 'present',
      tf.Tensor
    >;
    const rows = item.shape[0] as number;
    const first = tf.scalar(SPECIAL_TOKENS + this.#classes, 'int32');
    const items = tf.add(history, first);
    const pairs = tf.reshape(tf.stack([items, this.#ratingTokens(historyRating)], 2), [rows, 2 * HISTORY]);
    const mask = tf.reshape(tf.stack([present, present], 2), [rows, 2 * HISTORY]);
    const ids = tf.concat(
      [pairs, tf.fill([rows, 1], ITEM_MARK, 'int32'), tf.expandDims(tf.add(item, first), 1)],
      1,
    );
    const shown = tf.concat([mask, tf.ones([rows, 2])], 1);
    const encoded = this.#t5.encode(tf.cast(ids, 'int32'), shown, pass);
    const start = tf.fill([rows, 1], PAD, 'int32');
    return tf.reshape(this.#t5.decode(start, encoded, pass), [rows, -1]);
  }

  loss(batch: BatchTensors, pass: ForwardPass): tf.Scalar {
    const output = this.#head.apply(this.#state(batch, pass));
    if (this.#kind === 'regression')
      return squaredLoss(tf.add(tf.squeeze(output, [1]), this.#mean) as tf.Tensor1D, batch);
    const { rating, weight } = batch as Record<'rating' | 'weight', tf.Tensor1D>;
    const classes = tf.sub(this.#ratingTokens(rating), tf.scalar(SPECIAL_TOKENS, 'int32'));
    return softmaxCrossEntropy(output as tf.Tensor2D, classes as tf.Tensor1D, weight);
  }

  predict(batch: BatchTensors, pass: ForwardPass): tf.Tensor1D {
    const output = this.#head.apply(this.#state(batch, pass));
    if (this.#kind === 'regression') return tf.add(tf.squeeze(output, [1]), this.#mean) as tf.Tensor1D;
    const { min, step } = this.#steps;
    const values = tf.add(tf.mul(tf.range(0, this.#classes, 1, 'float32'), step), min);
    return tf.sum(tf.mul(tf.softmax(output), values), 1) as tf.Tensor1D;
  }
}
