import type { SavedLightGcn } from './light-gcn-options.js';

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

/** Computes the vectors that serving needs of those of all layers, the first as they are. */
export function finalVectors(
  layers: readonly Float32Array[],
  offsets: Int32Array,
  items: number,
  { dimension: width }: Pick<SavedLightGcn, 'dimension'>,
): PropagatedVectors {
  const share = 1 / layers.length;
  const [start = new Float32Array(0)] = layers;
  const mean = (of: readonly Float32Array[]): Float32Array =>
    start.map((_, at) => share * of.reduce((sum, layer) => sum + layer[at]!, 0));
  const final = mean(layers);
  const split = items * width;
  const passed = mean(layers.slice(0, -1)).slice(0, split);
  for (let item = 0; item < items; item++) {
    const degree = offsets[item + 1]! - offsets[item]!;
    const scale = degree === 0 ? 0 : 1 / Math.sqrt(degree);
    for (let k = 0; k < width; k++) passed[item * width + k]! *= scale;
  }
  return {
    items: final.slice(0, split),
    passed,
    users: final.slice(split),
    own: start.slice(split).map((value) => share * value),
  };
}
