export { type AddedItemsConformanceOptions, addedItemsConformance } from './added-items.js';
export { type AlteredArtifactOptions, alteredArtifactConformance } from './altered-artifacts.js';
export type { ConformanceCase } from './conformance.js';
export { type DisposableConformanceOptions, disposableConformance } from './disposable.js';
export { type FeedbackStoreConformanceOptions, feedbackStoreConformance } from './feedback-store.js';
export { collectGarbage, settled } from './garbage.js';
export {
  type KnowledgeStoreConformanceOptions,
  knowledgeEntry,
  knowledgeStoreConformance,
} from './knowledge-store.js';
export { type LanguageModelConformanceOptions, languageModelConformance } from './language-model.js';
export { type RankerConformanceOptions, rankerConformance } from './ranker.js';
export { type RetrieverConformanceOptions, retrieverConformance } from './retriever.js';
export type { FitRetriever, QualityFloor } from './retriever-fitting.js';
export { type SavedRetrieverOptions, savedRetrieverConformance } from './saved-retriever.js';
export { type SavedSettingsOptions, savedSettingsConformance } from './saved-settings.js';
export { titledCatalog } from './titled-catalog.js';
export { type VectorIndexConformanceOptions, vectorIndexConformance } from './vector-index.js';
