import { ArtifactError } from '@palate/core';
import { attend, mergeHeads, paddingMask, splitHeads } from '@palate/nn';
import { layerNorm } from '@palate/tfjs-backend-ort';
import * as tf from '@tensorflow/tfjs-core';
import type { EncoderPass, EncoderWeightNames, RunningEncoder } from '../encoder-parts.js';
import { meanState, unitRows } from '../pooling.js';

const HEADS = 4;
const LAYERS = 2;
const EPSILON = 1e-6;

/** The parts of a transformer layer's names in the published graph. */
const STACK = 'module_apply_default/Encoder_en/KonaTransformer/Encode';
const EMBEDDINGS = 'module/Embeddings_en';
const SCALES = `${STACK}/TransformerStack/Layer_0/AddTimingSignal/TimingSignal/ExpandDims_1`;
const HIDDEN = 'module/Encoder_en/hidden_layers/tanh_layer_0';
const HEAD = [`${HIDDEN}/weights`, `${HIDDEN}/bias`];

/** Names of the weights that compute something. */
export function useLiteWeightNames(): EncoderWeightNames {
  const layer = (index: number): string[] => {
    const own = `${STACK}/Layer_${index}/TransformerLayer`;
    const graph = `${STACK}/TransformerStack/Layer_${index}/TransformerLayer`;
    const kernel = `module/Encoder_en/KonaTransformer/Encode/Layer_${index}/TransformerLayer/MultiheadAttention`;
    const norm = (prefix: string): string[] =>
      ['scale', 'bias'].map(
        (part) => `${prefix}/layer_prepostprocess/layer_norm/layer_norm_${part}/ConcatPartitions/concat`,
      );
    const bias = (prefix: string): string => `${prefix}/bias/ConcatPartitions/concat`;
    return [
      ...norm(own),
      ...norm(`${own}/FFN`),
      `${kernel}/qkv_transform_single/kernel/part_0`,
      bias(`${own}/MultiheadAttention/qkv_transform_single`),
      `${kernel}/output_transform_single/kernel/part_0`,
      bias(`${own}/MultiheadAttention/output_transform_single`),
      ...(index === 0 ? [`${own}/dense/kernel/ConcatPartitions/concat`, bias(`${own}/dense`)] : []),
      `${graph}/FFN/conv1/Tensordot/Reshape_1`,
      bias(`${own}/FFN/conv1`),
      `${graph}/FFN/conv2/Tensordot/Reshape_1`,
      bias(`${own}/FFN/conv2`),
    ];
  };
  return {
    fixed: [SCALES],
    lower: [EMBEDDINGS, ...layer(0)],
    upper: [...layer(1), ...HEAD],
    head: HEAD,
  };
}

/**
 * The Universal Sentence Encoder lite (Cer et al. 2018) over padded batches: two transformer layers with the mean of
 * the tokens and a tanh layer on top. The published graph packs and unpacks tokens by value-dependent shapes; here
 * padding is masked instead, which gives the same vectors and lets one graph serve every batch of a shape.
 */
export class UseLiteTransformer implements RunningEncoder {
  /** Width of the vectors. */
  readonly width: number;
  readonly #weights: Readonly<Record<string, tf.Tensor>>;

  constructor(weights: Readonly<Record<string, tf.Tensor>>) {
    this.#weights = weights;
    this.width = this.#weight(`${HIDDEN}/bias`).size;
  }

