import { InvalidInputError, type RandomStream } from '@palate/core';
import * as tf from '@tensorflow/tfjs-core';
import type { ForwardPass } from './forward-pass.js';
import { Dense } from './layers.js';
import type { Parameters } from './parameters.js';

/** Added to the score of a pair that must not attend: large enough that its weight is exactly zero. */
const CLOSED = -1e9;

/** A mask to be added to attention scores: 0 where a position may look at another, very negative elsewhere. */
export function causalMask(length: number): tf.Tensor {
  const values = new Float32Array(length * length);
  for (let from = 0; from < length; from++)
    for (let to = from + 1; to < length; to++) values[from * length + to] = CLOSED;
  return tf.tensor(values, [1, 1, length, length]);
}

/**
 * A mask to be added to attention scores that hides padding.
 *
 * @param present - `[batch, length]`, 1 where there is a token and 0 where there is padding
 * @returns `[batch, 1, 1, length]`
 */
export function paddingMask(present: tf.Tensor): tf.Tensor {
  const [batch = 0, length = 0] = present.shape;
  return tf.reshape(tf.mul(tf.sub(tf.cast(present, 'float32'), 1), -CLOSED), [batch, 1, 1, length]);
}

/**
 * A mask to be added to attention scores where a row holds several sequences, one behind another: a position sees itself and
 * earlier ones of its own sequence alone.
 *
 * @param sequences - int32 `[batch, length]`, the number of each position's sequence, and 0 where there is padding
 * @returns `[batch, 1, length, length]`
 */
export function packedCausalMask(sequences: tf.Tensor): tf.Tensor {
  const [batch = 0, length = 0] = sequences.shape;
  const isOther = tf.notEqual(tf.expandDims(sequences, 2), tf.expandDims(sequences, 1));
  const closed = tf.mul(tf.cast(isOther, 'float32'), CLOSED);
  return tf.add(tf.reshape(closed, [batch, 1, length, length]), causalMask(length));
}

/**
 * Scaled dot-product attention (Vaswani et al. 2017): `softmax(q k^T * scale + mask) v`.
 *
 * @param q - `[batch, heads, queries, width]`
 * @param k - `[batch, heads, keys, width]`; `v` likewise
 * @param mask - added to the scores, of a shape that broadcasts to `[batch, heads, queries, keys]`
 * @param scale - default `1 / sqrt(width)`; 1 for T5
 */
export function attend(
  q: tf.Tensor,
  k: tf.Tensor,
  v: tf.Tensor,
  options: {
    readonly mask?: tf.Tensor | undefined;
    readonly scale?: number | undefined;
    readonly pass?: ForwardPass | undefined;
    readonly dropout?: number | undefined;
  } = {},
): tf.Tensor {
  const width = q.shape.at(-1) as number;
  const scale = options.scale ?? 1 / Math.sqrt(width);
  const scores = tf.matMul(scale === 1 ? q : tf.mul(q, scale), k, false, true);
  const weights = tf.softmax(options.mask ? tf.add(scores, options.mask) : scores);
  const kept = options.pass ? options.pass.dropout(weights, options.dropout ?? 0) : weights;
  return tf.matMul(kept, v);
}

/** `[batch, length, heads * width]` as `[batch, heads, length, width]`. */
export function splitHeads(x: tf.Tensor, heads: number): tf.Tensor {
  const [batch = 0, length = 0, all = 0] = x.shape;
  return tf.transpose(tf.reshape(x, [batch, length, heads, all / heads]), [0, 2, 1, 3]);
}

/** `[batch, heads, length, width]` as `[batch, length, heads * width]`. */
export function mergeHeads(x: tf.Tensor): tf.Tensor {
  const [batch = 0, heads = 0, length = 0, width = 0] = x.shape;
  return tf.reshape(tf.transpose(x, [0, 2, 1, 3]), [batch, length, heads * width]);
}

/** The last position of sequences, `[batch, 1, width]` of `[batch, length, width]`. */
export function newestPosition(x: tf.Tensor): tf.Tensor {
  const [batch = 0, length = 0, width = 0] = x.shape;
  return tf.slice(x, [0, length - 1, 0], [batch, 1, width]);
}

/** Self-attention of several heads over one sequence, with projections for queries, keys, values and the result. */
export class SelfAttention {
  readonly #query: Dense;
  readonly #key: Dense;
  readonly #value: Dense;
  readonly #out: Dense;
  readonly #heads: number;
  readonly #dropout: number;

  /** @throws InvalidInputError if the width is not a multiple of the heads */
  constructor(
    parameters: Parameters,
    name: string,
    width: number,
    heads: number,
    random: RandomStream,
    options: {
      readonly dropout?: number | undefined;
      readonly deviation?: number | undefined;
      /** Default true. */
      readonly bias?: boolean | undefined;
    } = {},
  ) {
    if (width % heads !== 0)
      throw new InvalidInputError({
        expected: 'a width that is a multiple of the heads',
        received: `${width} and ${heads}`,
        hint: 'Choose another width or number of heads.',
      });
    const project = (part: string): Dense =>
      new Dense(parameters, `${name}.${part}`, width, width, random, {
        deviation: options.deviation,
        bias: options.bias,
      });
    this.#query = project('query');
    this.#key = project('key');
    this.#value = project('value');
    this.#out = project('out');
    this.#heads = heads;
    this.#dropout = options.dropout ?? 0;
  }

  /**
   * @param x - `[batch, length, width]`
   * @param mask - added to the scores
   * @param asking - positions that attend, `[batch, queries, width]`; those of `x` if left out
   */
  apply(x: tf.Tensor, pass: ForwardPass, mask?: tf.Tensor, asking = x): tf.Tensor {
    const mixed = attend(
      splitHeads(this.#query.apply(asking), this.#heads),
      splitHeads(this.#key.apply(x), this.#heads),
      splitHeads(this.#value.apply(x), this.#heads),
      { mask, pass, dropout: this.#dropout },
    );
    return this.#out.apply(mergeHeads(mixed));
  }
}
