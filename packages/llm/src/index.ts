export { BatchedEncoder, type EncoderOptions } from './encoders/batched-encoder.js';
export type { EmbeddingModel, PreparedText } from './encoders/embedding-model.js';
export { type TransformersEncoderOptions, transformersEncoder } from './encoders/transformers-encoder.js';
export { useLiteEncoder } from './encoders/use-lite/use-lite.js';
