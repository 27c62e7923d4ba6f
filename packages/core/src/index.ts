export type { AddedItem, AddedItemStore, StoredItem } from './added-items.js';
export {
  type Artifact,
  type ArtifactContents,
  type ArtifactFile,
  readArtifact,
  verifyArtifact,
  writeArtifact,
} from './artifact.js';
export { checkReplaceable, removeArtifact } from './artifact-folder.js';
export { type ArtifactManifest, readManifest } from './artifact-manifest.js';
export {
  artifactTensor,
  prefixedTensors,
  type TensorArrays,
  type TensorExpectation,
  tensorsUnder,
} from './artifact-tensor.js';
export { writeFailure, writeFileAtomically, writerOf, writingName } from './atomic-file.js';
export { type AttributeValue, Catalog, type CatalogColumns } from './catalog.js';
export { contentHash } from './content-hash.js';
export { createDataset, type Dataset, type UserTable, withLog } from './dataset.js';
export { type Disposable, disposedOnFailure } from './disposable.js';
export { distinctHistory } from './distinct-history.js';
export {
  type EdgePrior,
  type EdgePriorSettings,
  edgePriorOf,
  edgePriorOptions,
  restoredWithEdges,
  withEdgeProvenance,
} from './edge-prior.js';
export { EmbeddingTable } from './embedding-table.js';
export {
  ArtifactError,
  CancelledError,
  clip,
  InvalidInputError,
  LeakError,
  MissingDependencyError,
  PalateError,
  type PalateErrorDetails,
  ParseError,
  type SourcePosition,
  UnknownIdError,
  UnsupportedError,
  UntrustworthyResultError,
} from './errors.js';
export { Favourites } from './favourites.js';
export {
  FEEDBACK_KINDS,
  type FeedbackKind,
  type FeedbackRecord,
  type FeedbackStore,
  MemoryFeedbackStore,
  type StoredFeedback,
} from './feedback-store.js';
export { fingerprint } from './fingerprint.js';
export { foldedWords, foldText } from './fold-text.js';
export { historyEnds } from './history-ends.js';
export { IdMap, IdMapBuilder } from './id-map.js';
export {
  checkSharedIds,
  type InteractionColumns,
  InteractionLog,
  type UserMajorView,
} from './interaction-log.js';
export { ItemEdges, type ItemPairs } from './item-edges.js';
export { KNOWLEDGE_KEY_FIELDS, knowledgeJson, knowledgeKeyParts } from './knowledge-key.js';
export {
  type KnowledgeEntry,
  type KnowledgeFilter,
  type KnowledgeKey,
  type KnowledgeStore,
  provenanceOf,
  provenanceOfAll,
} from './knowledge-store.js';
export type {
  ChatMessage,
  GenerateOutcome,
  GenerateRequest,
  GenerateResult,
  LanguageModel,
  LikelihoodRequest,
  LikelihoodResult,
  TokenUsage,
} from './language-model.js';
export { sweepLeftoverWrites } from './leftover-writes.js';
export type { ListPlan, ListSink, UserList } from './list-sink.js';
export { listsFromScores } from './lists-from-scores.js';
export { type LoadOrFitOptions, loadOrFit } from './load-or-fit.js';
export { nearestName, unknownName } from './nearest-name.js';
export {
  defineOptions,
  type EarlierSettings,
  type OptionDeclaration,
  type OptionKind,
  type OptionSet,
  type OptionsOf,
  option,
  type SettingsOf,
} from './option-declarations.js';
export {
  checkChoice,
  checkNumber,
  checkOptions,
  type Filled,
  isObject,
  type NumberBounds,
} from './options.js';
export {
  OutcomeCounter,
  type OutcomeCounts,
  type OutcomeOptions,
  sumOutcomes,
} from './outcome-counts.js';
export { PIPELINE, Pipeline, type PipelineOptions } from './pipeline.js';
export { printable, printableJson, quoteForPrompt } from './plain-text.js';
export { isAlive } from './process-alive.js';
export {
  LONG_CALL_OPTIONS,
  type LongCallOptions,
  orCancelled,
  type Progress,
  throwIfCancelled,
  yieldToEventLoop,
} from './progress.js';
export {
  checkProvenance,
  type InteractionSource,
  joinProvenance,
  madeFrom,
  type PredictedInteractions,
  type Provenance,
  provenanceOfLog,
  provenanceOfParts,
  readProvenance,
  type SeenOfUser,
  UNKNOWN,
  WORLD,
} from './provenance.js';
export {
  checkValidationUnseen,
  fittedOnLogs,
  fittedOnParts,
  savedFittedOn,
  savedProvenance,
  trainingOf,
} from './provenance-of-models.js';
export { RandomStream } from './random.js';
export { readTextIfThere } from './read-text-if-there.js';
export type { ReadingReport } from './reading-report.js';
export { type Recommendation, type Recommendations, type RecommendRequest, recommend } from './recommend.js';
export {
  type CatalogueScorer,
  isCatalogueScorer,
  type Query,
  type Ranker,
  RETRIEVE_OPTIONS,
  type RetrieveOptions,
  type Retriever,
  type Saveable,
  type ScoredItem,
} from './retriever.js';
export { decodeSafetensors, encodeSafetensors, type TensorData, type TensorValues } from './safetensors.js';
export { itemFiles, savedItems } from './saved-items.js';
export { type SavedFiles, savedJson, savedTexts } from './saved-json.js';
export { checkSavedNames, checkSavedShapes, rebuildSaved } from './saved-parts.js';
export { type ClaimHolder, type ClaimOutcome, isHeld, ownClaim } from './storage/claim-holder.js';
export { type FolderLock, isLockName, lockFolder } from './storage/folder-lock.js';
export { JsonLedger } from './storage/json-ledger.js';
export { RecordDatabase, type RecordDatabaseOptions, type StoredRecord } from './storage/record-database.js';
export type { RecordKey } from './storage/record-key.js';
export { type RestoreRecordsOptions, type RestoreReport, restoreRecords } from './storage/restore-records.js';
export { StoreError, type StoreErrorCode, storeErrorOf } from './storage/store-error.js';
export type { EncodedTexts, TextEncoder } from './text-encoder.js';
export { byScore, topK, unavailableItems } from './top-k.js';
export { switchOffUsageReports } from './usage-reports.js';
export { type UserSystem, userCacheFolder, userDataFolder } from './user-folders.js';
export type { VectorAddOptions, VectorIndex, VectorMatch, VectorSearchOptions } from './vector-index.js';
export { checkVectorAddition, countVectorRows, VECTOR_WIDTH } from './vector-rows.js';
export { heldOutOf, noteHeldOut, noteParts, noteWithheld, partsOf, withheldFrom } from './withheld.js';
export { wordsOf } from './words.js';
