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
export { BiEncoder } from './encoder/bi-encoder.js';
export { BI_ENCODER, type BiEncoderOptions } from './encoder/bi-encoder-options.js';
export type { Tuned } from './encoder/trained-encoder.js';
export {
  type RequestPairs,
  type RequestPairsOptions,
  requestPairs,
  selectPairs,
  splitPairsByUser,
} from './pairs/request-pairs.js';
export { type ApplyRequestOptions, applyRequest, type RuledOut } from './understanding/apply-request.js';
export { describeRequest } from './understanding/describe-request.js';
export { speaksOf } from './understanding/speaks-of.js';
export {
  type RequestLimit,
  type UnderstoodRequest,
  understandRequest,
} from './understanding/understand-request.js';
