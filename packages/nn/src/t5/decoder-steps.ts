/*
 * Terms: an *input* is what the encoder read; a *row* is one continuation of it that is decoded, and the rows of an input
 * stand side by side; the *past* of a row are the keys and values of the tokens fed so far.
 */

import * as tf from '@tensorflow/tfjs-core';
import { paddingMask } from '../attention.js';
import { ForwardPass } from '../forward-pass.js';
import { rmsNorm } from '../layers.js';
import { positionBuckets } from './relative-position.js';
import type { EncodedInput, KeyValues, T5 } from './t5.js';

/** Added to the score of positions that are not written yet. */
const CLOSED = -1e9;
/** Tokens that the past has room for at first; later the room doubles, so that few graphs serve all steps. */
const FIRST_ROOM = 8;

/** Keys and values of the inputs, a layer each, and what hides their padding. */
type Cross = [KeyValues[], tf.Tensor];

/** The likeliest tokens of rows, `count` each, best first. */
export interface BestTokens {
  readonly tokens: Int32Array;
  /** Their log-probabilities. */
  readonly scores: Float32Array;
}

/**
 * Decodes token by token with cached keys and values: those of the input are computed once, however many rows continue it.
 *
 * How many rows an input has may change from step to step: all have as many, those of the first input first.
 */
export class DecoderSteps {
  readonly #model: T5;
  /** Of the inputs, once each: the rows of an input look at them side by side, like positions of one sequence. */
  #cross: readonly KeyValues[];
  #crossMask: tf.Tensor;
  #past: readonly KeyValues[] = [];
  readonly #most: number;
  #step = 0;

