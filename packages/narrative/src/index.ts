export { type ApplyRequestOptions, applyRequest, type RuledOut } from './understanding/apply-request.js';
export { describeRequest } from './understanding/describe-request.js';
export { speaksOf } from './understanding/speaks-of.js';
export {
  type RequestLimit,
  type UnderstoodRequest,
  understandRequest,
} from './understanding/understand-request.js';
