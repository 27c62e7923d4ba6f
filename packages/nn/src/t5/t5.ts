import { type Disposable, disposedOnFailure, InvalidInputError, RandomStream } from '@palate/core';
import * as tf from '@tensorflow/tfjs-core';
import { attend, causalMask, mergeHeads, paddingMask, splitHeads } from '../attention.js';
import { activate } from '../feed-forward.js';
import type { ForwardPass } from '../forward-pass.js';
import { rmsNorm } from '../layers.js';
import { type Initializer, normal, ones, Parameters } from '../parameters.js';
import type { T5Config } from './config.js';
import { readT5Folder, writeT5Folder } from './hugging-face-folder.js';
import { positionBuckets } from './relative-position.js';

/** Keys and values of one attention layer, `[rows, heads, positions, d_kv]`. */
export type KeyValues = Readonly<Record<'keys' | 'values', tf.Tensor>>;

/** Encoded input as the decoder reads it. */
export interface EncodedInput {
  /** `[batch, length, d_model]`. */
  readonly states: tf.Tensor;
  /** `[batch, length]`, 1 for tokens and 0 for padding. */
  readonly present: tf.Tensor;
}

/**
 * T5 (Raffel et al. 2020): encoder and decoder with relative positions, RMS normalisation before each part and no
 * biases; v1.0 (ReLU) and v1.1 or Flan (gated GELU), with tied or separate output vectors.
 *
 * Parameters keep HuggingFace's names and layout (`[out, in]` kernels), so that folders of its models are read and
 * written as they are.
 */
export class T5 implements Disposable {
  readonly config: T5Config;
  readonly parameters = new Parameters();

  /** A model with fresh weights, initialised as T5 is. */
  constructor(config: T5Config, seed = 0) {
    this.config = config;
    const random = new RandomStream(seed).fork('t5');
    const { d_model: width, d_kv, d_ff, num_heads, vocab_size } = config;
    const inner = num_heads * d_kv;
    const add = (name: string, shape: number[], start: Initializer): void => {
      this.parameters.add(name, shape, start, random);
    };
    add('shared.weight', [vocab_size, width], normal(1));
    const attention = (name: string, bias: boolean): void => {
      add(`${name}.q.weight`, [inner, width], normal((width * d_kv) ** -0.5));
      add(`${name}.k.weight`, [inner, width], normal(width ** -0.5));
      add(`${name}.v.weight`, [inner, width], normal(width ** -0.5));
      add(`${name}.o.weight`, [width, inner], normal(inner ** -0.5));
      if (bias)
        add(
          `${name}.relative_attention_bias.weight`,
          [config.relative_attention_num_buckets, num_heads],
          normal(width ** -0.5),
        );
    };
    const feedForward = (name: string): void => {
      const gated = config.feed_forward_proj !== 'relu';
      for (const part of gated ? ['wi_0', 'wi_1'] : ['wi'])
        add(`${name}.DenseReluDense.${part}.weight`, [d_ff, width], normal(width ** -0.5));
      add(`${name}.DenseReluDense.wo.weight`, [width, d_ff], normal(d_ff ** -0.5));
    };
    for (const side of ['encoder', 'decoder'] as const) {
      const layers = side === 'encoder' ? config.num_layers : config.num_decoder_layers;
      for (let k = 0; k < layers; k++) {
        const block = `${side}.block.${k}.layer`;
        attention(`${block}.0.SelfAttention`, k === 0);
        add(`${block}.0.layer_norm.weight`, [width], ones);
        if (side === 'decoder') {
          attention(`${block}.1.EncDecAttention`, false);
          add(`${block}.1.layer_norm.weight`, [width], ones);
        }
        const last = side === 'encoder' ? 1 : 2;
        feedForward(`${block}.${last}`);
        add(`${block}.${last}.layer_norm.weight`, [width], ones);
      }
      add(`${side}.final_layer_norm.weight`, [width], ones);
    }
    if (!config.tie_word_embeddings) add('lm_head.weight', [vocab_size, width], normal(1));
  }

  /**
   * Loads a HuggingFace folder: `config.json` and `model.safetensors`.
   *
   * @throws ArtifactError if a file is missing or damaged, or is of another model
   */
  static async load(dir: string): Promise<T5> {
    const { config, tensors } = await readT5Folder(dir);
    const model = new T5(config);
    return disposedOnFailure(model.parameters, () => {
      model.parameters.assign(tensors, dir);
      return model;
    });
  }

