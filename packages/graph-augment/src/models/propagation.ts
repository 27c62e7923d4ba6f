import * as tf from '@tensorflow/tfjs-core';
import type { SavedLightGcn } from './light-gcn-options.js';
import type { NeighbourSums } from './neighbour-sums.js';

/** Vectors after training. */
export interface PropagatedVectors {
  /** Final vectors of items. */
  readonly items: Float32Array;
  /** Vector that an item in a history adds to a user's vector, before the division by the root of the history's length. */
  readonly passed: Float32Array;
  /** Final vectors of trained users. */
  readonly users: Float32Array;
  /** Part of a trained user's final vector that is the user's own, whatever the history. */
  readonly own: Float32Array;
}

/** The vectors of each layer, the first as they are. */
export function layersOf(start: tf.Tensor2D, sums: NeighbourSums, layers: number): tf.Tensor2D[] {
  const all = [start];
  for (let k = 0; k < layers; k++) all.push(sums.apply(all.at(-1) as tf.Tensor2D));
  return all;
}

/** Computes the vectors that serving needs of a trained table. */
export function finalVectors(
  table: tf.Variable,
  sums: NeighbourSums,
  offsets: Int32Array,
  items: number,
  { layers, dimension: width }: SavedLightGcn,
): PropagatedVectors {
  const [start, last, passed] = tf.tidy(() => {
    const all = layersOf(table as tf.Tensor as tf.Tensor2D, sums, layers);
    return [
      tf.div(all[0] as tf.Tensor, layers + 1),
      tf.div(tf.addN(all), layers + 1),
      tf.div(tf.addN(all.slice(0, -1)), layers + 1),
    ];
  }) as [tf.Tensor, tf.Tensor, tf.Tensor];
  const values = [start, last, passed].map((each) => {
    const numbers = Float32Array.from(each.dataSync<'float32'>());
    each.dispose();
    return numbers;
  }) as [Float32Array, Float32Array, Float32Array];
  const split = items * width;
  const sent = values[2].slice(0, split);
  for (let item = 0; item < items; item++) {
    const degree = offsets[item + 1]! - offsets[item]!;
    const scale = degree === 0 ? 0 : 1 / Math.sqrt(degree);
    for (let k = 0; k < width; k++) sent[item * width + k]! *= scale;
  }
  return {
    items: values[1].slice(0, split),
    passed: sent,
    users: values[1].slice(split),
    own: values[0].slice(split),
  };
}
