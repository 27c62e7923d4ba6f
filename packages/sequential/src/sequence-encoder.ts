import type { RandomStream } from '@palate/core';
import {
  applyBlocks,
  causalMask,
  Embedding,
  type ForwardPass,
  LayerNorm,
  Parameters,
  paddingMask,
  TransformerBlock,
} from '@palate/nn';
import * as tf from '@tensorflow/tfjs-core';

/** Shape of a transformer over item sequences. */
export interface SequenceEncoderConfig {
  /** Width of item vectors and of the model. */
  readonly dimension: number;
  /** Standard deviation of the item vectors at the start. */
  readonly itemDeviation: number;
  readonly blocks: number;
  readonly heads: number;
  /** Most items of a history that are read, the newest. */
  readonly maxLength: number;
  readonly dropout: number;
  readonly activation: 'relu' | 'gelu';
}

/**
 * A transformer over item sequences: item vectors and learned positions, blocks, a final layer normalisation.
 * Sequences end at the right edge; positions are counted from there, so that the newest item always has the same one.
 */
export class SequenceEncoder {
  readonly parameters = new Parameters();
  readonly items: Embedding;
  readonly #positions: Embedding;
  readonly #blocks: readonly TransformerBlock[];
  readonly #norm: LayerNorm;
  readonly #config: SequenceEncoderConfig;

  /** @param rows - items, and special tokens after them */
  constructor(config: SequenceEncoderConfig, rows: number, random: RandomStream) {
    const { dimension, itemDeviation, blocks, heads, maxLength, dropout, activation } = config;
    this.#config = config;
    this.items = new Embedding(this.parameters, 'items', rows, dimension, random, itemDeviation);
    this.#positions = new Embedding(this.parameters, 'positions', maxLength, dimension, random, 0.1);
    this.#blocks = Array.from(
      { length: blocks },
      (_, k) =>
        new TransformerBlock(this.parameters, `block-${k + 1}`, random, {
          width: dimension,
          heads,
          inner: 4 * dimension,
          dropout,
          activation,
          norm: 'pre',
        }),
    );
    this.#norm = new LayerNorm(this.parameters, 'norm', dimension, random);
  }

  /**
   * @param ids - int32 `[batch, length]`, any item where there is padding
   * @param present - float32 `[batch, length]`, 1 for items and 0 for padding
   * @param causal - true to let each position see only itself and earlier ones
   * @param only - `'newest'` for the last position alone, `[batch, 1, dimension]`
   * @returns `[batch, length, dimension]`
   */
  encode(ids: tf.Tensor, present: tf.Tensor, pass: ForwardPass, causal: boolean, only?: 'newest'): tf.Tensor {
    const { dimension, maxLength, dropout } = this.#config;
    const length = ids.shape[1] as number;
    const positions = tf.slice(
      this.#positions.table as tf.Tensor2D,
      [maxLength - length, 0],
      [length, dimension],
    );
    const embedded = tf.add(tf.mul(this.items.apply(ids), Math.sqrt(dimension)), positions);
    const shown = tf.mul(embedded, tf.expandDims(present, -1));
    const hidden = paddingMask(present);
    const mask = causal ? tf.add(hidden, causalMask(length)) : hidden;
    const x = pass.dropout(shown, dropout);
    return this.#norm.apply(applyBlocks(this.#blocks, x, pass, mask, only && hidden));
  }
}