  /**
   * Writes a HuggingFace folder: `config.json` and `model.safetensors`. In a folder of a T5 these two are replaced, each
   * as a whole, and all other files (a tokenizer, say) are left as they are.
   *
   * @throws ArtifactError if the folder holds something else, or cannot be written
   */
  async save(dir: string): Promise<void> {
    await writeT5Folder(dir, this.config, await this.parameters.values());
  }

  /** A linear map without bias by HuggingFace's layout. */
  linear(x: tf.Tensor, name: string): tf.Tensor {
    const weight = this.parameters.get(`${name}.weight`);
    const [units = 0, inputs = 0] = weight.shape;
    const rows = tf.matMul(
      tf.reshape(x, [-1, inputs]) as tf.Tensor2D,
      weight as tf.Tensor as tf.Tensor2D,
      false,
      true,
    );
    return tf.reshape(rows, [...x.shape.slice(0, -1), units]);
  }

  /** RMS normalisation by a named scale. */
  norm(x: tf.Tensor, name: string): tf.Tensor {
    return rmsNorm(x, this.parameters.get(`${name}.layer_norm.weight`), this.config.layer_norm_epsilon);
  }

  /** Vectors of tokens, `[…ids, d_model]`. */
  embed(ids: tf.Tensor): tf.Tensor {
    return tf.gather(this.parameters.get('shared.weight') as tf.Tensor, tf.cast(ids, 'int32'));
  }

  /** The learned bias of each pair of positions, `[1, heads, queries, keys]`, from their buckets. */
  positionBias(side: 'encoder' | 'decoder', buckets: tf.Tensor, queries: number, keys: number): tf.Tensor {
    const table = this.parameters.get(`${side}.block.0.layer.0.SelfAttention.relative_attention_bias.weight`);
    const rows = tf.gather(table as tf.Tensor, buckets as tf.Tensor1D);
    return tf.reshape(tf.transpose(rows, [1, 0]), [1, this.config.num_heads, queries, keys]);
  }

