import type { RandomStream } from '@palate/core';
import { type Batch, type BatchTensors, Embedding, type ForwardPass, type Parameters } from '@palate/nn';
import * as tf from '@tensorflow/tfjs-core';
import type { CtrSamples } from '../features/ctr-samples.js';
import type { EncodedFeature, FeatureSet } from '../features/feature-set.js';
import { knownBefore } from '../features/known-history.js';

/** Batch as a backbone reads it. */
export interface CtrInput {
  /** Vectors of the fields, `[rows, fields, dimension]`: user's, item's and the history's mean of each item field. */
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
  /** Augmented vectors, `[rows, extra]`; without columns where there is no knowledge. */
  readonly extra: tf.Tensor2D | undefined;
}

/** Sizes that a backbone is built from. */
export interface CtrShape {
  readonly fields: number;
  readonly dimension: number;
  readonly numbers: number;
  readonly itemWidth: number;
  readonly extra: number;
}

/** Numbers about the history: mean label of the past, and how full it is. */
const HISTORY_NUMBERS = 2;

/** One feature's tables. */
interface FeatureTables {
  readonly feature: EncodedFeature;
  readonly vectors: Embedding | undefined;
  readonly weights: Embedding | undefined;
  readonly codes: tf.Tensor | undefined;
  readonly numbers: tf.Tensor | undefined;
}

/** Turns ids of users, items and histories into the vectors that backbones read; all features lie in constant tables. */
export class CtrEmbedding {
  readonly shape: Omit<CtrShape, 'extra'>;
  readonly historyLength: number;
  readonly #user: readonly FeatureTables[];
  readonly #item: readonly FeatureTables[];
  readonly #rated: Embedding;

  constructor(
    parameters: Parameters,
    features: FeatureSet,
    dimension: number,
    historyLength: number,
    random: RandomStream,
  ) {
    this.historyLength = historyLength;
    const tables = (feature: EncodedFeature): FeatureTables => {
      const name = `${feature.declaration.of}.${feature.declaration.name}`;
      const entities = feature.slots > 0 ? feature.codes.length / feature.slots : feature.numbers.length;
      return {
        feature,
        vectors:
          feature.rows > 0
            ? new Embedding(parameters, `${name}.vectors`, feature.rows, dimension, random, 0.05)
            : undefined,
        weights:
          feature.rows > 0
            ? new Embedding(parameters, `${name}.weights`, feature.rows, 1, random, 0.01)
            : undefined,
        codes:
          feature.slots > 0
            ? parameters.hold(tf.tensor2d(feature.codes, [entities, feature.slots], 'int32'))
            : undefined,
        numbers: feature.slots > 0 ? undefined : parameters.hold(tf.tensor2d(feature.numbers, [entities, 1])),
      };
    };
    this.#user = features.user.map(tables);
    this.#item = features.item.map(tables);
    this.#rated = new Embedding(parameters, 'history.rated', 3, dimension, random, 0.05);
    const users = features.user.filter(({ rows }) => rows > 0).length;
    const items = features.item.filter(({ rows }) => rows > 0).length;
    this.shape = {
      fields: users + 2 * items,
      dimension,
      numbers: HISTORY_NUMBERS + features.user.length - users + (features.item.length - items),
      itemWidth: items * dimension,
    };
  }

