export { OrtBackend } from './backend.js';
export { ORT_BACKEND, type OrtBackendOptions, type OrtStatistics } from './graph/backend-options.js';
export { EXPORT_ONNX, type ExportOnnxOptions, exportOnnx, type NamedTensors } from './graph/export-onnx.js';
export {
  encodeOnnx,
  type OnnxAttribute,
  type OnnxGraph,
  type OnnxInitializer,
  type OnnxNode,
  type OnnxType,
  type OnnxValue,
} from './graph/onnx-encoder.js';
export { heldTensor, heldVariable } from './memory/variables.js';
export { gatherInRange, layerNorm, logShares, sparseCrossEntropy } from './operations/fused.js';
export { registerGradients } from './operations/gradients.js';
export { dropout, dropoutMask, multinomial, randomNormal, randomUniform } from './operations/random.js';
export { hostKernels, ortBackend, registerOrtBackend } from './register.js';
export { type OrtRuntimeReport, ortRuntime } from './runtime/choose-runtime.js';
export { OrtTensor, type OrtTensors } from './runtime/ort-tensor.js';
export type { OrtRuntime, OrtSessionOptions } from './runtime/session-driver.js';
export { OrtSession } from './sessions/ort-session.js';
export { COMPILE, type CompiledStep, type CompileOptions, compile } from './steps/compile.js';
export { FREEZE, type FreezeOptions, type FrozenFunction, type FrozenInput, freeze } from './steps/freeze.js';
export type { StepResult } from './steps/recording.js';
