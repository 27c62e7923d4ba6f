export {
  type Artifact,
  type ArtifactContents,
  type ArtifactFile,
  readArtifact,
  verifyArtifact,
  writeArtifact,
} from './artifact/artifact.js';
export { checkReplaceable, removeArtifact } from './artifact/artifact-folder.js';
export { type ArtifactManifest, readManifest } from './artifact/artifact-manifest.js';
export {
  artifactTensor,
  prefixedTensors,
  type TensorArrays,
  type TensorExpectation,
  tensorsUnder,
} from './artifact/artifact-tensor.js';
export { writeFailure, writeFileAtomically, writerOf, writingName } from './artifact/atomic-file.js';
export { sweepLeftoverWrites } from './artifact/leftover-writes.js';
export { readTextIfThere } from './artifact/read-text-if-there.js';
export {
  decodeSafetensors,
  encodeSafetensors,
  type TensorData,
  type TensorValues,
} from './artifact/safetensors.js';
export { itemFiles, savedItems } from './artifact/saved-items.js';
export { type SavedFiles, savedJson, savedText, savedTexts } from './artifact/saved-json.js';
export { checkSavedNames, checkSavedShapes, rebuildSaved } from './artifact/saved-parts.js';
export { type Disposable, disposedOnFailure } from './basics/disposable.js';
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
} from './basics/errors.js';
export { entryNamed, nearestName, unknownName } from './basics/nearest-name.js';
export {
  checkChoice,
  checkNumber,
  checkOptions,
  type Filled,
  isObject,
  type NumberBounds,
} from './basics/options.js';
export {
  OutcomeCounter,
  type OutcomeCounts,
  type OutcomeOptions,
  sumOutcomes,
} from './basics/outcome-counts.js';
export { isAlive } from './basics/process-alive.js';
export {
  LONG_CALL_OPTIONS,
  type LongCallOptions,
  orCancelled,
  type Progress,
  throwIfCancelled,
  yieldToEventLoop,
} from './basics/progress.js';
export { RandomStream } from './basics/random.js';
export type { ReadingReport } from './basics/reading-report.js';
export { switchOffUsageReports } from './basics/usage-reports.js';
export type { AddedItem, AddedItemStore, StoredItem } from './data/added-items.js';
export { type AttributeValue, Catalog, type CatalogColumns } from './data/catalog.js';
export { checkSameItems } from './data/check-same-items.js';
export { createDataset, type Dataset, type UserTable, withLog } from './data/dataset.js';
export { EmbeddingTable } from './data/embedding-table.js';
export {
  FEEDBACK_KINDS,
  type FeedbackKind,
  type FeedbackRecord,
  type FeedbackStore,
  MemoryFeedbackStore,
  type StoredFeedback,
} from './data/feedback-store.js';
export { fingerprint } from './data/fingerprint.js';
export { historyEnds } from './data/history-ends.js';
export { IdMap, IdMapBuilder } from './data/id-map.js';
export {
  checkSharedIds,
  type InteractionColumns,
  InteractionLog,
  type UserMajorView,
} from './data/interaction-log.js';
export { ItemEdges, type ItemPairs } from './data/item-edges.js';
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
} from './data/provenance.js';
export { type UserSystem, userCacheFolder, userDataFolder } from './data/user-folders.js';
export {
  heldOutOf,
  isWithheld,
  logsAround,
  noteHeldOut,
  noteParts,
  noteWithheld,
  partsOf,
  withheldFrom,
} from './data/withheld.js';
export { foldedWords, foldText } from './language/fold-text.js';
export { KNOWLEDGE_KEY_FIELDS, knowledgeJson, knowledgeKeyParts } from './language/knowledge-key.js';
export {
  type KnowledgeEntry,
  type KnowledgeFilter,
  type KnowledgeKey,
  type KnowledgeStore,
  provenanceOf,
  provenanceOfAll,
} from './language/knowledge-store.js';
export type {
  ChatMessage,
  GenerateOutcome,
  GenerateRequest,
  GenerateResult,
  LanguageModel,
  LikelihoodRequest,
  LikelihoodResult,
  TokenUsage,
} from './language/language-model.js';
export { printable, printableJson, quoteForPrompt } from './language/plain-text.js';
export type { EncodedTexts, TextEncoder } from './language/text-encoder.js';
export { wordsOf } from './language/words.js';
export { checkCandidates } from './recommend/check-candidates.js';
export { type Asked, checkRanking, checkRetrieval } from './recommend/check-request.js';
export { distinctHistory } from './recommend/distinct-history.js';
export {
  type EdgePrior,
  type EdgePriorSettings,
  edgePriorOf,
  edgePriorOptions,
  restoredWithEdges,
  withEdgeProvenance,
} from './recommend/edge-prior.js';
export { Favourites } from './recommend/favourites.js';
export {
  type FittedArtifact,
  type FittedContents,
  type FittedFacts,
  readFitted,
  writeFitted,
} from './recommend/fitted-artifact.js';
export type { ListPlan, ListSink, UserList } from './recommend/list-sink.js';
export { listsFromScores } from './recommend/lists-from-scores.js';
export { type LoadOrFitOptions, loadOrFit } from './recommend/load-or-fit.js';
export { PIPELINE, Pipeline, type PipelineOptions } from './recommend/pipeline.js';
export {
  checkFittedApart,
  checkValidationUnseen,
  fittedOnLogs,
  fittedOnParts,
  savedFittedOn,
  savedProvenance,
  trainingOf,
} from './recommend/provenance-of-models.js';
export {
  type Recommendation,
  type Recommendations,
  type RecommendRequest,
  recommend,
} from './recommend/recommend.js';
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
} from './recommend/retriever.js';
export { byScore, checkQueryItems, topK, unavailableItems } from './recommend/top-k.js';
export type {
  VectorAddOptions,
  VectorIndex,
  VectorMatch,
  VectorSearchOptions,
} from './recommend/vector-index.js';
export { checkVectorAddition, countVectorRows, VECTOR_WIDTH } from './recommend/vector-rows.js';
export { contentHash } from './settings/content-hash.js';
export {
  defineOptions,
  type EarlierSettings,
  type OptionDeclaration,
  type OptionKind,
  type OptionSet,
  type OptionsOf,
  option,
  type SettingsOf,
} from './settings/option-declarations.js';
export { type ClaimHolder, type ClaimOutcome, isHeld, ownClaim } from './storage/claim-holder.js';
export { type FolderLock, isLockName, lockFolder } from './storage/folder-lock.js';
export { JsonLedger } from './storage/json-ledger.js';
export { RecordDatabase, type RecordDatabaseOptions, type StoredRecord } from './storage/record-database.js';
export type { RecordKey } from './storage/record-key.js';
export { type RestoreRecordsOptions, type RestoreReport, restoreRecords } from './storage/restore-records.js';
export { StoreError, type StoreErrorCode, storeErrorOf } from './storage/store-error.js';
