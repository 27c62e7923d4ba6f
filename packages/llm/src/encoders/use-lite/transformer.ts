import { ArtifactError } from '@palate/core';
import { attend, mergeHeads, paddingMask, splitHeads } from '@palate/nn';
import { layerNorm } from '@palate/tfjs-backend-ort';
import * as tf from '@tensorflow/tfjs-core';

const HEADS = 4;
const LAYERS = 2;
const EPSILON = 1e-6;

/** The parts of a transformer layer's names in the published graph. */
const STACK = 'module_apply_default/Encoder_en/KonaTransformer/Encode';

/**
 * The Universal Sentence Encoder lite (Cer et al. 2018) over padded batches: two transformer layers with the mean of
 * the tokens and a tanh layer on top. The published graph packs and unpacks tokens by value-dependent shapes; here
 * padding is masked instead, which gives the same vectors and lets one graph serve every batch of a shape.
 */
export class UseLiteTransformer {
  /** Width of the vectors. */
  readonly width: number;
  readonly #weights: Readonly<Record<string, tf.Tensor>>;

  constructor(weights: Readonly<Record<string, tf.Tensor>>) {
    this.#weights = weights;
    this.width = this.#weight('module/Encoder_en/hidden_layers/tanh_layer_0/bias').size;
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

  #layer(x: tf.Tensor, index: number, mask: tf.Tensor): tf.Tensor {
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
    const attended = this.#dense(
      mergeHeads(attend(q, k, v, { mask })),
      `${kernel}/output_transform_single/kernel/part_0`,
      `${own}/MultiheadAttention/output_transform_single/bias`,
    );
    // The first layer widens its input, so that what it skips has to be widened too.
    const skipped =
      index === 0 ? this.#dense(x, `${own}/dense/kernel/ConcatPartitions/concat`, `${own}/dense/bias`) : x;
    const sum = tf.add(attended, skipped);
    const inner = tf.relu(
      this.#dense(
        this.#norm(sum, `${own}/FFN`),
        `${graph}/FFN/conv1/Tensordot/Reshape_1`,
        `${own}/FFN/conv1/bias`,
      ),
    );
    return tf.add(sum, this.#dense(inner, `${graph}/FFN/conv2/Tensordot/Reshape_1`, `${own}/FFN/conv2/bias`));
  }

  /**
   * @param ids - int32 `[batch, length]`, any token where there is padding
   * @param present - float32 `[batch, length]`, 1 for tokens and 0 for padding behind them
   * @returns `[batch, width]` of norm 1
   */
  encode(ids: tf.Tensor2D, present: tf.Tensor2D): tf.Tensor2D {
    const [, length] = ids.shape;
    const scales = this.#weight(
      `${STACK}/TransformerStack/Layer_0/AddTimingSignal/TimingSignal/ExpandDims_1`,
    );
    const angles = tf.mul(tf.reshape(tf.range(0, length, 1, 'float32'), [length, 1]), scales);
    const timing = tf.concat([tf.sin(angles), tf.cos(angles)], 1);
    const vectors = tf.gather(this.#weight('module/Embeddings_en'), ids);
    // The graph adds the token's vector a second time together with its position.
    let x: tf.Tensor = tf.add(tf.mul(vectors, 2), timing);
    const mask = paddingMask(present);
    for (let index = 0; index < LAYERS; index++) x = this.#layer(x, index, mask);
    const shown = tf.mul(x, tf.expandDims(present, 2));
    const count = tf.maximum(tf.sum(present, 1, true), 1);
    const mean = tf.div(tf.sum(shown, 1), count) as tf.Tensor2D;
    const hidden = 'module/Encoder_en/hidden_layers/tanh_layer_0';
    const top = tf.tanh(
      tf.add(
        tf.matMul(mean, this.#weight(`${hidden}/weights`) as tf.Tensor2D),
        this.#weight(`${hidden}/bias`),
      ),
    );
    const norm = tf.sqrt(tf.maximum(tf.sum(tf.square(top), 1, true), 1e-12));
    return tf.div(top, norm) as tf.Tensor2D;
  }
}
