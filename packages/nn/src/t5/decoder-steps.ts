import * as tf from '@tensorflow/tfjs-core';
import { paddingMask } from '../attention.js';
import { ForwardPass } from '../forward-pass.js';
import { rmsNorm } from '../layers.js';
import { positionBuckets } from './relative-position.js';
import type { EncodedInput, KeyValues, T5 } from './t5.js';

/** Added to the score of positions that are not written yet. */
const CLOSED = -1e9;

/**
 * Decodes token by token with cached keys and values.
 *
 * The cache has its full length from the start and the step's position is data, so that every step is the same graph:
 * one session serves a whole generation, whatever its length.
 */
export class DecoderSteps {
  readonly #model: T5;
  readonly #rows: number;
  readonly #copies: number;
  readonly #length: number;
  /** Of the inputs, once each: the rows of an input look at them side by side, like positions of one sequence. */
  readonly #cross: readonly KeyValues[];
  readonly #crossMask: tf.Tensor;
  #cache: readonly KeyValues[];
  #step = 0;

  /**
   * @param encoded - one row an input
   * @param copies - rows decoded for each input (beams), adjacent
   * @param length - most tokens to decode
   */
  constructor(model: T5, encoded: EncodedInput, copies: number, length: number) {
    this.#model = model;
    const batch = encoded.states.shape[0] as number;
    const { num_heads, d_kv, num_decoder_layers } = model.config;
    this.#rows = batch * copies;
    this.#copies = copies;
    this.#length = length;
    [this.#cross, this.#crossMask] = tf.tidy(() => [
      Array.from({ length: num_decoder_layers }, (_, k) => {
        const { keys, values } = model.keyValues(
          encoded.states,
          `decoder.block.${k}.layer.1.EncDecAttention`,
        );
        return { keys: tf.keep(keys), values: tf.keep(values) };
      }),
      tf.keep(paddingMask(encoded.present)),
    ]) as unknown as [KeyValues[], tf.Tensor];
    const empty = (): tf.Tensor => tf.keep(tf.zeros([this.#rows, num_heads, length, d_kv]));
    this.#cache = Array.from({ length: num_decoder_layers }, () => ({ keys: empty(), values: empty() }));
  }

  /**
   * Feeds one token a row.
   *
   * @param tokens - `rows` tokens
   * @param parents - for each row the row whose past it continues
   * @returns log-probabilities of the next token, row-major `rows x vocab_size`
   */
  next(tokens: Int32Array, parents: Int32Array): Float32Array {
    const { config } = this.#model;
    const at = this.#step++;
    const length = this.#length;
    const here = new Float32Array(length);
    here[at] = 1;
    const written = Float32Array.from({ length }, (_, position) => (position <= at ? 0 : CLOSED));
    const buckets = positionBuckets(1, length, {
      bidirectional: false,
      buckets: config.relative_attention_num_buckets,
      maxDistance: config.relative_attention_max_distance,
      first: at,
    });
    const before = this.#cache;
    const [scores, after] = tf.tidy(() => {
      const model = this.#model;
      const pass = ForwardPass.inference();
      const order = tf.tensor1d(parents, 'int32');
      const isHere = tf.tensor(here, [1, 1, length, 1]);
      const elsewhere = tf.sub(1, isHere);
      const mask = tf.add(
        tf.tensor(written, [1, 1, 1, length]),
        model.positionBias('decoder', tf.tensor1d(buckets, 'int32'), 1, length),
      );
      const write = (cache: tf.Tensor, now: tf.Tensor): tf.Tensor =>
        tf.add(tf.mul(tf.gather(cache, order), elsewhere), tf.mul(now, isHere));
      const cache: KeyValues[] = [];
      let x = model.embed(tf.tensor2d(tokens, [this.#rows, 1], 'int32'));
      for (let k = 0; k < config.num_decoder_layers; k++) {
        const block = `decoder.block.${k}.layer`;
        const self = `${block}.0.SelfAttention`;
        const standard = model.norm(x, `${block}.0`);
        const now = model.keyValues(standard, self);
        const all = {
          keys: write((before[k] as KeyValues).keys, now.keys),
          values: write((before[k] as KeyValues).values, now.values),
        };
        cache.push({ keys: tf.keep(all.keys), values: tf.keep(all.values) });
        x = tf.add(x, model.attention(standard, self, all, mask, pass));
        const looked = model.attention(
          tf.reshape(model.norm(x, `${block}.1`), [-1, this.#copies, config.d_model]),
          `${block}.1.EncDecAttention`,
          this.#cross[k] as KeyValues,
          this.#crossMask,
          pass,
        );
        x = tf.add(x, tf.reshape(looked, x.shape));
        x = tf.add(x, model.feedForward(model.norm(x, `${block}.2`), `${block}.2`, pass));
      }
      const states = rmsNorm(
        x,
        model.parameters.get('decoder.final_layer_norm.weight'),
        config.layer_norm_epsilon,
      );
      const logits = tf.reshape(model.logits(states), [this.#rows, config.vocab_size]);
      return [tf.logSoftmax(logits), cache] as never;
    }) as unknown as [tf.Tensor, KeyValues[]];
    for (const { keys, values } of before) tf.dispose([keys, values]);
    this.#cache = after;
    // Read outside of tidy, which would walk through the numbers in search of tensors.
    const logProbabilities = scores.dataSync<'float32'>();
    scores.dispose();
    return logProbabilities;
  }

  dispose(): void {
    for (const { keys, values } of [...this.#cross, ...this.#cache]) tf.dispose([keys, values]);
    this.#crossMask.dispose();
  }
}
