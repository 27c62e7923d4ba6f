import type { RandomStream } from '@palate/core';
import { type BatchTensors, Embedding, type ForwardPass, type Parameters } from '@palate/nn';
import * as tf from '@tensorflow/tfjs-core';
import type { FeatureEncoding } from '../features/feature-encoding.js';
import { categoryMean, type EntityRows, featureTables, joined } from './entity-side.js';

/** Batch as a backbone reads it. */
export interface CtrInput {
  /**
   * Vectors of the fields, `[rows, fields, dimension]`: user's, item's, the history's mean of each item field, the
   * context's, and KAR's augmented vectors, where there are any.
   */
  readonly fields: tf.Tensor;
  /** Sum of the fields' first-order weights, `[rows]`. */
  readonly linear: tf.Tensor1D;
  /** Numeric features and numbers about the history, `[rows, numbers]`. */
  readonly numbers: tf.Tensor2D;
  /** Vector of the item, `[rows, itemWidth]`. */
  readonly target: tf.Tensor2D;
  /** Vectors of the history's items with their ratings, `[rows, length, itemWidth]`. */
  readonly history: tf.Tensor;
  /** 1 for items and 0 for padding, `[rows, length]`. */
  readonly present: tf.Tensor2D;
}

/** Sizes that a backbone is built from. */
export interface CtrShape {
  readonly fields: number;
  readonly dimension: number;
  readonly numbers: number;
  readonly itemWidth: number;
}

/** Numbers about the history: mean label of the past, and how full it is. */
const HISTORY_NUMBERS = 2;

/** How many fields and numbers come from where. */
export interface CtrCounts {
  readonly userFields: number;
  readonly itemFields: number;
  readonly numbers: number;
  /** Fields of augmented vectors. */
  readonly knowledge: number;
}

/** Puts the vectors of a user, an item, a history and a context together to what backbones read. */
export class CtrAssembly {
  readonly shape: CtrShape;
  readonly historyLength: number;
  readonly #itemFields: number;
  readonly #rated: Embedding;
  readonly #context: readonly (ReturnType<typeof featureTables> & { readonly slots: number })[];

  constructor(
    parameters: Parameters,
    context: readonly FeatureEncoding[],
    { userFields, itemFields, numbers, knowledge }: CtrCounts,
    dimension: number,
    historyLength: number,
    random: RandomStream,
  ) {
    this.historyLength = historyLength;
    this.#itemFields = itemFields;
    this.#rated = new Embedding(parameters, 'history.rated', 3, dimension, random, 0.05);
    const categorical = context.filter(({ rows }) => rows > 0);
    this.#context = categorical.map(({ declaration, rows, slots }) => ({
      ...featureTables(parameters, `context.${declaration.name}`, rows, dimension, random),
      slots,
    }));
    this.shape = {
      fields: userFields + 2 * itemFields + categorical.length + knowledge,
      dimension,
      numbers: HISTORY_NUMBERS + numbers + context.length - categorical.length,
      itemWidth: itemFields * dimension,
    };
  }

  /**
   * @param batch - of `ctrBatch`
   * @param past - vectors of the history's items, `[rows, length, itemWidth]`
   * @param knowledge - augmented vectors, `[rows, dimension]` each
   * @param dropout - share of the fields' values dropped; those of augmented vectors are dropped by the adaptor
   */
  apply(
    batch: BatchTensors,
    { user, item, past }: { readonly user: EntityRows; readonly item: EntityRows; readonly past: tf.Tensor },
    knowledge: readonly tf.Tensor[],
    pass: ForwardPass,
    dropout: number,
  ): CtrInput {
    const { liked, present, codes, numbers } = batch as Record<'liked' | 'present', tf.Tensor> & {
      readonly codes?: tf.Tensor;
      readonly numbers?: tf.Tensor;
    };
    const rows = present.shape[0] as number;
    const { fields, dimension } = this.shape;
    const count = tf.maximum(tf.sum(present, 1, true), 1);
    // Liked items speak for, others against: the mean of the past is taken with that sign.
    const sign = tf.mul(tf.sub(tf.mul(liked, 2), 1), present);
    const means = tf.div(tf.sum(tf.mul(past, tf.expandDims(sign, 2)), 1), count);
    const asked = codes
      ? tf.split(
          codes,
          this.#context.map(({ slots }) => slots),
          1,
        )
      : [];
    const around = this.#context.map(({ vectors }, k) => categoryMean(vectors, asked[k] as tf.Tensor));
    const parts = [user.fields, item.fields, means, ...around];
    const plain = joined(parts) as tf.Tensor;
    const dropped = pass.dropout(plain, dropout);
    // Without dropout one concatenation will do.
    const all = dropped === plain ? [...parts, ...knowledge] : [dropped, ...knowledge];
    const linear = [
      user.linear,
      item.linear,
      ...this.#context.map(({ weights }, k) => categoryMean(weights, asked[k] as tf.Tensor)),
    ].filter((part) => part !== undefined);
    const level = tf.div(tf.sum(tf.mul(liked, present), 1, true), count);
    const fullness = tf.div(tf.sum(present, 1, true), this.historyLength);
    const rated = this.#rated.apply(tf.cast(tf.mul(tf.add(tf.cast(liked, 'float32'), 1), present), 'int32'));
    return {
      fields: tf.reshape(joined(all) as tf.Tensor, [rows, fields, dimension]),
      linear: (linear.length > 0 ? tf.squeeze(tf.addN(linear), [1]) : tf.zeros([rows])) as tf.Tensor1D,
      numbers: joined([level, fullness, user.numbers, item.numbers, numbers]) as tf.Tensor2D,
      target: item.fields as tf.Tensor2D,
      history: tf.add(past, tf.tile(rated, [1, 1, this.#itemFields])),
      present: present as tf.Tensor2D,
    };
  }
}
