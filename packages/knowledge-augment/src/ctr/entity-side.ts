import type { RandomStream } from '@palate/core';
import { Embedding, type Parameters } from '@palate/nn';
import * as tf from '@tensorflow/tfjs-core';
import type { EncodedFeature } from '../features/feature-set.js';

/** Vectors of some users or items, one row an entity; what their features and knowledge do not have is left out. */
export interface EntityRows {
  /** Vectors of the categorical features side by side, `[rows, fields x dimension]`. */
  readonly fields?: tf.Tensor | undefined;
  /** Sum of the first-order weights, `[rows, 1]`. */
  readonly linear?: tf.Tensor | undefined;
  /** Numeric features, `[rows, numbers]`. */
  readonly numbers?: tf.Tensor | undefined;
  /** Augmented vector, `[rows, dimension]`. */
  readonly knowledge?: tf.Tensor | undefined;
}

/** Parts of {@link EntityRows} in the order in which they are stored. */
export const ROW_PARTS = ['fields', 'linear', 'numbers', 'knowledge'] as const;

interface CategoricalTables {
  readonly vectors: Embedding;
  readonly weights: Embedding;
  readonly codes: tf.Tensor;
  readonly slots: number;
}

/** Tables of the features of users or of items. One row beyond the last entity stands for one that is not known. */
export class EntitySide {
  /** Categorical features. */
  readonly fields: number;
  /** Numeric features. */
  readonly numbers: number;
  readonly #categorical: readonly CategoricalTables[];
  readonly #numeric: readonly tf.Tensor[];

  constructor(
    parameters: Parameters,
    features: readonly EncodedFeature[],
    size: number,
    dimension: number,
    random: RandomStream,
  ) {
    const categorical = features.filter(({ rows }) => rows > 0);
    this.#categorical = categorical.map(({ declaration, rows, slots, codes }) => ({
      ...featureTables(parameters, `${declaration.of}.${declaration.name}`, rows, dimension, random),
      codes: parameters.hold(tf.tensor2d(withUnknown(codes, size, slots), [size + 1, slots], 'int32')),
      slots,
    }));
    this.#numeric = features
      .filter(({ rows }) => rows === 0)
      .map(({ numbers }) => parameters.hold(tf.tensor2d(withUnknown(numbers, size, 1), [size + 1, 1])));
    this.fields = categorical.length;
    this.numbers = this.#numeric.length;
  }

  /** Vectors of the categorical features of entities of any shape, side by side, `[…entities, fields x dimension]`. */
  fieldsOf(entities: tf.Tensor): tf.Tensor | undefined {
    return joined(
      this.#categorical.map((tables) => categoryMean(tables.vectors, tf.gather(tables.codes, entities))),
    );
  }

  /** @param entities - int32, `[rows]` */
  rowsOf(entities: tf.Tensor1D): EntityRows {
    const weights = this.#categorical.map((tables) =>
      categoryMean(tables.weights, tf.gather(tables.codes, entities)),
    );
    return {
      fields: this.fieldsOf(entities),
      linear: weights.length > 0 ? tf.addN(weights) : undefined,
      numbers: joined(this.#numeric.map((numbers) => tf.gather(numbers, entities))),
    };
  }
}

/** Vectors and first-order weights of a categorical feature's rows. */
export function featureTables(
  parameters: Parameters,
  name: string,
  rows: number,
  dimension: number,
  random: RandomStream,
): { readonly vectors: Embedding; readonly weights: Embedding } {
  return {
    vectors: new Embedding(parameters, `${name}.vectors`, rows, dimension, random, 0.05),
    weights: new Embedding(parameters, `${name}.weights`, rows, 1, random, 0.01),
  };
}

/**
 * Looks up codes, and takes the mean over the categories that are there where an entity can have several.
 *
 * @param codes - `[…entities, slots]`; returns `[…entities, width]`
 */
export function categoryMean(table: Embedding, codes: tf.Tensor): tf.Tensor {
  const found = table.apply(codes);
  if (codes.shape.at(-1) === 1) return tf.squeeze(found, [codes.rank - 1]);
  const there = tf.cast(tf.greater(codes, tf.scalar(0, 'int32')), 'float32');
  const sum = tf.sum(tf.mul(found, tf.expandDims(there, -1)), -2);
  return tf.div(sum, tf.maximum(tf.sum(there, -1, true), 1));
}

/** Tensors side by side along the last axis; nothing of none. */
export function joined(parts: readonly (tf.Tensor | undefined)[]): tf.Tensor | undefined {
  const there = parts.filter((part) => part !== undefined);
  return there.length > 1 ? tf.concat(there, -1) : there[0];
}

/** Values with a row of zeros behind the last entity: the code of what is unknown, and the mean of a number. */
export function withUnknown<T extends Int32Array | Float32Array>(values: T, size: number, width: number): T {
  const all = new (values.constructor as new (length: number) => T)((size + 1) * width);
  all.set(values);
  return all;
}
