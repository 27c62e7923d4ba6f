import { ArtifactError, artifactTensor, type TensorData } from '@palate/core';
import type { SparseRows } from './sparse.js';

/**
 * A tensor of an artifact as finite 32-bit floats.
 *
 * @throws ArtifactError if it is missing, or of another type or shape, or a value is not finite
 */
export function savedFloats(
  dir: string,
  tensors: Readonly<Record<string, TensorData>>,
  name: string,
  shape: readonly number[],
): Float32Array {
  return artifactTensor(dir, tensors, name, { type: 'float32', shape }).values;
}

/**
 * A list of an artifact as 32-bit whole numbers.
 *
 * @param length - how many there are; any number if left out
 * @param below - what all of them are below
 * @throws ArtifactError if it is missing, or of another type or length, or a value is negative or too large
 */
export function savedIntegers(
  dir: string,
  tensors: Readonly<Record<string, TensorData>>,
  name: string,
  length: number | undefined,
  below: number,
): Int32Array {
  return artifactTensor(dir, tensors, name, { type: 'int32', shape: [length], min: 0, max: below - 1 })
    .values;
}

/**
 * Where each row of a sparse table starts, and behind them where the last one ends.
 *
 * @param rows - how many there are; any number if left out
 * @throws ArtifactError if they do not rise from 0
 */
export function savedOffsets(
  dir: string,
  tensors: Readonly<Record<string, TensorData>>,
  name: string,
  rows?: number,
): Int32Array {
  const offsets = savedIntegers(dir, tensors, name, rows === undefined ? undefined : rows + 1, 2 ** 31);
  const wrong = offsets.findIndex((offset, k) => (k === 0 ? offset !== 0 : offset < offsets[k - 1]!));
  if (offsets.length === 0 || wrong >= 0)
    throw new ArtifactError(dir, {
      expected: `offsets in ${name} that rise from 0`,
      received: offsets.length === 0 ? 'none' : `${offsets[wrong]} at position ${wrong}`,
      hint: 'The artifact was changed: restore it, or fit again.',
    });
  return offsets;
}

/** A sparse matrix as tensors of an artifact; {@link savedRows} reads them. */
export function tensorsOfRows({ offsets, columns }: SparseRows): Readonly<Record<string, TensorData>> {
  return {
    offsets: { shape: [offsets.length], values: offsets },
    columns: { shape: [columns.length], values: columns },
  };
}

/**
 * A sparse matrix of an artifact, of any number of rows.
 *
 * @throws ArtifactError if its tensors are missing, or are no matrix of `columnCount` columns
 */
export function savedRows(
  dir: string,
  tensors: Readonly<Record<string, TensorData>>,
  columnCount: number,
): SparseRows {
  const offsets = savedOffsets(dir, tensors, 'offsets');
  return { offsets, columns: savedIntegers(dir, tensors, 'columns', offsets.at(-1), columnCount) };
}
