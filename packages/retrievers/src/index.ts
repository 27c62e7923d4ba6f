export { BM25, type Bm25Options, Bm25Retriever } from './classic/bm25.js';
export { BPR_MF, BprMf, type BprMfOptions } from './classic/bpr-mf.js';
export { BPR_SLIM, BprSlim, type BprSlimOptions } from './classic/bpr-slim.js';
export { EASE, Ease, type EaseOptions } from './classic/ease.js';
export { fuseLists } from './classic/fuse-lists.js';
export { FUSION, Fusion, type FusionOptions } from './classic/fusion.js';
export { IMPLICIT_ALS, ImplicitAls, type ImplicitAlsOptions } from './classic/implicit-als.js';
export { ITEM_KNN, ItemKnn, type ItemKnnOptions } from './classic/item-knn.js';
export { CLASSIC_METHODS, type ClassicMethod } from './classic/methods.js';
export { POPULARITY, type PopularityOptions, PopularityRetriever } from './classic/popularity.js';
export { RandomRetriever } from './classic/random.js';
export { USER_KNN, UserKnn, type UserKnnOptions } from './classic/user-knn.js';
export { defaultCompute } from './compute/default-compute.js';
export type { DoubleProducts, MatrixCompute } from './compute/matrix-compute.js';
export { plainCompute } from './compute/plain-compute.js';
export { type SparseRows, transpose, userItemMatrix } from './sparse.js';
export { type ApproximateIndexOptions, approximateIndex } from './vector/approximate-index.js';
export { EXACT, ExactIndex, type ExactIndexOptions } from './vector/exact-index.js';
export { HNSW, HnswIndex, type HnswIndexOptions } from './vector/hnsw-index.js';
export type { HnswGraph, HnswLibrary } from './vector/hnsw-library.js';
export {
  TEXT,
  type TextQueryOptions,
  TextRetriever,
  type TextRetrieverOptions,
} from './vector/text-retriever.js';
