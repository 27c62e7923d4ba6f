export { OrtBackend, type OrtBackendOptions, type OrtStatistics } from './backend.js';
export { type CompiledStep, type CompileOptions, compile, type StepResult } from './compile.js';
export { type ExportOnnxOptions, exportOnnx, type NamedTensors } from './export-onnx.js';
export { layerNorm, sparseCrossEntropy } from './fused.js';
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
export { OrtSession, type OrtSessionOptions, OrtTensor, type OrtTensors } from './ort-session.js';
export { dropout, dropoutMask, multinomial, randomNormal, randomUniform } from './random.js';
export { hostKernels, ortBackend, registerOrtBackend } from './register.js';
export { heldTensor, heldVariable } from './variables.js';
