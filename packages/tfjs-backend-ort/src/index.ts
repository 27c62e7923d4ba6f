export { OrtBackend } from './backend.js';
export { ORT_BACKEND, type OrtBackendOptions, type OrtStatistics } from './backend-options.js';
export { COMPILE, type CompiledStep, type CompileOptions, compile } from './compile.js';
export { EXPORT_ONNX, type ExportOnnxOptions, exportOnnx, type NamedTensors } from './export-onnx.js';
export { FREEZE, type FreezeOptions, type FrozenFunction, type FrozenInput, freeze } from './freeze.js';
export { gatherInRange, layerNorm, logShares, sparseCrossEntropy } from './fused.js';
export { registerGradients } from './gradients.js';
export {
  encodeOnnx,
  type OnnxAttribute,
  type OnnxGraph,
  type OnnxInitializer,
  type OnnxNode,
  type OnnxType,
  type OnnxValue,
} from './onnx-encoder.js';
export { OrtSession } from './ort-session.js';
export { dropout, dropoutMask, multinomial, randomNormal, randomUniform } from './random.js';
export type { StepResult } from './recording.js';
export { hostKernels, ortBackend, registerOrtBackend } from './register.js';
export { type OrtRuntimeReport, ortRuntime } from './runtime/choose-runtime.js';
export { OrtTensor, type OrtTensors } from './runtime/ort-tensor.js';
export type { OrtRuntime, OrtSessionOptions } from './runtime/session-driver.js';
export { heldTensor, heldVariable } from './variables.js';
