import { type TensorData, yieldToEventLoop } from '@palate/core';
import { savedFloats, savedIntegers, savedOffsets, tensorsOfRows } from '../saved-tensors.js';

/** Items of which a weight is kept for each item: a share, and at least so many. */
const SHARE = 25;
const LEAST = 20;

/** Weights that are kept of each row. */
const keptOf = (size: number): number => Math.min(size, Math.max(LEAST, Math.floor(size / SHARE)));

/**
 * Sets all weights but the largest of each row to zero, by their absolute value; of equal ones those of the lower items stay.
 *
 * @param weights - row-major, `size` x `size`; changed in place
 */
export async function keepTop(
  weights: Float32Array,
  size: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  const kept = keptOf(size);
  if (kept === size) return;
  const sorted = new Float32Array(size);
  for (let row = 0; row < size; row++) {
    if (row % 256 === 0) await yieldToEventLoop(signal, 'fitting EASE');
    const own = weights.subarray(row * size, (row + 1) * size);
    for (let k = 0; k < size; k++) sorted[k] = Math.abs(own[k]!);
    sorted.sort();
    const least = sorted[size - kept]!;
    let equal = kept;
    for (let k = 0; k < size; k++) if (Math.abs(own[k]!) > least) equal--;
    for (let k = 0; k < size; k++) {
      const value = Math.abs(own[k]!);
      if (value > least) continue;
      if (value === least && equal > 0) equal--;
      else own[k] = 0;
    }
  }
}

/** The weights that are not zero as tensors of an artifact, a row after the other. */
export function sparseTensors(weights: Float32Array, size: number): Record<string, TensorData> {
  const offsets = new Int32Array(size + 1);
  for (let row = 0, count = 0; row < size; row++) {
    for (let k = row * size; k < (row + 1) * size; k++) if (weights[k] !== 0) count++;
    offsets[row + 1] = count;
  }
  const count = offsets[size]!;
  const columns = new Int32Array(count);
  const values = new Float32Array(count);
  for (let k = 0, at = 0; k < weights.length; k++) {
    const value = weights[k]!;
    if (value === 0) continue;
    columns[at] = k % size;
    values[at++] = value;
  }
  return { ...tensorsOfRows({ offsets, columns }), values: { shape: [count], values } };
}

/**
 * The weights of {@link sparseTensors}, row-major.
 *
 * @param dir - the artifact, for the message
 * @throws ArtifactError if they are not those of so many items
 */
export function denseWeights(
  dir: string,
  tensors: Readonly<Record<string, TensorData>>,
  size: number,
): Float32Array {
  const offsets = savedOffsets(dir, tensors, 'offsets', size);
  const count = offsets[size]!;
  const columns = savedIntegers(dir, tensors, 'columns', count, size);
  const values = savedFloats(dir, tensors, 'values', [count]);
  const weights = new Float32Array(size * size);
  for (let row = 0; row < size; row++)
    for (let at = offsets[row]!; at < offsets[row + 1]!; at++)
      weights[row * size + columns[at]!] = values[at]!;
  return weights;
}
