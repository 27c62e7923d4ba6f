import type { RandomStream } from '@palate/core';
import {
  applyBlocks,
  Dense,
  Embedding,
  type ForwardPass,
  LayerNorm,
  ones,
  type Parameters,
  paddingMask,
  TransformerBlock,
  zeros,
} from '@palate/nn';
import * as tf from '@tensorflow/tfjs-core';
import type { InputScale } from './input-scale.js';

/** Sizes of a {@link UserEmbeddingModule}. */
export interface UserEmbeddingSizes {
  /** Width of an item's row: three text vectors side by side. */
  readonly inputWidth: number;
  /** Width of the transformer over the items. */
  readonly width: number;
  readonly heads: number;
  /** Width between the two maps of each feed-forward part. */
  readonly inner: number;
  readonly layers: number;
  readonly dropout: number;
  /** Most items of a history. */
  readonly historyLength: number;
  /** Width of the language model's token vectors. */
  readonly promptWidth: number;
  /** Brings the items' rows to the size that fresh weights expect; one that is loaded has its own. None reads rows as they are. */
  readonly inputScale?: InputScale | undefined;
}

/** Names of the constants that rows are brought to size by: they are kept with the weights and never trained. */
const CENTRE = 'uem.input-centre';
const SCALE = 'uem.input-scale';

/**
 * The user embedding module of Doddapaneni et al. (2024): a linear map of the items' texts, a transformer in which all items
 * of a history see each other, and a linear map to the width of a language model. Each item gives one soft prompt token.
 *
 * Positions are counted from the newest item, so that a history that grows keeps the meaning of its end.
 */
export class UserEmbeddingModule {
  readonly sizes: UserEmbeddingSizes;
  readonly #centre: tf.Variable;
  readonly #scale: tf.Variable;
  readonly #input: Dense;
  readonly #positions: Embedding;
  readonly #blocks: readonly TransformerBlock[];
  readonly #norm: LayerNorm;
  readonly #output: Dense;

  /** @param parameters - to which the weights are added, under names that begin with `uem.` */
  constructor(parameters: Parameters, random: RandomStream, sizes: UserEmbeddingSizes) {
    const { inputWidth, width, heads, inner, layers, dropout, historyLength, promptWidth, inputScale } =
      sizes;
    this.sizes = sizes;
    const given = inputScale;
    this.#centre = parameters.add(CENTRE, [inputWidth], given ? () => given.centre : zeros, random);
    this.#scale = parameters.add(SCALE, [inputWidth], given ? () => given.scale : ones, random);
    parameters.freeze((name) => name === CENTRE || name === SCALE);
    this.#input = new Dense(parameters, 'uem.input', inputWidth, width, random);
    this.#positions = new Embedding(parameters, 'uem.position', historyLength, width, random);
    this.#blocks = Array.from(
      { length: layers },
      (_, k) =>
        new TransformerBlock(parameters, `uem.block-${k}`, random, {
          width,
          heads,
          inner,
          dropout,
          activation: 'gelu',
        }),
    );
    this.#norm = new LayerNorm(parameters, 'uem.norm', width, random);
    // States of norm 1 a value become tokens as large as those that T5 starts with.
    this.#output = new Dense(parameters, 'uem.output', width, promptWidth, random, {
      deviation: width ** -0.5,
    });
  }

  /**
   * Soft prompt tokens of histories.
   *
   * @param rows - `[batch, length, inputWidth]`, oldest first, padding behind
   * @param present - `[batch, length]`, 1 for items and 0 for padding
   * @param positions - int32 `[batch, length]`: how many items of the history are newer; anything for padding
   * @returns `[batch, length, promptWidth]`; rows of padding mean nothing and are to be masked
   */
  apply(rows: tf.Tensor, present: tf.Tensor, positions: tf.Tensor, pass: ForwardPass): tf.Tensor {
    const standard = tf.mul(tf.sub(rows, this.#centre), this.#scale);
    const started = tf.add(this.#input.apply(standard), this.#positions.apply(positions));
    const states = applyBlocks(
      this.#blocks,
      pass.dropout(started, this.sizes.dropout),
      pass,
      paddingMask(present),
    );
    return this.#output.apply(this.#norm.apply(states));
  }
}
