export { type AuthorRequestsOptions, authorRequests } from './authoring/author-requests.js';
export type { AuthoredRequest } from './authoring/authored-request.js';
export { AUTHORING, type AuthoringInputsOptions, authoringInputs } from './authoring/authoring-inputs.js';
export { type AuthoringInput, authoringTemplate } from './authoring/authoring-template.js';
export { DEMONSTRATIONS, type Demonstration } from './authoring/demonstrations.js';
export {
  AUTHORS,
  type Author,
  type SelectAuthorsOptions,
  selectAuthors,
} from './authoring/select-authors.js';
export { titleNamed } from './authoring/title-named.js';
export { CrossEncoder } from './cross-encoder/cross-encoder.js';
export { CROSS_ENCODER, type CrossEncoderOptions } from './cross-encoder/cross-encoder-options.js';
export {
  NARRATIVE_RANKER,
  NarrativeRanker,
  type NarrativeRankerOptions,
} from './cross-encoder/narrative-ranker.js';
export { BiEncoder } from './encoder/bi-encoder.js';
export { BI_ENCODER, type BiEncoderOptions } from './encoder/bi-encoder-options.js';
export { SURROUNDINGS } from './encoder/surroundings.js';
export type { Tuned } from './encoder/trained-encoder.js';
export {
  CROSS_FIT,
  type CrossFitOptions,
  crossFittedLikelihoods,
  KEEP_LIKELY,
  type KeepLikelyOptions,
  keepLikely,
  textsOfPairs,
} from './filter/filter-pairs.js';
export { type ModelLikelihoodOptions, modelLikelihood } from './filter/model-likelihood.js';
export type { RequestGivenItem, RequestLikelihood } from './filter/request-likelihood.js';
export { T5Likelihood } from './filter/t5-likelihood.js';
export { T5_LIKELIHOOD, type T5LikelihoodOptions } from './filter/t5-likelihood-options.js';
export {
  UNIGRAM_LIKELIHOOD,
  UnigramLikelihood,
  type UnigramLikelihoodOptions,
} from './filter/unigram-likelihood.js';
export { LateCrossEncoder } from './late/late-cross-encoder.js';
export { LATE_CROSS_ENCODER, type LateCrossEncoderOptions } from './late/late-options.js';
export { CLAUSE_PAIRS, type ClausePairsOptions, clausePairs } from './pairs/clause-pairs.js';
export {
  type RequestPairs,
  type RequestPairsOptions,
  requestPairs,
  selectPairs,
  splitPairsByUser,
} from './pairs/request-pairs.js';
export {
  LIKELIHOOD_RANKER,
  LikelihoodRanker,
  type LikelihoodRankerOptions,
} from './ranking/likelihood-ranker.js';
export {
  NARRATIVE_RETRIEVER,
  NarrativeRetriever,
  type NarrativeRetrieverOptions,
} from './retrieval/narrative-retriever.js';
export {
  type KnownAnswers,
  REQUEST_FUSION,
  RequestFusion,
  type RequestFusionOptions,
} from './retrieval/request-fusion.js';
export { RequestRules, type RequestRulesOptions, type UnderstoodQuery } from './retrieval/request-rules.js';
export { type ApplyRequestOptions, applyRequest, type RuledOut } from './understanding/apply-request.js';
export { describeRequest } from './understanding/describe-request.js';
export { speaksOf } from './understanding/speaks-of.js';
export { type UnderstandOptions, understandRequest } from './understanding/understand-request.js';
export type { RequestLimit, UnderstoodRequest } from './understanding/understood-request.js';
