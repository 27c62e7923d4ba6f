import { Tensor } from 'onnxruntime-common';

/** A tensor of ONNX Runtime, the same for its native and its WebAssembly build. */
export const OrtTensor = Tensor;
export type OrtTensor = Tensor;

/** Tensors by name. */
export type OrtTensors = Readonly<Record<string, OrtTensor>>;
