import type { RandomStream, TensorData } from '@palate/core';
import { Embedding, type ForwardPass, type Parameters } from '@palate/nn';
import type * as tf from '@tensorflow/tfjs-core';

/** How items become vectors, which an encoder reads and scores by. Kinds differ in what they learn. */
export interface ItemVectors {
  /**
   * Vectors of all rows, items and the special tokens after them, `[rows, dimension]`.
   *
   * @param rows - int32, the rows that are wanted, where they are few
   */
  of(pass: ForwardPass, rows?: tf.Tensor1D): tf.Tensor2D;
  /**
   * Scores of all items, `[rows, items]`, from states after histories, `[rows, dimension]`; by inner products with the
   * items' vectors if left out.
   */
  scores?(states: tf.Tensor2D, pass: ForwardPass): tf.Tensor2D;
  /** Numbers that are given, not learned, to be saved beside the weights; none if left out. */
  readonly given?: Readonly<Record<string, TensorData>> | undefined;
}

/** One learned vector an item: nothing is known of items but who used them. */
export class IdVectors implements ItemVectors {
  readonly #embedding: Embedding;

  constructor(
    parameters: Parameters,
    rows: number,
    dimension: number,
    random: RandomStream,
    deviation: number,
  ) {
    this.#embedding = new Embedding(parameters, 'items', rows, dimension, random, deviation);
  }

  of(_: ForwardPass, rows?: tf.Tensor1D): tf.Tensor2D {
    return (rows ? this.#embedding.apply(rows) : this.#embedding.table) as tf.Tensor2D;
  }
}
