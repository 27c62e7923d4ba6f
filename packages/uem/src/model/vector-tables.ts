import type { Disposable } from '@palate/core';
import * as tf from '@tensorflow/tfjs-core';
import type { HistoryVectors } from '../history/history-vectors.js';

/** Tables of the texts' vectors on the backend, from which a batch gathers its rows. */
export class VectorTables implements Disposable {
  readonly #tables: readonly tf.Tensor2D[];

  constructor(vectors: HistoryVectors) {
    const { titles, ratingTexts, descriptions, textWidth } = vectors;
    this.#tables = tf.tidy(() =>
      [titles, ratingTexts, descriptions].map((data) =>
        tf.keep(tf.tensor2d(data, [data.length / textWidth, textWidth])),
      ),
    ) as tf.Tensor2D[];
  }

  /**
   * @param items - int32 `[batch, length]`
   * @param ratings - int32 of the same shape: rows of the ratings' texts
   */
  rows(items: tf.Tensor, ratings: tf.Tensor): tf.Tensor {
    const [titles, ratingTexts, descriptions] = this.#tables as [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D];
    return tf.concat(
      [
        tf.gather(titles, items as tf.Tensor2D),
        tf.gather(ratingTexts, ratings as tf.Tensor2D),
        tf.gather(descriptions, items as tf.Tensor2D),
      ],
      2,
    );
  }

  dispose(): void {
    tf.dispose(this.#tables as tf.Tensor[]);
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
