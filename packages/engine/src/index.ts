export type {
  Answer,
  AnswerItem,
  AnswerSources,
  Candidate,
  Explanation,
  FoundBy,
  ItemPage,
  ItemView,
  Stage,
  Understood,
  UserView,
} from './engine/answer.js';
export type { CallOptions, ExplainCallOptions, RefitOptions } from './engine/call-options.js';
export { MOST_ITEMS } from './engine/check-request.js';
export { Engine } from './engine/engine.js';
export type { EngineStatus, MethodStatus, RefitStatus } from './engine/engine-status.js';
export type { ModelEntry, ModelState } from './engine/generation.js';
export {
  DIVERSITY,
  type DiversityConfig,
  type Effort,
  ENGINE,
  type EngineOptions,
  type ItemKnowledge,
  type LiveModel,
  PIPELINE,
  type PipelineConfig,
  RANKER,
  type RankerConfig,
  RETRIEVER,
  type RetrieverConfig,
} from './engine/options.js';
export type { ChosenModel, RefitReport } from './engine/refit.js';
export type {
  Asker,
  ExplainRequest,
  FeedbackEvent,
  Filter,
  FilterValue,
  HistoryEntry,
  NewItem,
  RankRequest,
  RecommendRequest,
  SearchRequest,
  SimilarRequest,
} from './engine/request.js';
export { ListFile } from './everybody/list-file.js';
export {
  EVERYBODY,
  type EverybodyOptions,
  type EverybodyReport,
  scoreEverybody,
} from './everybody/score-everybody.js';
export type { ItemMap } from './map/item-map.js';
export { DISTIL, type DistilOptions, distilRanker } from './methods/distil-ranker.js';
export { type FitOrLoadOptions, type FittedOrLoaded, fitOrLoadMethod } from './methods/fit-or-load-method.js';
export type {
  FitContext,
  FittedMethod,
  LoadContext,
  Method,
  MethodContext,
  MethodNeed,
  MethodOptions,
  MethodSettings,
} from './methods/method.js';
export {
  type EncoderSource,
  engineEncoder,
  type MethodContextOptions,
  methodContext,
} from './methods/method-context.js';
export { checkSettings, METHODS, methodOf } from './methods/methods.js';
