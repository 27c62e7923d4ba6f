import { type Disposable, RandomStream, type TensorData } from '@palate/core';
import type { EncoderParts } from '@palate/llm';
import { Dense, Embedding, type ForwardPass, type Parameters } from '@palate/nn';
import * as tf from '@tensorflow/tfjs-core';
import { TrainedEncoder, type Tuned } from '../encoder/trained-encoder.js';

/** Scores at the start are cosines times this: far enough apart for a softmax to tell them. */
const SHARPNESS = 10;

/**
 * The transformer of an encoder over request and item together: every token sees those of both. Vectors of the part, added
 * to those of the tokens, tell which is which. The score is the cosine of the two parts' means, sharpened, and a linear
 * map of their product and difference that starts at zero: before training the network orders items much as the encoder
 * does.
 */
export class JointNetwork implements Disposable {
  readonly encoder: TrainedEncoder;
  readonly #parts: Embedding;
  readonly #head: Dense;
  readonly #sharpness: tf.Variable;

  constructor(parts: EncoderParts, tuned: Tuned, start: Readonly<Record<string, TensorData>>, seed: number) {
    this.encoder = new TrainedEncoder(parts, tuned, start);
    const { parameters } = this.encoder;
    const random = new RandomStream(seed).fork('cross-encoder');
    this.#parts = new Embedding(parameters, 'part', 2, parts.inputWidth, random);
    this.#head = new Dense(parameters, 'head', 2 * parts.width, 1, random, { deviation: 0 });
    this.#sharpness = parameters.add('sharpness', [1], () => Float32Array.of(SHARPNESS), random);
  }

  get parameters(): Parameters {
    return this.encoder.parameters;
  }

  /**
   * @param ids - int32 `[rows, length]`
   * @param ofRequest - `[rows, length]`, 1 for tokens of the request
   * @param ofItem - `[rows, length]`, 1 for tokens of the item
   * @returns `[rows]`
   */
  scores(
    ids: tf.Tensor2D,
    ofRequest: tf.Tensor2D,
    ofItem: tf.Tensor2D,
    pass?: ForwardPass,
    dropout = 0,
  ): tf.Tensor1D {
    const running = this.encoder.running();
    const present = tf.add(ofRequest, ofItem) as tf.Tensor2D;
    const added = this.#parts.apply(tf.cast(ofItem, 'int32'));
    const states = running.states(ids, present, { pass, dropout, added });
    const request = running.pool(states, ofRequest);
    const item = running.pool(states, ofItem);
    const product = tf.mul(request, item);
    const cosine = tf.sum(product, 1);
    const linear = this.#head.apply(tf.concat([product, tf.abs(tf.sub(request, item))], 1));
    return tf.add(tf.mul(cosine, this.#sharpness), tf.squeeze(linear, [1])) as tf.Tensor1D;
  }

  dispose(): void {
    this.encoder.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
