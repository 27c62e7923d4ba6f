export { type Bm25Options, Bm25Retriever } from './classic/bm25.js';
export { BprMf, type BprMfOptions } from './classic/bpr-mf.js';
export { Ease, type EaseOptions } from './classic/ease.js';
export { Fusion, type FusionOptions } from './classic/fusion.js';
export { ImplicitAls, type ImplicitAlsOptions } from './classic/implicit-als.js';
export { ItemKnn, type ItemKnnOptions } from './classic/item-knn.js';
export { type PopularityOptions, PopularityRetriever } from './classic/popularity.js';
export { RandomRetriever } from './classic/random.js';
export { UserKnn, type UserKnnOptions } from './classic/user-knn.js';
