import { type Disposable, RandomStream, type TensorData } from '@palate/core';
import type { EncoderParts } from '@palate/llm';
import { Dense, type ForwardPass, type Parameters } from '@palate/nn';
import * as tf from '@tensorflow/tfjs-core';
import { TrainedEncoder } from '../encoder/trained-encoder.js';

/** Scores at the start are cosines times this: far enough apart for a softmax to tell them. */
const SHARPNESS = 10;

/**
 * A small network over the vectors of a request and an item, which the layers have seen apart: their cosine, sharpened,
 * and what two layers make of their product and difference, which is nothing before training: at first it orders items as
 * the bi-encoder does.
 */
export class LateNetwork implements Disposable {
  readonly encoder: TrainedEncoder;
  readonly #hidden: Dense;
  readonly #head: Dense;
  readonly #sharpness: tf.Variable;

  /** @param hidden - width of the layer between */
  constructor(
    parts: EncoderParts,
    start: Readonly<Record<string, TensorData>>,
    hidden: number,
    seed: number,
  ) {
    this.encoder = new TrainedEncoder(parts, 'head', start);
    const { parameters } = this.encoder;
    const random = new RandomStream(seed).fork('late cross-encoder');
    this.#hidden = new Dense(parameters, 'hidden', 2 * parts.width, hidden, random);
    this.#head = new Dense(parameters, 'out', hidden, 1, random, { deviation: 0 });
    this.#sharpness = parameters.add('sharpness', [1], () => Float32Array.of(SHARPNESS), random);
  }

  get parameters(): Parameters {
    return this.encoder.parameters;
  }

  /**
   * @param request - vectors of norm 1, `[rows, width]`
   * @param item - the same of the items
   * @returns `[rows]`
   */
  scores(request: tf.Tensor2D, item: tf.Tensor2D, pass?: ForwardPass, dropout = 0): tf.Tensor1D {
    const product = tf.mul(request, item);
    const features = tf.concat([product, tf.abs(tf.sub(request, item))], 1) as tf.Tensor2D;
    // Values of unit vectors are small: brought to about 1.
    const scaled = tf.mul(features, Math.sqrt(this.encoder.parts.width));
    const hidden = tf.relu(this.#hidden.apply(scaled as tf.Tensor2D)) as tf.Tensor2D;
    const learnt = this.#head.apply(pass ? (pass.dropout(hidden, dropout) as tf.Tensor2D) : hidden);
    return tf.add(tf.mul(tf.sum(product, 1), this.#sharpness), tf.squeeze(learnt, [1])) as tf.Tensor1D;
  }

  dispose(): void {
    this.encoder.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