  /**
   * @param encode - gives the encoded inputs, one row each; called once, within a tidy scope
   * @param most - how many tokens a row is fed at most
   */
  constructor(model: T5, encode: () => EncodedInput, most: number) {
    this.#model = model;
    this.#most = most;
    [this.#cross, this.#crossMask] = tf.tidy((): Cross => {
      const { states, present } = encode();
      return [
        Array.from({ length: model.config.num_decoder_layers }, (_, k) => {
          const { keys, values } = model.keyValues(states, `decoder.block.${k}.layer.1.EncDecAttention`);
          return { keys: tf.keep(keys), values: tf.keep(values) };
        }),
        tf.keep(paddingMask(present)),
      ];
    });
  }

  /**
   * Feeds one token a row.
   *
   * @param tokens - one a row: the same number for every input
   * @param parents - for each row the row of the step before whose past it continues; the same rows if left out
   * @returns log-probabilities of the next token, row-major `rows x vocab_size`
   */
  next(tokens: Int32Array, parents?: Int32Array): Float32Array {
    const [scores] = this.#run(tokens, parents, (states) => [tf.logSoftmax(this.#model.logits(states))]);
    return scores as Float32Array;
  }

  /**
   * Feeds one token a row, as {@link next} does.
   *
   * @returns the `count` likeliest next tokens of each row; of equal ones the lower first
   */
  nextBest(tokens: Int32Array, parents: Int32Array | undefined, count: number): BestTokens {
    const [scores, best] = this.#run(tokens, parents, (states) => {
      const { values, indices } = tf.topk(tf.logSoftmax(this.#model.logits(states)), count);
      return [values, indices];
    });
    return { scores: scores as Float32Array, tokens: Int32Array.from(best as ArrayLike<number>) };
  }

  /**
   * Feeds one token a row, as {@link next} does, and scores some tokens only.
   *
   * @param wanted - tokens to be scored, the same for every row
   * @param normalised - true for log-probabilities among the whole vocabulary; otherwise scores that are to be normalised,
   *   for which no other token is computed
   * @returns row-major, `rows x wanted`
   */
  nextAmong(
    tokens: Int32Array,
    parents: Int32Array | undefined,
    wanted: Int32Array,
    normalised: boolean,
  ): Float32Array {
    const [scores] = this.#run(tokens, parents, (states) => {
      const ids = tf.tensor1d(wanted, 'int32');
      return [
        normalised
          ? tf.gather(tf.logSoftmax(this.#model.logits(states)), ids, 1)
          : this.#model.logits(states, ids),
      ];
    });
    return scores as Float32Array;
  }

  /**
   * Goes on with some of the inputs alone.
   *
   * @param inputs - their numbers among those so far; the parents of the next step are still rows of the step before
   */
  narrow(inputs: Int32Array): void {
    const before = [...this.#cross.flatMap(({ keys, values }) => [keys, values]), this.#crossMask];
    [this.#cross, this.#crossMask] = tf.tidy((): Cross => {
      const order = tf.tensor1d(inputs, 'int32');
      const taken = (tensor: tf.Tensor): tf.Tensor => tf.keep(tf.gather(tensor, order));
      return [
        this.#cross.map(({ keys, values }) => ({ keys: taken(keys), values: taken(values) })),
        taken(this.#crossMask),
      ];
    });
    tf.dispose(before);
  }

  /** Runs the decoder for a token a row, `[rows, d_model]` states, and reads what `read` makes of them. */
  #run(
    tokens: Int32Array,
    parents: Int32Array | undefined,
    read: (states: tf.Tensor) => tf.Tensor[],
  ): ArrayLike<number>[] {
    const at = this.#step++;
    const before = this.#past;
    const [results, after] = tf.tidy((): [tf.Tensor[], KeyValues[]] => {
      const { states, past } = this.#decode(tokens, parents, at);
      for (const { keys, values } of past) {
        tf.keep(keys);
        tf.keep(values);
      }
      return [read(states), past];
    });
    for (const { keys, values } of before) tf.dispose([keys, values]);
    this.#past = after;
    // Read outside of tidy, which would walk through the numbers in search of tensors.
    const numbers = results.map((tensor) => tensor.dataSync());
    tf.dispose(results);
    return numbers;
  }

  #decode(
    tokens: Int32Array,
    parents: Int32Array | undefined,
    at: number,
  ): { readonly states: tf.Tensor; readonly past: KeyValues[] } {
    const model = this.#model;
    const { config } = model;
    const rows = tokens.length;
    const inputs = this.#crossMask.shape[0] as number;
    const room = this.#roomAt(at);
    const pass = ForwardPass.inference();
    const mask = this.#selfMask(at, room);
    const write = this.#writer(parents, at, room);
    const past: KeyValues[] = [];
    let x = model.embed(tf.tensor2d(tokens, [rows, 1], 'int32'));
    for (let k = 0; k < config.num_decoder_layers; k++) {
      const block = `decoder.block.${k}.layer`;
      const self = `${block}.0.SelfAttention`;
      const standard = model.norm(x, `${block}.0`);
      const now = model.keyValues(standard, self);
      const all = {
        keys: write(this.#past[k]?.keys, now.keys),
        values: write(this.#past[k]?.values, now.values),
      };
      past.push(all);
      x = tf.add(x, model.attention(standard, self, all, mask, pass));
      const looked = model.attention(
        tf.reshape(model.norm(x, `${block}.1`), [inputs, rows / inputs, config.d_model]),
        `${block}.1.EncDecAttention`,
        this.#cross[k] as KeyValues,
        this.#crossMask,
        pass,
      );
      x = tf.add(x, tf.reshape(looked, x.shape));
      x = tf.add(x, model.feedForward(model.norm(x, `${block}.2`), `${block}.2`, pass));
    }
    const states = rmsNorm(
      x,
      model.parameters.get('decoder.final_layer_norm.weight'),
      config.layer_norm_epsilon,
    );
    return { states: tf.reshape(states, [rows, config.d_model]), past };
  }

  /** Positions that the past has room for at a step. */
  #roomAt(step: number): number {
    let room = FIRST_ROOM;
    while (room <= step) room *= 2;
    return Math.min(room, this.#most);
  }

  /** Bias of positions, and what hides the ones that are not written yet. */
  #selfMask(at: number, room: number): tf.Tensor {
    const { relative_attention_num_buckets: buckets, relative_attention_max_distance: maxDistance } =
      this.#model.config;
    const numbers = positionBuckets(1, room, { bidirectional: false, buckets, maxDistance, first: at });
    const written = Float32Array.from({ length: room }, (_, position) => (position <= at ? 0 : CLOSED));
    return tf.add(
      tf.tensor(written, [1, 1, 1, room]),
      this.#model.positionBias('decoder', tf.tensor1d(numbers, 'int32'), 1, room),
    );
  }

  /** Puts what a step adds behind the past of each row's parent. */
  #writer(
    parents: Int32Array | undefined,
    at: number,
    room: number,
  ): (past: tf.Tensor | undefined, now: tf.Tensor) => tf.Tensor {
    const order = parents && tf.tensor1d(parents, 'int32');
    const here = new Float32Array(room);
    here[at] = 1;
    const isHere = tf.tensor(here, [1, 1, room, 1]);
    const elsewhere = tf.sub(1, isHere);
    const longer = (own: tf.Tensor): tf.Tensor => {
      const missing = room - (own.shape[2] as number);
      if (missing === 0) return own;
      return tf.pad(own as tf.Tensor4D, [
        [0, 0],
        [0, 0],
        [0, missing],
        [0, 0],
      ]);
    };
    return (past, now) => {
      if (!past) return longer(now);
      const own = longer(order ? tf.gather(past, order) : past);
      return tf.add(tf.mul(own, elsewhere), tf.mul(now, isHere));
    };
  }

  dispose(): void {
    for (const { keys, values } of [...this.#cross, ...this.#past]) tf.dispose([keys, values]);
    this.#crossMask.dispose();
  }
}
