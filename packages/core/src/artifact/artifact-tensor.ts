import { ArtifactError } from '../basics/errors.js';
import type { TensorData } from './safetensors.js';

/** Typed arrays of the types that artifacts keep. */
export interface TensorArrays {
  readonly float32: Float32Array;
  readonly float64: Float64Array;
  readonly int32: Int32Array;
  readonly uint8: Uint8Array;
}

const CLASSES = {
  float32: Float32Array,
  float64: Float64Array,
  int32: Int32Array,
  uint8: Uint8Array,
} as const;

/** Tensor that an artifact has to hold under a name. */
export interface TensorExpectation<T extends keyof TensorArrays> {
  readonly type: T;
  /** Extents; `undefined` where any will do. */
  readonly shape: readonly (number | undefined)[];
  /** Bounds of every value, both included: an index table's are `{ min: 0, max: items - 1 }`. */
  readonly min?: number | undefined;
  readonly max?: number | undefined;
}

/**
 * Takes a tensor out of an artifact after checking what a loader relies on: type, shape, bounds, and that no value is
 * NaN or infinite.
 *
 * @param dir - the artifact, for the message
 * @throws ArtifactError naming the tensor and what is wrong with it
 */
export function artifactTensor<T extends keyof TensorArrays>(
  dir: string,
  tensors: Readonly<Record<string, TensorData>>,
  name: string,
  expectation: TensorExpectation<T>,
): { readonly shape: readonly number[]; readonly values: TensorArrays[T] } {
  const { type, shape, min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY } = expectation;
  const refuse = (received: string): ArtifactError =>
    new ArtifactError(dir, {
      expected: `the ${type} tensor ${name} of shape [${shape.map((extent) => extent ?? 'any').join(', ')}]`,
      received,
      hint: 'The artifact was changed, or belongs to another model: restore it, or fit again.',
    });
  const found = Object.hasOwn(tensors, name) ? tensors[name] : undefined;
  if (!found) throw refuse('none');
  if (!(found.values instanceof CLASSES[type])) throw refuse(`one of ${found.values.constructor.name}`);
  if (
    found.shape.length !== shape.length ||
    shape.some((extent, axis) => extent !== undefined && found.shape[axis] !== extent)
  )
    throw refuse(`shape [${found.shape.join(', ')}]`);
  const values = found.values as TensorArrays[T];
  for (let k = 0; k < values.length; k++) {
    const value = values[k] as number;
    // Written so that NaN is out of bounds.
    if (
      !(value >= min && value <= max) ||
      value === Number.POSITIVE_INFINITY ||
      value === Number.NEGATIVE_INFINITY
    )
      throw refuse(`${value} at position ${k}`);
  }
  return { shape: found.shape, values };
}

/** The same tensors with a prefix before their names, to be kept beside others; {@link tensorsUnder} finds them again. */
export function prefixedTensors(
  tensors: Readonly<Record<string, TensorData>>,
  prefix: string,
): Record<string, TensorData> {
  return Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [prefix + name, tensor]));
}

/** The tensors whose names begin with a prefix, under what follows it. */
export function tensorsUnder(
  tensors: Readonly<Record<string, TensorData>>,
  prefix: string,
): Record<string, TensorData> {
  return Object.fromEntries(
    Object.entries(tensors)
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, tensor]) => [name.slice(prefix.length), tensor]),
  );
}
