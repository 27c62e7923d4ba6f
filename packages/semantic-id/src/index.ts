export { CodebookCollapseError, codeUsage, type LevelUsage } from './codebooks/code-usage.js';
export type { Codebook, CodebookParts } from './codebooks/codebook.js';
export {
  CODEBOOKS,
  type CodebookClass,
  type CodebookKind,
  type CodebookOptions,
} from './codebooks/codebooks.js';
export { LSH, LshCodebook, type LshOptions } from './codebooks/lsh.js';
export { RANDOM_CODES, RandomCodebook, type RandomCodebookOptions } from './codebooks/random-codebook.js';
export { RQ_K_MEANS, RqKMeans, type RqKMeansOptions } from './codebooks/rq-k-means.js';
export { RQ_VAE, RqVae, type RqVaeOptions } from './codebooks/rq-vae.js';
export { type IdReport, reportIds } from './ids/id-report.js';
export { type IdTreeOptions, printIdTree } from './ids/id-tree.js';
export { IdTrie } from './ids/id-trie.js';
export { SEMANTIC_IDS, SemanticIds, type SemanticIdsOptions } from './ids/semantic-ids.js';
export { entropyAtK } from './tiger/entropy.js';
export type { FreeSearch } from './tiger/free-search.js';
export type { SearchProof } from './tiger/left-out.js';
export { Tiger } from './tiger/tiger.js';
export { TIGER, type TigerMode, type TigerOptions } from './tiger/tiger-options.js';
export type { TigerRetrieveOptions } from './tiger/tiger-search.js';
