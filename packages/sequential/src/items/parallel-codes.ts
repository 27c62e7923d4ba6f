import type { RandomStream } from '@palate/core';
import { type ForwardPass, type Parameters, zeros } from '@palate/nn';
import { sparseCrossEntropy } from '@palate/tfjs-backend-ort';
import * as tf from '@tensorflow/tfjs-core';
import type { ItemVectors } from './item-vectors.js';
import { CodeVectors, type GivenCodes } from './text-vectors.js';

/**
 * Items as codes that are predicted in parallel (RPG, Hou et al. 2025): an item is read as the mean of its codes' vectors, and
 * each code has a head of its own, which turns the state after a history into log-probabilities of its values by cosines with
 * their vectors. An item's score is the sum over its codes.
 */
export class ParallelCodes extends CodeVectors implements ItemVectors {
  readonly #kernel: tf.Variable;
  readonly #bias: tf.Variable;
  readonly #temperature: number;
  readonly #dimension: number;
  /** Value of each code of the items, `[items]` for every position. */
  readonly #columns: readonly tf.Tensor1D[];

  constructor(
    parameters: Parameters,
    codes: GivenCodes,
    dimension: number,
    temperature: number,
    random: RandomStream,
  ) {
    super(parameters, codes, dimension, false, random);
    const { positions } = codes;
    this.#dimension = dimension;
    this.#temperature = temperature;
    // At the start every head passes the state on as it is.
    this.#kernel = parameters.add('heads.kernel', [dimension, positions * dimension], zeros, random);
    this.#bias = parameters.add('heads.bias', [positions * dimension], zeros, random);
    this.#columns = Array.from({ length: positions }, (_, position) =>
      parameters.hold(
        tf.tensor1d(
          Int32Array.from(
            { length: codes.codes.length / positions },
            (_, item) => codes.codes[item * positions + position]!,
          ),
          'int32',
        ),
      ),
    );
  }

  /** Scores of every value of every code, `[positions, rows, size]`, from states `[rows, dimension]`. */
  #logits(states: tf.Tensor2D, pass: ForwardPass): tf.Tensor3D {
    const { positions, size } = this.codes;
    const dimension = this.#dimension;
    const moved = tf.add(tf.matMul(states, this.#kernel as tf.Tensor as tf.Tensor2D), this.#bias);
    const active = tf.reshape(tf.mul(moved, tf.sigmoid(moved)), [-1, positions, dimension]);
    const heads = unit(tf.transpose(tf.add(active, tf.expandDims(states, 1)), [1, 0, 2]));
    const values = unit(tf.reshape(this.tables(pass), [positions, size, dimension]));
    return tf.div(tf.matMul(heads, values, false, true), this.#temperature) as tf.Tensor3D;
  }

  /**
   * Mean over the codes of the negative log-probabilities of next items.
   *
   * @param states - `[rows, dimension]`
   * @param next - int32 `[rows]`
   * @param weights - `[rows]`
   * @param total - divides the weighted sum
   */
  loss(
    states: tf.Tensor2D,
    next: tf.Tensor1D,
    weights: tf.Tensor1D,
    total: number,
    pass: ForwardPass,
  ): tf.Scalar {
    const { positions, size } = this.codes;
    const logits = tf.reshape(this.#logits(states, pass), [-1, size]) as tf.Tensor2D;
    const values = tf.concat(this.#columns.map((column) => tf.gather(column, next))) as tf.Tensor1D;
    const nats = tf.reshape(sparseCrossEntropy(logits, values), [positions, -1]);
    return tf.div(tf.sum(tf.mul(tf.mean(nats, 0), weights)), total) as tf.Scalar;
  }

  /** Log-probabilities of all items, `[rows, items]`, from states `[rows, dimension]`. */
  scores(states: tf.Tensor2D, pass: ForwardPass): tf.Tensor2D {
    const { size } = this.codes;
    const rows = states.shape[0];
    const chances = tf.logSoftmax(this.#logits(states, pass));
    return this.#columns
      .map((column, position) => {
        const own = tf.reshape(tf.slice(chances, [position, 0, 0], [1, rows, size]), [rows, size]);
        return tf.gather(own, column, 1) as tf.Tensor2D;
      })
      .reduce((sum, each) => tf.add(sum, each));
  }
}

/** Vectors of norm 1 along the last axis. */
function unit(x: tf.Tensor): tf.Tensor3D {
  return tf.mul(x, tf.rsqrt(tf.add(tf.sum(tf.square(x), -1, true), 1e-12))) as tf.Tensor3D;
}