  /** Vector of a feature for entities of any shape, `[…entities, width]`. */
  #look(tables: FeatureTables, entities: tf.Tensor, kind: 'vectors' | 'weights'): tf.Tensor {
    const { feature, codes } = tables;
    const table = tables[kind] as Embedding;
    const own = tf.gather(codes as tf.Tensor, entities);
    const found = table.apply(own);
    if (feature.slots === 1) return tf.squeeze(found, [entities.rank]);
    // The mean over categories that are there.
    const there = tf.cast(tf.greater(own, tf.scalar(0, 'int32')), 'float32');
    const sum = tf.sum(tf.mul(found, tf.expandDims(there, -1)), -2);
    return tf.div(sum, tf.maximum(tf.sum(there, -1, true), 1));
  }

  /** @param batch - of {@link ctrBatch} */
  apply(batch: BatchTensors, pass: ForwardPass, dropout: number, extra?: tf.Tensor2D): CtrInput {
    const { user, item, history, liked, present } = batch as Record<
      'user' | 'item' | 'history' | 'liked' | 'present',
      tf.Tensor
    >;
    const categorical = (list: readonly FeatureTables[]) => list.filter(({ vectors }) => vectors);
    const users = categorical(this.#user).map((tables) => this.#look(tables, user, 'vectors'));
    const items = categorical(this.#item).map((tables) => this.#look(tables, item, 'vectors'));
    const past = categorical(this.#item).map((tables) => this.#look(tables, history, 'vectors'));
    const count = tf.maximum(tf.sum(present, 1, true), 1);
    // Liked items speak for, others against: the mean of the past is taken with that sign.
    const sign = tf.mul(tf.sub(tf.mul(liked, 2), 1), present);
    const means = past.map((vectors) => tf.div(tf.sum(tf.mul(vectors, tf.expandDims(sign, 2)), 1), count));
    const weights = [
      ...categorical(this.#user).map((tables) => this.#look(tables, user, 'weights')),
      ...categorical(this.#item).map((tables) => this.#look(tables, item, 'weights')),
    ];
    const numeric = [
      ...this.#user.flatMap(({ numbers }) => (numbers ? [tf.gather(numbers, user)] : [])),
      ...this.#item.flatMap(({ numbers }) => (numbers ? [tf.gather(numbers, item)] : [])),
    ];
    const level = tf.div(tf.sum(tf.mul(liked, present), 1, true), count);
    const fullness = tf.div(tf.sum(present, 1, true), this.historyLength);
    const rated = this.#rated.apply(tf.cast(tf.mul(tf.add(tf.cast(liked, 'float32'), 1), present), 'int32'));
    const shown = past.map((vectors) => tf.add(vectors, rated));
    return {
      fields: pass.dropout(tf.stack([...users, ...items, ...means], 1), dropout),
      linear: tf.squeeze(tf.addN(weights), [1]) as tf.Tensor1D,
      numbers: tf.concat([level, fullness, ...numeric], 1) as tf.Tensor2D,
      target: tf.concat(items, 1) as tf.Tensor2D,
      history: tf.concat(shown, 2),
      present: present as tf.Tensor2D,
      extra,
    };
  }
}

/** Samples as numbers of a fixed shape; rows beyond the samples have weight 0. */
export function ctrBatch(
  samples: CtrSamples,
  positions: ArrayLike<number>,
  rows: number,
  historyLength: number,
): Batch {
  const { log, liked } = samples;
  const { offsets, row } = log.byUser();
  const user = new Int32Array(rows);
  const item = new Int32Array(rows);
  const label = new Float32Array(rows);
  const weight = new Float32Array(rows);
  const history = new Int32Array(rows * historyLength);
  const likes = new Float32Array(rows * historyLength);
  const present = new Float32Array(rows * historyLength);
  for (let k = 0; k < positions.length; k++) {
    const at = positions[k]!;
    user[k] = samples.user[at]!;
    item[k] = samples.item[at]!;
    label[k] = samples.label[at]!;
    weight[k] = 1;
    const past = samples.past?.[at] ?? knownBefore(log, samples.user[at]!, samples.position[at]!);
    const taken = Math.min(historyLength, past);
    const first = offsets[samples.user[at]!]! + past - taken;
    const to = (k + 1) * historyLength - taken;
    for (let i = 0; i < taken; i++) {
      const r = row[first + i]!;
      history[to + i] = log.item[r]!;
      likes[to + i] = liked[r]!;
      present[to + i] = 1;
    }
  }
  const shape = [rows, historyLength];
  return {
    user: { shape: [rows], values: user },
    item: { shape: [rows], values: item },
    label: { shape: [rows], values: label },
    weight: { shape: [rows], values: weight },
    history: { shape, values: history },
    liked: { shape, values: likes },
    present: { shape, values: present },
  };
}