  #weight(name: string): tf.Tensor {
    const weight = this.#weights[name];
    if (!weight)
      throw new ArtifactError(name, {
        expected: 'a weight of this name',
        received: 'none',
        hint: 'Install the version of the weights that this version of the encoder asks for.',
      });
    return weight;
  }

  #norm(x: tf.Tensor, prefix: string): tf.Tensor {
    const name = `${prefix}/layer_prepostprocess/layer_norm/layer_norm`;
    return layerNorm(
      x,
      this.#weight(`${name}_scale/ConcatPartitions/concat`),
      this.#weight(`${name}_bias/ConcatPartitions/concat`),
      EPSILON,
    );
  }

  #dense(x: tf.Tensor, kernel: string, bias: string): tf.Tensor {
    const weight = this.#weight(kernel);
    const [inputs, units] = weight.shape.slice(-2) as [number, number];
    const rows = tf.matMul(
      tf.reshape(x, [-1, inputs]) as tf.Tensor2D,
      tf.reshape(weight, [inputs, units]) as tf.Tensor2D,
    );
    return tf.reshape(tf.add(rows, this.#weight(`${bias}/ConcatPartitions/concat`)), [
      ...x.shape.slice(0, -1),
      units,
    ]);
  }

  #layer(x: tf.Tensor, index: number, mask: tf.Tensor, drop: (x: tf.Tensor) => tf.Tensor): tf.Tensor {
    const own = `${STACK}/Layer_${index}/TransformerLayer`;
    const graph = `${STACK}/TransformerStack/Layer_${index}/TransformerLayer`;
    const kernel = `module/Encoder_en/KonaTransformer/Encode/Layer_${index}/TransformerLayer/MultiheadAttention`;
    const mixed = this.#dense(
      this.#norm(x, own),
      `${kernel}/qkv_transform_single/kernel/part_0`,
      `${own}/MultiheadAttention/qkv_transform_single/bias`,
    );
    const [q, k, v] = tf.split(mixed, 3, 2).map((part) => splitHeads(part, HEADS)) as [
      tf.Tensor,
      tf.Tensor,
      tf.Tensor,
    ];
    const mixedBack = this.#dense(
      mergeHeads(attend(q, k, v, { mask })),
      `${kernel}/output_transform_single/kernel/part_0`,
      `${own}/MultiheadAttention/output_transform_single/bias`,
    );
    // The first layer widens its input, so that what it skips has to be widened too.
    const skipped =
      index === 0 ? this.#dense(x, `${own}/dense/kernel/ConcatPartitions/concat`, `${own}/dense/bias`) : x;
    const sum = tf.add(drop(mixedBack), skipped);
    const inner = tf.relu(
      this.#dense(
        this.#norm(sum, `${own}/FFN`),
        `${graph}/FFN/conv1/Tensordot/Reshape_1`,
        `${own}/FFN/conv1/bias`,
      ),
    );
    const outer = this.#dense(inner, `${graph}/FFN/conv2/Tensordot/Reshape_1`, `${own}/FFN/conv2/bias`);
    return tf.add(sum, drop(outer));
  }

  /**
   * The state of each token.
   *
   * @param ids - int32 `[batch, length]`, any token where there is padding
   * @param present - float32 `[batch, length]`, 1 for tokens and 0 for padding
   * @returns `[batch, length, width]`
   */
  states(ids: tf.Tensor2D, present: tf.Tensor2D, options: EncoderPass = {}): tf.Tensor3D {
    const { pass, dropout = 0, added } = options;
    const [, length] = ids.shape;
    const angles = tf.mul(tf.reshape(tf.range(0, length, 1, 'float32'), [length, 1]), this.#weight(SCALES));
    const timing = tf.concat([tf.sin(angles), tf.cos(angles)], 1);
    const vectors = tf.gather(this.#weight(EMBEDDINGS), ids);
    // The graph adds the token's vector a second time together with its position.
    const doubled: tf.Tensor = tf.add(tf.mul(vectors, 2), timing);
    let x = added ? tf.add(doubled, added) : doubled;
    const mask = paddingMask(present);
    const drop = (each: tf.Tensor): tf.Tensor => (pass ? pass.dropout(each, dropout) : each);
    for (let index = 0; index < LAYERS; index++) x = this.#layer(x, index, mask, drop);
    return x as tf.Tensor3D;
  }

  /** The mean of some tokens' states, `[batch, width]`. */
  mean(states: tf.Tensor3D, counted: tf.Tensor2D): tf.Tensor2D {
    return meanState(states, counted);
  }

  /** Vectors of norm 1: the means through the tanh layer. */
  head(means: tf.Tensor2D): tf.Tensor2D {
    const top = tf.tanh(
      tf.add(
        tf.matMul(means, this.#weight(`${HIDDEN}/weights`) as tf.Tensor2D),
        this.#weight(`${HIDDEN}/bias`),
      ),
    );
    return unitRows(top);
  }

  /** One vector a text: the head of the mean of some of its tokens' states, `[batch, width]` of norm 1. */
  pool(states: tf.Tensor3D, counted: tf.Tensor2D): tf.Tensor2D {
    return this.head(this.mean(states, counted));
  }

  /**
   * @param ids - int32 `[batch, length]`, any token where there is padding
   * @param present - float32 `[batch, length]`, 1 for tokens and 0 for padding behind them
   * @returns `[batch, width]` of norm 1
   */
  encode(ids: tf.Tensor2D, present: tf.Tensor2D, options: EncoderPass = {}): tf.Tensor2D {
    return this.pool(this.states(ids, present, options), present);
  }
}
