export type { BackboneOptions, CtrBackbone, MakeBackbone } from './ctr/backbone.js';
export { BACKBONES, type BackboneName } from './ctr/backbones.js';
export type { CtrInput, CtrShape } from './ctr/ctr-input.js';
export { CtrModel, type CtrResult, shareOfSamples } from './ctr/ctr-model.js';
export { CTR, type CtrOptions } from './ctr/ctr-options.js';
export type { CtrEntities } from './ctr/entities.js';
export type { CtrKnowledge } from './ctr/knowledge-input.js';
export type { ScoreRequest } from './ctr/score-request.js';
export type { UpsertedEntities, Upserts } from './ctr/upsert-entities.js';
export type { SampleContext } from './features/context-columns.js';
export {
  CTR_SAMPLES,
  type CtrSamples,
  type CtrSamplesOptions,
  type CtrSplit,
  ctrSamples,
  splitByTimes,
  splitByUsers,
  takeSamples,
} from './features/ctr-samples.js';
export type { FeatureDeclaration, FeatureEncoding } from './features/feature-encoding.js';
export {
  type EncodedFeature,
  encodeFeatures,
  encodeFeaturesLike,
  type FeatureSet,
  type SeenEntities,
  seenEntities,
} from './features/feature-set.js';
export { checkKnowledgeLeak } from './features/knowledge-leak.js';
export {
  type CandidateRequest,
  type KnownHistories,
  requestLists,
  requestSamples,
} from './features/request-samples.js';
export { ADAPTOR, type AdaptorKind, type AdaptorOptions } from './kar/adaptor-options.js';
export { askFactors, type DomainFactors, FACTORS } from './kar/factors.js';
export { KnowledgeAdaptor } from './kar/hybrid-experts.js';
export {
  earlyCount,
  itemFactsTemplate,
  type ReasoningInput,
  type ReasoningInputOptions,
  reasoningInputs,
  userReasoningTemplate,
} from './kar/kar-prompts.js';
export { encodeKnowledge, type KnowledgeVectors } from './kar/knowledge-vectors.js';
export {
  type AugmentationKind,
  augmentationTemplate,
  type ItemPromptInput,
} from './llm-rec/augmentation-prompts.js';
export { cleanTags, cleanText } from './llm-rec/clean-answers.js';
export { engagementInputs, type ItemTexts, neighbourTexts } from './llm-rec/engagement.js';
export { type ItemTextVectors, itemTextVectors, type TextCombination } from './llm-rec/item-text-vectors.js';
export {
  buildTagVocabulary,
  candidateTags,
  TAG_VOCABULARY,
  type TagVocabulary,
  type TagVocabularyOptions,
  tagGeneratively,
} from './llm-rec/tag-gpt.js';
export {
  type SelectedTags,
  TAG_SELECTION,
  type TagSelectionInput,
  type TagSelectionOptions,
  tagSelectionTemplate,
  tagSelectively,
} from './llm-rec/tag-selection.js';
export { TwoTower } from './llm-rec/two-tower.js';
export { TWO_TOWER, type TwoTowerOptions } from './llm-rec/two-tower-options.js';
export { userKeywordsTemplate } from './palr/user-keywords.js';
export { LIST_MODELS, type ListModelName } from './rerank/list-models.js';
export {
  RERANK_LISTS,
  type RerankListOptions,
  type RerankLists,
  rerankLists,
} from './rerank/rerank-lists.js';
export { type RerankResult, rerankMetrics } from './rerank/rerank-metrics.js';
export { Reranker } from './rerank/reranker.js';
export { RERANKER, type RerankerOptions } from './rerank/reranker-options.js';
export type { KnowledgeFailure } from './store/failure-ledger.js';
export {
  GENERATE_KNOWLEDGE,
  type GenerateKnowledgeOptions,
  generateKnowledge,
  type KnowledgeInput,
  type KnowledgeReport,
  knowledgeOf,
  pendingKnowledge,
} from './store/generate-knowledge.js';
export { exportKnowledge, importKnowledge } from './store/knowledge-files.js';
export {
  openKnowledgeStore,
  type RestoreKnowledgeOptions,
  restoreKnowledgeStore,
} from './store/lmdb-knowledge-store.js';
export type { CleanedAnswer, PromptTemplate } from './store/prompt-template.js';
export { type RecordedKnowledgeOptions, recordedKnowledge } from './store/recorded-knowledge.js';
