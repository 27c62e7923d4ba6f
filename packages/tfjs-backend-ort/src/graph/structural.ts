import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { OrtBackend } from '../backend.js';
import { hostTensor, sizeOf, tensor, type Value, value } from './emit.js';
import type { GraphDtype } from './graph.js';

/**
 * Runs a kernel that only moves elements about, for every type: complex tensors by their two parts, and strings, which
 * graphs do not hold, by moving their positions and picking the strings afterwards.
 */
export function moveElements(
  backend: OrtBackend,
  inputs: readonly TensorInfo[],
  build: (values: Value[]) => Value[],
): TensorInfo[] {
  const [first] = inputs as readonly [TensorInfo];
  if (first.dtype === 'complex64') {
    const halves = (['real', 'imag'] as const).map((half) =>
      build(
        inputs.map((info) => value(backend, { ...backend.complexParts(info)[half], shape: info.shape })),
      ).map((each) => tensor(backend, each, 'float32')),
    ) as [TensorInfo[], TensorInfo[]];
    return halves[0].map((real, index) => backend.makeComplexTensor(real, halves[1][index] as TensorInfo));
  }
  if (first.dtype === 'string') {
    // Strings are bytes each, which the type of a reading has no place for.
    const strings = inputs.flatMap((info) => backend.readSync(info.dataId) as unknown as Uint8Array[]);
    let offset = 0;
    const positions = inputs.map((info) => {
      const start = offset;
      offset += sizeOf(info.shape);
      return hostTensor(
        backend,
        Int32Array.from({ length: offset - start }, (_, index) => start + index),
        info.shape,
        'int32',
      );
    });
    const moved = build(positions.map((info) => value(backend, info))).map((each) =>
      tensor(backend, each, 'int32'),
    );
    const results = moved.map((info) =>
      backend.makeStringTensor(
        Array.from(
          backend.readSync(info.dataId) as Int32Array,
          (position) => strings[position] as Uint8Array,
        ),
        info.shape,
      ),
    );
    for (const info of [...positions, ...moved]) backend.disposeIntermediateTensorInfo(info);
    return results;
  }
  return build(inputs.map((info) => value(backend, info))).map((each) =>
    tensor(backend, each, first.dtype as GraphDtype),
  );
}

/** {@link moveElements} where one value comes out. */
export function move(
  backend: OrtBackend,
  inputs: readonly TensorInfo[],
  build: (values: Value[]) => Value,
): TensorInfo {
  return moveElements(backend, inputs, (values) => [build(values)])[0] as TensorInfo;
}
