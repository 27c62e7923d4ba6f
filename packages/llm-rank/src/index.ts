export { evaluateStudy, gainAbove, type StudyResult } from './near-cold-start/evaluate-study.js';
export type {
  NearColdStartUser,
  PreferenceInput,
  PromptStyle,
  RatedItem,
  StatedPreferences,
} from './near-cold-start/preferences.js';
export { type ColdStartPromptOptions, coldStartPrompt } from './near-cold-start/prompts.js';
export {
  PROXY_STUDY,
  type ProxyStudyOptions,
  proxyStudy,
  type RecordedPreference,
  withoutStudyUsers,
} from './near-cold-start/proxy-study.js';
export { type LikelihoodOptions, rankByLikelihood } from './near-cold-start/rank-by-likelihood.js';
export { type RankByMeanRatingOptions, rankByMeanRating } from './near-cold-start/rank-by-mean-rating.js';
export {
  bm25Fusion,
  type ItemText,
  type RankByRetrieverOptions,
  rankByRetriever,
} from './near-cold-start/rank-by-retriever.js';
export type { CutSlot } from './p5/cut-counter.js';
export type { P5Explanation, P5Review, P5Texts } from './p5/data/text-units.js';
export type { ItemCodes } from './p5/ids/id-names.js';
export { P5 } from './p5/p5.js';
export {
  P5_FAMILIES,
  P5_OPTIONS,
  type P5ItemIds,
  type P5Options,
  type P5SemanticIds,
} from './p5/p5-options.js';
export type {
  P5Asking,
  P5ExplanationRequest,
  P5FreeSearch,
  P5ReviewRequest,
  P5WritingOptions,
} from './p5/p5-types.js';
export type { Slots, WordList } from './p5/tasks/slots.js';
export type { P5Family, P5Template } from './p5/templates/template.js';
export { P5_TEMPLATES, templateOf } from './p5/templates/templates.js';
export {
  type RowsOfEpoch,
  type SavedTextModel,
  TextModel,
  type WriteOptions,
  type WrittenSequence,
} from './p5/text-model.js';
export { TEXT_MODEL, type TextModelConfig, type TextModelOptions } from './p5/text-model-options.js';
export { type CutTexts, RowTexts, type TextRow, type TextSource } from './p5/text-row.js';
export { type AnswerCounts, fillList, readOrder } from './palr/answer-list.js';
export {
  type Explanation,
  type ExplanationItem,
  type ExplanationReader,
  type ExplanationSources,
  explainerFromKnowledge,
  explainFromKnowledge,
} from './palr/explain.js';
export {
  fineTuningLines,
  INSTRUCTION_TEXT,
  type InstructionTextOptions,
  instructionMessages,
  type PromptCompletion,
  promptCompletions,
} from './palr/export-instructions.js';
export {
  INSTRUCTION_DATA,
  type InstructionData,
  type InstructionDataOptions,
  type InstructionSample,
  type InstructionTask,
  instructionData,
} from './palr/instruction-data.js';
export {
  type ExplainedItem,
  LLM_RANKER,
  LlmRanker,
  type LlmRankerOptions,
  type RankerCounts,
  type RankerKnowledge,
} from './palr/llm-ranker.js';
export { LocalRanker } from './palr/local-ranker.js';
export { LOCAL_RANKER, type LocalRankerOptions, type LocalRankOptions } from './palr/local-ranker-options.js';
export { matchTitle, type TitleMatcher, titleMatcher } from './palr/match-titles.js';
export {
  type ProfileInput,
  type ProfileInputOptions,
  profileInputs,
  profileTemplate,
} from './palr/profile.js';
export {
  type PromptOptions,
  RANKING_TEMPLATES,
  type RankingExample,
  type RankingQuestion,
  readRecommendations,
} from './palr/ranking-prompt.js';
export type { TaughtRanking } from './palr/taught-ranking.js';
export {
  dataEfficiency,
  type EfficiencyPoint,
  EVALUATE_RATINGS,
  type EvaluateRatingsOptions,
  evaluateRatings,
  type RatingResult,
} from './rating/evaluate-ratings.js';
export { LLM_RATER, LlmRater, type LlmRaterOptions } from './rating/llm-rater.js';
export { type MeanKind, meanPredictor } from './rating/mean-predictors.js';
export { parseRating, type RatingFault, type ReadRating, readRating } from './rating/parse-rating.js';
export type { RaterOptions, RatingHead, T5RaterOptions } from './rating/rater-options.js';
export { fitRatingBaseline, type RatingBaseline } from './rating/rating-networks.js';
export { type RatingPromptOptions, ratingFineTuningLines, ratingMessages } from './rating/rating-prompts.js';
export {
  type RatingPredictor,
  type RatingRows,
  type RatingRowsOptions,
  type RatingScale,
  type RatingTask,
  ratingRows,
  takeRows,
} from './rating/rating-rows.js';
export { fitT5Rater } from './rating/t5-rater.js';
