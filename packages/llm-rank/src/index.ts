export { type AnswerCounts, fillList, readOrder } from './palr/answer-list.js';
export { type Explanation, type ExplanationSources, explainFromKnowledge } from './palr/explain.js';
export {
  fineTuningLines,
  type InstructionTextOptions,
  instructionMessages,
  type PromptCompletion,
  promptCompletions,
} from './palr/export-instructions.js';
export {
  type InstructionData,
  type InstructionDataOptions,
  type InstructionSample,
  type InstructionTask,
  instructionData,
} from './palr/instruction-data.js';
export {
  type ExplainedItem,
  LlmRanker,
  type LlmRankerOptions,
  type RankerCounts,
  type RankerKnowledge,
} from './palr/llm-ranker.js';
export { LocalRanker, type LocalRankOptions } from './palr/local-ranker.js';
export type { LocalRankerOptions } from './palr/local-ranker-options.js';
export { matchTitle } from './palr/match-titles.js';
export { type ProfileInput, type ProfileInputOptions, profileInputs, profileTemplate } from './palr/profile.js';
