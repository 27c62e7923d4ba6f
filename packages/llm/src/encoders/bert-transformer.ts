import { activate, attend, mergeHeads, paddingMask, splitHeads } from '@palate/nn';
import { layerNorm } from '@palate/tfjs-backend-ort';
import * as tf from '@tensorflow/tfjs-core';
import type { BertConfig } from './bert-config.js';
import type { EncoderPass, RunningEncoder } from './encoder-parts.js';
import { meanState, unitRows } from './pooling.js';

/** BERT (Devlin et al. 2019): learned positions, normalisation behind each sum; vectors are means of the last states. */
export class BertTransformer implements RunningEncoder {
  readonly #weights: Readonly<Record<string, tf.Tensor>>;
  readonly #config: BertConfig;

  constructor(weights: Readonly<Record<string, tf.Tensor>>, config: BertConfig) {
    this.#weights = weights;
    this.#config = config;
  }

  #weight(name: string): tf.Tensor {
    return this.#weights[name] as tf.Tensor;
  }

  #norm(x: tf.Tensor, name: string): tf.Tensor {
    return layerNorm(
      x,
      this.#weight(`${name}.weight`),
      this.#weight(`${name}.bias`),
      this.#config.layer_norm_eps,
    );
  }

  #dense(x: tf.Tensor, name: string): tf.Tensor {
    const kernel = this.#weight(`${name}.kernel`) as tf.Tensor2D;
    const [inputs, units] = kernel.shape;
    const rows = tf.matMul(tf.reshape(x, [-1, inputs]) as tf.Tensor2D, kernel);
    return tf.reshape(tf.add(rows, this.#weight(`${name}.bias`)), [...x.shape.slice(0, -1), units]);
  }

  states(ids: tf.Tensor2D, present: tf.Tensor2D, options: EncoderPass = {}): tf.Tensor3D {
    const { pass, dropout = 0, added } = options;
    const { num_attention_heads: heads, num_hidden_layers: layers, firstPosition, activation } = this.#config;
    const [, length] = ids.shape;
    const drop = (each: tf.Tensor): tf.Tensor => (pass ? pass.dropout(each, dropout) : each);
    const table = this.#weight('embeddings.position_embeddings.weight') as tf.Tensor2D;
    const positions = tf.slice(table, [firstPosition, 0], [length, table.shape[1]]);
    const types = tf.slice(
      this.#weight('embeddings.token_type_embeddings.weight') as tf.Tensor2D,
      [0, 0],
      [1, -1],
    );
    const words = tf.gather(this.#weight('embeddings.word_embeddings.weight'), ids);
    const sum = tf.add(tf.add(words, positions), types);
    let x = drop(this.#norm(added ? tf.add(sum, added) : sum, 'embeddings.LayerNorm'));
    const mask = paddingMask(present);
    for (let layer = 0; layer < layers; layer++) {
      const own = `encoder.layer.${layer}`;
      const part = (name: string): tf.Tensor =>
        splitHeads(this.#dense(x, `${own}.attention.self.${name}`), heads);
      const mixed = mergeHeads(attend(part('query'), part('key'), part('value'), { mask }));
      const attended = this.#norm(
        tf.add(x, drop(this.#dense(mixed, `${own}.attention.output.dense`))),
        `${own}.attention.output.LayerNorm`,
      );
      const inner = activate(this.#dense(attended, `${own}.intermediate.dense`), activation);
      x = this.#norm(
        tf.add(attended, drop(this.#dense(inner, `${own}.output.dense`))),
        `${own}.output.LayerNorm`,
      );
    }
    return x as tf.Tensor3D;
  }

  mean(states: tf.Tensor3D, counted: tf.Tensor2D): tf.Tensor2D {
    return meanState(states, counted);
  }

  head(means: tf.Tensor2D): tf.Tensor2D {
    return unitRows(means);
  }

  pool(states: tf.Tensor3D, counted: tf.Tensor2D): tf.Tensor2D {
    return this.head(this.mean(states, counted));
  }
}
