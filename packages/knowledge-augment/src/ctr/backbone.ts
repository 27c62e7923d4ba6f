import type { RandomStream } from '@palate/core';
import { Dense, type ForwardPass, type Parameters } from '@palate/nn';
import * as tf from '@tensorflow/tfjs-core';
import type { CtrInput, CtrShape } from './ctr-input.js';

/** A model of click-through rate on top of embedded features. */
export interface CtrBackbone {
  /** Logits, `[rows]`. */
  logits(input: CtrInput, pass: ForwardPass): tf.Tensor1D;
}

/** What every backbone is built with. */
export interface BackboneOptions {
  /** Widths of the final MLP. */
  readonly hidden: readonly number[];
  readonly dropout: number;
  /** Layers of the backbone's own kind (cross, attention, compressed interaction). */
  readonly layers: number;
}

/** Makes a backbone; its parameters go into those given. */
export type MakeBackbone = (
  parameters: Parameters,
  shape: CtrShape,
  random: RandomStream,
  options: BackboneOptions,
) => CtrBackbone;

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

/** All fields in a row with the numbers and the augmented vectors, `[rows, flatWidth]`. */
export function flatInput(input: CtrInput): tf.Tensor2D {
  const rows = input.fields.shape[0] as number;
  return tf.concat(
    [tf.reshape(input.fields, [rows, -1]), input.numbers, ...(input.extra ? [input.extra] : [])],
    1,
  ) as tf.Tensor2D;
}

/** Width of {@link flatInput}. */
export function flatWidth({ fields, dimension, numbers, extra }: CtrShape): number {
  return fields * dimension + numbers + extra;
}

/** `[rows, 1]` as `[rows]`. */
export function column(x: tf.Tensor): tf.Tensor1D {
  return tf.squeeze(x, [1]) as tf.Tensor1D;
}

/** Products of all pairs of fields, `[rows, pairs, dimension]`. */
export function fieldPairs(left: tf.Tensor, right: tf.Tensor): tf.Tensor {
  const fields = left.shape[1] as number;
  const first: number[] = [];
  const second: number[] = [];
  for (let a = 0; a < fields; a++)
    for (let b = a + 1; b < fields; b++) {
      first.push(a);
      second.push(b);
    }
  return tf.mul(
    tf.gather(left, tf.tensor1d(first, 'int32'), 1),
    tf.gather(right, tf.tensor1d(second, 'int32'), 1),
  );
}
