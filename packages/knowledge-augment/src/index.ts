export type { KnowledgeFailure } from './store/failure-ledger.js';
export {
  type GenerateKnowledgeOptions,
  generateKnowledge,
  type KnowledgeInput,
  type KnowledgeReport,
  pendingKnowledge,
} from './store/generate-knowledge.js';
export { exportKnowledge, importKnowledge } from './store/knowledge-files.js';
export { openKnowledgeStore } from './store/lmdb-knowledge-store.js';
export type { CleanedAnswer, PromptTemplate } from './store/prompt-template.js';
export { type RecordedKnowledgeOptions, recordedKnowledge } from './store/recorded-knowledge.js';
