import type { RandomStream } from '@palate/core';
import { Dense, type ForwardPass, type Parameters } from '@palate/nn';
import * as tf from '@tensorflow/tfjs-core';

/** Dense layers with ReLU and dropout between them; the last one is linear where `out` is given. */
export class Perceptron {
  readonly #layers: readonly Dense[];
  readonly #dropout: number;
  readonly #isLinear: boolean;
  readonly width: number;

  constructor(
    parameters: Parameters,
    name: string,
    inputs: number,
    hidden: readonly number[],
    random: RandomStream,
    options: { readonly dropout?: number; readonly out?: number } = {},
  ) {
    const widths = [inputs, ...hidden, ...(options.out === undefined ? [] : [options.out])];
    this.#layers = widths
      .slice(1)
      .map((units, k) => new Dense(parameters, `${name}-${k + 1}`, widths[k] as number, units, random));
    this.#dropout = options.dropout ?? 0;
    this.#isLinear = options.out !== undefined;
    this.width = widths.at(-1) as number;
  }

  apply(x: tf.Tensor, pass: ForwardPass): tf.Tensor {
    let y = x;
    for (const [k, layer] of this.#layers.entries()) {
      y = layer.apply(y);
      if (k < this.#layers.length - 1 || !this.#isLinear) y = pass.dropout(tf.relu(y), this.#dropout);
    }
    return y;
  }
}

/** `[rows, 1]` as `[rows]`. */
export function column(x: tf.Tensor): tf.Tensor1D {
  return tf.squeeze(x, [1]) as tf.Tensor1D;
}