  /** Buckets of all pairs of two sequences, as a tensor. */
  #buckets(side: 'encoder' | 'decoder', length: number): tf.Tensor {
    const { relative_attention_num_buckets: buckets, relative_attention_max_distance: maxDistance } =
      this.config;
    return tf.tensor1d(
      positionBuckets(length, length, { bidirectional: side === 'encoder', buckets, maxDistance }),
      'int32',
    );
  }

  /** Keys and values of some states for an attention layer. */
  keyValues(states: tf.Tensor, name: string): KeyValues {
    const heads = this.config.num_heads;
    return {
      keys: splitHeads(this.linear(states, `${name}.k`), heads),
      values: splitHeads(this.linear(states, `${name}.v`), heads),
    };
  }

  /** Attention by a named layer over given keys and values, with its output map. */
  attention(x: tf.Tensor, name: string, source: KeyValues, mask: tf.Tensor, pass: ForwardPass): tf.Tensor {
    const mixed = attend(
      splitHeads(this.linear(x, `${name}.q`), this.config.num_heads),
      source.keys,
      source.values,
      {
        mask,
        scale: 1,
        pass,
        dropout: this.config.dropout_rate,
      },
    );
    return this.linear(mergeHeads(mixed), `${name}.o`);
  }

  /** The feed-forward part of a block. */
  feedForward(x: tf.Tensor, name: string, pass: ForwardPass): tf.Tensor {
    const dense = `${name}.DenseReluDense`;
    const { feed_forward_proj: kind } = this.config;
    const inner =
      kind === 'relu'
        ? activate(this.linear(x, `${dense}.wi`), 'relu')
        : tf.mul(
            activate(this.linear(x, `${dense}.wi_0`), kind === 'gated-silu' ? 'silu' : 'gelu-tanh'),
            this.linear(x, `${dense}.wi_1`),
          );
    return this.linear(pass.dropout(inner, this.config.dropout_rate), `${dense}.wo`);
  }

  /**
   * Runs the encoder.
   *
   * @param ids - int32 `[batch, length]`
   * @param present - `[batch, length]`, 1 for tokens and 0 for padding
   */
  encode(ids: tf.Tensor, present: tf.Tensor, pass: ForwardPass): EncodedInput {
    return this.encodeEmbedded(this.embed(ids), present, pass);
  }

  /** Runs the encoder on vectors, `[batch, length, d_model]`: for soft prompts and whole-word embeddings. */
  encodeEmbedded(vectors: tf.Tensor, present: tf.Tensor, pass: ForwardPass): EncodedInput {
    const rate = this.config.dropout_rate;
    const length = vectors.shape[1] as number;
    const mask = tf.add(
      paddingMask(present),
      this.positionBias('encoder', this.#buckets('encoder', length), length, length),
    );
    let x = pass.dropout(vectors, rate);
    for (let k = 0; k < this.config.num_layers; k++) {
      const block = `encoder.block.${k}.layer`;
      const standard = this.norm(x, `${block}.0`);
      const self = `${block}.0.SelfAttention`;
      x = tf.add(
        x,
        pass.dropout(this.attention(standard, self, this.keyValues(standard, self), mask, pass), rate),
      );
      x = tf.add(x, pass.dropout(this.feedForward(this.norm(x, `${block}.1`), `${block}.1`, pass), rate));
    }
    const states = pass.dropout(
      rmsNorm(x, this.parameters.get('encoder.final_layer_norm.weight'), this.config.layer_norm_epsilon),
      rate,
    );
    return { states, present };
  }

  /**
   * Runs the decoder over whole sequences.
   *
   * @param ids - int32 `[batch, length]`, beginning with the start token
   * @returns `[batch, length, d_model]`
   */
  decode(ids: tf.Tensor, encoded: EncodedInput, pass: ForwardPass): tf.Tensor {
    const rate = this.config.dropout_rate;
    const length = ids.shape[1] as number;
    const mask = tf.add(
      causalMask(length),
      this.positionBias('decoder', this.#buckets('decoder', length), length, length),
    );
    const hidden = paddingMask(encoded.present);
    let x = pass.dropout(this.embed(ids), rate);
    for (let k = 0; k < this.config.num_decoder_layers; k++) {
      const block = `decoder.block.${k}.layer`;
      const standard = this.norm(x, `${block}.0`);
      const self = `${block}.0.SelfAttention`;
      x = tf.add(
        x,
        pass.dropout(this.attention(standard, self, this.keyValues(standard, self), mask, pass), rate),
      );
      const cross = `${block}.1.EncDecAttention`;
      x = tf.add(
        x,
        pass.dropout(
          this.attention(
            this.norm(x, `${block}.1`),
            cross,
            this.keyValues(encoded.states, cross),
            hidden,
            pass,
          ),
          rate,
        ),
      );
      x = tf.add(x, pass.dropout(this.feedForward(this.norm(x, `${block}.2`), `${block}.2`, pass), rate));
    }
    return pass.dropout(
      rmsNorm(x, this.parameters.get('decoder.final_layer_norm.weight'), this.config.layer_norm_epsilon),
      rate,
    );
  }

  /**
   * Scores of tokens from decoder states, `[…, vocab_size]`.
   *
   * @param only - int32 `[count]`: the tokens to score, `[…, count]`; all if left out
   */
  logits(states: tf.Tensor, only?: tf.Tensor): tf.Tensor {
    const { d_model, scale_decoder_outputs, tie_word_embeddings } = this.config;
    const scaled = scale_decoder_outputs ? tf.mul(states, d_model ** -0.5) : states;
    const name = tie_word_embeddings ? 'shared' : 'lm_head';
    if (!only) return this.linear(scaled, name);
    const vectors = tf.gather(this.parameters.get(`${name}.weight`) as tf.Tensor, only);
    const rows = tf.matMul(tf.reshape(scaled, [-1, d_model]), vectors, false, true);
    return tf.reshape(rows, [...states.shape.slice(0, -1), only.size]);
  }

  /**
   * Decoder input of labels: shifted right, with the start token first and padding for left-out labels.
   *
   * @param labels - tokens row-major `[batch, length]`; -100 for positions that do not count
   */
  shiftRight(labels: Int32Array, length: number): Int32Array {
    if (labels.length % length !== 0)
      throw new InvalidInputError({
        expected: `labels in rows of ${length}`,
        received: String(labels.length),
        hint: 'Pad every row to one length.',
      });
    const { decoder_start_token_id: start, pad_token_id: pad } = this.config;
    const shifted = new Int32Array(labels.length);
    for (let at = 0; at < labels.length; at++) {
      const before = at % length === 0 ? start : (labels[at - 1] as number);
      shifted[at] = before === -100 ? pad : before;
    }
    return shifted;
  }

  /** Frees the weights; what needs them throws afterwards. */
  dispose(): void {
    this.parameters.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
