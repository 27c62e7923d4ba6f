import { ArtifactError, PalateError } from '../basics/errors.js';
import type { TensorData } from './safetensors.js';

/**
 * Compares tensors of an artifact with the shapes that its settings imply, before anything of that size is made.
 *
 * @param dir - the artifact, for the message
 * @param shapes - the shape of each tensor that has to be there
 * @throws ArtifactError naming the first that is missing, of another shape, or not of 32-bit floats
 */
export function checkSavedShapes(
  dir: string,
  tensors: Readonly<Record<string, TensorData>>,
  shapes: Readonly<Record<string, readonly number[]>>,
): void {
  for (const [name, shape] of Object.entries(shapes)) {
    const found = Object.hasOwn(tensors, name) ? tensors[name] : undefined;
    if (found?.shape.join() === shape.join() && found.values instanceof Float32Array) continue;
    throw new ArtifactError(dir, {
      expected: `the tensor ${name} of 32-bit floats and the shape [${shape.join(', ')}], as the settings say`,
      received: found ? `${found.values.constructor.name} of shape [${found.shape.join(', ')}]` : 'none',
      hint: 'The artifact was changed or written by another version: restore it, or fit again.',
    });
  }
}

/**
 * Compares the names of an artifact's weights with those that a rebuilt model has.
 *
 * @throws ArtifactError naming the first weight that the model does not have: its settings are not those it was saved with
 */
export function checkSavedNames(
  dir: string,
  tensors: Readonly<Record<string, TensorData>>,
  known: Iterable<string>,
): void {
  const names = new Set(known);
  const extra = Object.keys(tensors).find((name) => !names.has(name));
  if (extra !== undefined)
    throw new ArtifactError(dir, {
      expected: `the ${names.size} weights that its settings ask for`,
      received: `${JSON.stringify(extra)} beside them`,
      hint: 'The artifact was changed or written by another version: restore it, or fit again.',
    });
}

/**
 * Rebuilds something from an artifact; whatever the parts make fail is an error of the artifact. Cancelled calls and
 * missing dependencies stay what they are.
 *
 * @param expected - what is rebuilt, for the message
 * @throws ArtifactError with the cause
 */
export async function rebuildSaved<T>(
  dir: string,
  expected: string,
  build: () => T | Promise<T>,
): Promise<T> {
  try {
    return await build();
  } catch (cause) {
    if (PalateError.is(cause) && ['artifact', 'cancelled', 'missing-dependency'].includes(cause.code))
      throw cause;
    throw new ArtifactError(dir, {
      expected,
      received: cause instanceof Error ? cause.message : String(cause),
      hint: 'The artifact was changed or written by another version: restore it, or fit again.',
      cause,
    });
  }
}
