export {
  AI_SDK_ENCODER,
  type AiSdkEmbeddingModel,
  type AiSdkEncoderOptions,
  aiSdkEncoder,
} from './encoders/ai-sdk-encoder.js';
export { BatchedEncoder, type EncoderOptions } from './encoders/batched-encoder.js';
export { bertParts } from './encoders/bert-parts.js';
export type { EmbeddingModel, PreparedText } from './encoders/embedding-model.js';
export type {
  EncoderParts,
  EncoderPass,
  EncoderWeightNames,
  RunningEncoder,
} from './encoders/encoder-parts.js';
export { EncodingError, type FailedText } from './encoders/encoding-error.js';
export { joinVectors, type WeightedVectors } from './encoders/join-vectors.js';
export { OPENAI_ENCODER, type OpenAIEncoderOptions, openaiEncoder } from './encoders/openai-encoder.js';
export { REDUCE_VECTORS, type ReduceVectorsOptions, reduceVectors } from './encoders/reduce-vectors.js';
export {
  TRANSFORMERS_ENCODER,
  type TransformersEncoderOptions,
  transformersEncoder,
} from './encoders/transformers-encoder.js';
export type { TransformersLibrary } from './encoders/transformers-options.js';
export { USE_LITE, type UseLiteOptions, useLiteEncoder } from './encoders/use-lite/use-lite.js';
export { useLiteParts } from './encoders/use-lite/use-lite-parts.js';
export { AnswerCache } from './middleware/answer-cache.js';
export { BUDGET, Budget, BudgetExceededError, type BudgetOptions } from './middleware/budget.js';
export { WITH_CACHE, type WithCacheOptions, withCache } from './middleware/cache.js';
export {
  type CostEstimate,
  ESTIMATE_COST,
  type EstimateCostOptions,
  estimateCost,
} from './middleware/estimate-cost.js';
export { LIMITS, type LimitOptions, withLimits } from './middleware/limits.js';
export { RETRY, type RetryNotice, type RetryOptions, withRetry } from './middleware/retry.js';
export type { Spending, TokenPrice } from './middleware/spending.js';
export type { TokenCounting } from './middleware/token-counting.js';
export {
  type SpanTracer,
  TRACING,
  type TraceSpan,
  type TracingOptions,
  withTracing,
} from './middleware/tracing.js';
export { WITH_BUDGET, type WithBudgetOptions, withBudget } from './middleware/with-budget.js';
export {
  AI_SDK_MODEL,
  type AiSdkLanguageModel,
  type AiSdkModelOptions,
  aiSdkModel,
} from './models/ai-sdk.js';
export type { ScoredGenerateResult, StructuredOutput, TokenLogProbability } from './models/chat-format.js';
export { estimateTokens, mostTokens } from './models/count-tokens.js';
export { type GrammarSchema, grammarSchema } from './models/grammar-schema.js';
export {
  LLAMA_CPP_MODEL,
  type LlamaCppLibrary,
  type LlamaCppModel,
  type LlamaCppModelOptions,
  llamaCppModel,
} from './models/llama-cpp.js';
export { ModelCallError, type ModelErrorCode } from './models/model-error.js';
export {
  OPENAI_BATCH,
  OPENAI_MODEL,
  type OpenAIModel,
  type OpenAIModelOptions,
  openaiModel,
} from './models/openai.js';
export {
  type BatchProgress,
  GENERATE_BY_BATCH,
  type GenerateByBatchOptions,
  generateByBatch,
  OpenAIBatch,
  type OpenAIBatchOptions,
} from './models/openai-batch.js';
export type { OpenAIConnectionOptions } from './models/openai-connection.js';
export {
  MissingAnswerError,
  RECORDED_MODEL,
  type RecordedAnswer,
  type RecordedModelOptions,
  recordedModel,
  recording,
} from './models/recorded.js';
export type { LeftOut, RefusableParameter } from './models/refusals.js';
export { type KeyedModel, requestKey } from './models/request-key.js';
export { RERANK, type RerankOptions, type RerankRanker, rerankRanker } from './models/rerank.js';
export { withSchemaInstruction } from './models/schema-format.js';
export {
  type CallOptions,
  languageModel,
  type SingleCalls,
  type StreamingLanguageModel,
  singleCalls,
} from './models/single-calls.js';
export { TextStream } from './models/text-stream.js';
export {
  TRANSFORMERS_MODEL,
  type TransformersModelOptions,
  transformersModel,
} from './models/transformers.js';
export { type AnswerText, answerText } from './structured/answer-text.js';
export {
  beforeNextTurn,
  type FoundJson,
  findJson,
  type JsonCandidate,
  jsonCandidates,
} from './structured/find-json.js';
export {
  GENERATE_STRUCTURED,
  type GenerateStructuredOptions,
  generateStructured,
  InvalidStructureError,
  type StructuredOutcome,
} from './structured/generate-structured.js';
export {
  type ReadAnswer,
  readAnswer,
  type UnusableAnswerCode,
  UnusableAnswerError,
  unusableText,
} from './structured/read-answer.js';
export { INTERJECTION, listEntry, readList } from './structured/read-list.js';
export { NUMBER_WORDS, numberOf, plainDigits } from './structured/read-number.js';
export { structureSchema } from './structured/structure-schema.js';
export { folderTokens } from './tokens/folder-tokens.js';
export { readTextTokens } from './tokens/read-text-tokens.js';
export type { TextTokens } from './tokens/text-tokens.js';
export { VOCABULARY } from './tokens/vocabulary-option.js';
export { WORD_TOKENS, type WordTokensOptions, wordTokens } from './tokens/word-tokens.js';
