export {
  attend,
  causalMask,
  mergeHeads,
  packedCausalMask,
  paddingMask,
  SelfAttention,
  splitHeads,
} from './attention.js';
export { type Batch, type BatchTensors, batchTensors } from './batch.js';
export { type CatalogueLossOptions, catalogueCrossEntropy, crossEntropyAmong } from './catalogue-loss.js';
export type { CheckpointOptions, EpochReport } from './checkpoint.js';
export { type Activation, activate, FeedForward, type FeedForwardOptions } from './feed-forward.js';
export { fitNetwork, type NetworkTraining, type TrainingSettings } from './fit-network.js';
export { ForwardPass } from './forward-pass.js';
export { FrozenGraphs, type GraphToFreeze } from './frozen-graphs.js';
export { Dense, Embedding, LayerNorm, RmsNorm, rmsNorm } from './layers.js';
export { batchByLength, bucketLengths, bucketOf, type LengthBatch } from './length-buckets.js';
export {
  binaryCrossEntropy,
  generalisedBce,
  infoNce,
  sampledSoftmax,
  softmaxCrossEntropy,
  tripletLoss,
} from './losses.js';
export {
  ADAFACTOR,
  ADAGRAD,
  ADAM_W,
  Adafactor,
  type AdafactorOptions,
  Adagrad,
  type AdagradOptions,
  AdamW,
  type AdamWOptions,
  clipByGlobalNorm,
  type Gradients,
  type Optimiser,
  type StepScalars,
} from './optimisers.js';
export type { OuterLayer } from './outer-layer.js';
export { type PackedBatch, type PackedShape, packedShape, packSequences } from './pack-sequences.js';
export { type PaddedRows, padRows } from './pad-rows.js';
export { type Initializer, normal, ones, Parameters, uniform, zeros } from './parameters.js';
export { type Lookup, lookedUp, ROW_TABLES, RowTables, type RowTablesOptions } from './row-tables.js';
export {
  constantSchedule,
  cosineSchedule,
  inverseSquareRootSchedule,
  optionsSchedule,
  RATE_DECAYS,
  type RateDecay,
  type Schedule,
} from './schedules.js';
export {
  type BackendName,
  SELECT_BACKEND,
  type SelectBackendOptions,
  selectBackend,
} from './select-backend.js';
export { SHAPE, T5_SHAPE } from './shape-options.js';
export { shuffledBatches } from './shuffled-batches.js';
export { stopGradient } from './stop-gradient.js';
export { type T5Config, t5Config } from './t5/config.js';
export { type BestTokens, DecoderSteps } from './t5/decoder-steps.js';
export { checkVocabulary, type FreshT5, freshT5, type T5Vocabulary } from './t5/fresh-t5.js';
export {
  type AllowedTokens,
  GENERATE,
  type GenerateOptions,
  generate,
  generateEncoded,
} from './t5/generate.js';
export { GENERATE_AMONG, type GenerateAmongOptions, generateAmong } from './t5/generate-among.js';
export type { GeneratedSequence } from './t5/generated-sequence.js';
export {
  encodedSequenceLoss,
  type LabelTensors,
  labelColumns,
  sequenceLogLikelihoods,
  sequenceLoss,
  type TextPairs,
} from './t5/sequence-loss.js';
export { type EncodedInput, type KeyValues, T5 } from './t5/t5.js';
export { TokenTrie } from './t5/token-trie.js';
export type { FoundSequence } from './t5/trie-search.js';
export { TRAIN, type TrainOptions } from './train-options.js';
export { type TrainResult, train } from './trainer.js';
export {
  type TrainingDeclarations,
  type TrainingDefaults,
  type TrainingOptionName,
  trainingOptions,
} from './training-options.js';
export { applyBlocks, TransformerBlock, type TransformerBlockOptions } from './transformer-block.js';
