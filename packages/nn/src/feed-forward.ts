import type { RandomStream } from '@palate/core';
import * as tf from '@tensorflow/tfjs-core';
import type { ForwardPass } from './forward-pass.js';
import { Dense } from './layers.js';
import type { Parameters } from './parameters.js';

/** Nonlinearities between the two maps of a feed-forward layer. */
export type Activation = 'relu' | 'gelu' | 'gelu-tanh' | 'silu';

/**
 * Applies a nonlinearity; `'gelu-tanh'` is the approximation that HuggingFace calls `gelu_new`, `'silu'` is `x sigmoid(x)`,
 * which a gated part makes SwiGLU (Shazeer 2020).
 */
export function activate(x: tf.Tensor, activation: Activation): tf.Tensor {
  switch (activation) {
    case 'relu':
      return tf.relu(x);
    case 'gelu':
      return tf.mul(tf.mul(x, 0.5), tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1));
    case 'silu':
      return tf.mul(x, tf.sigmoid(x));
    case 'gelu-tanh': {
      const cubic = tf.mul(tf.add(tf.mul(tf.square(x), 0.044715), 1), x);
      return tf.mul(tf.mul(x, 0.5), tf.add(tf.tanh(tf.mul(cubic, Math.sqrt(2 / Math.PI))), 1));
    }
  }
}

/** Options of {@link FeedForward}. */
export interface FeedForwardOptions {
  /** Default `'relu'`. */
  readonly activation?: Activation | undefined;
  /** True to multiply the activated map with a second linear one (Shazeer 2020). Default false. */
  readonly gated?: boolean | undefined;
  readonly dropout?: number | undefined;
  /** Default true. */
  readonly bias?: boolean | undefined;
  /** Standard deviation of the kernels' start. */
  readonly deviation?: number | undefined;
}

/** Two linear maps with a nonlinearity between them, at every position alike; gated on request. */
export class FeedForward {
  readonly #inner: Dense;
  readonly #gate: Dense | undefined;
  readonly #outer: Dense;
  readonly #options: FeedForwardOptions;

  constructor(
    parameters: Parameters,
    name: string,
    width: number,
    inner: number,
    random: RandomStream,
    options: FeedForwardOptions = {},
  ) {
    const dense = {
      bias: options.bias,
      deviation: options.deviation,
    };
    this.#options = options;
    this.#inner = new Dense(parameters, `${name}.inner`, width, inner, random, dense);
    this.#gate = options.gated
      ? new Dense(parameters, `${name}.gate`, width, inner, random, dense)
      : undefined;
    this.#outer = new Dense(parameters, `${name}.outer`, inner, width, random, dense);
  }

  apply(x: tf.Tensor, pass: ForwardPass): tf.Tensor {
    const active = activate(this.#inner.apply(x), this.#options.activation ?? 'relu');
    const gated = this.#gate ? tf.mul(active, this.#gate.apply(x)) : active;
    return this.#outer.apply(pass.dropout(gated, this.#options.dropout ?? 0));
  }
}
