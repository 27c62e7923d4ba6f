import { type Artifact, ArtifactError, IdMap, type TensorData } from '@palate/core';

/** Name of the file that keeps a retriever's item ids. */
const ITEMS = 'items.json';

/** Files of an artifact that keep an id map. */
export function itemFiles(items: Iterable<string>): Record<string, string> {
  return { [ITEMS]: JSON.stringify([...items]) };
}

/**
 * The id map of an artifact.
 *
 * @throws ArtifactError if it is missing or no list of ids
 */
export function savedItems(dir: string, artifact: Artifact, file = ITEMS, what = 'item'): IdMap {
  const bytes = artifact.files[file];
  try {
    return new IdMap(JSON.parse(Buffer.from(bytes ?? []).toString('utf8')) as string[], what);
  } catch (cause) {
    throw new ArtifactError(dir, {
      expected: `a list of ids in ${file}`,
      received: bytes ? 'something else' : 'no such file',
      hint: 'The artifact was not written by this class: fit and save again.',
      cause,
    });
  }
}

/**
 * A tensor of an artifact as 32-bit floats.
 *
 * @throws ArtifactError if it is missing, of another type or of another number of values
 */
export function savedFloats(
  dir: string,
  tensors: Readonly<Record<string, TensorData>>,
  name: string,
  length: number,
): Float32Array {
  const values = tensors[name]?.values;
  if (values instanceof Float32Array && values.length === length) return values;
  throw new ArtifactError(dir, {
    expected: `the tensor ${name} with ${length} 32-bit floats`,
    received: values ? `${values.length} values` : 'none',
    hint: 'The artifact was not written by this class: fit and save again.',
  });
}

/** A tensor of an artifact as 32-bit whole numbers; `length` is checked where it is given. */
export function savedIntegers(
  dir: string,
  tensors: Readonly<Record<string, TensorData>>,
  name: string,
  length?: number,
): Int32Array {
  const values = tensors[name]?.values;
  if (values instanceof Int32Array && (length === undefined || values.length === length)) return values;
  throw new ArtifactError(dir, {
    expected: `the tensor ${name} with ${length ?? 'some'} 32-bit integers`,
    received: values ? `${values.length} values` : 'none',
    hint: 'The artifact was not written by this class: fit and save again.',
  });
}
