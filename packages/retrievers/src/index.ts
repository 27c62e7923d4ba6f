export { Ease, type EaseOptions } from './classic/ease.js';
export { ItemKnn, type ItemKnnOptions } from './classic/item-knn.js';
export { PopularityRetriever, type PopularityOptions } from './classic/popularity.js';
export { RandomRetriever } from './classic/random.js';
export { UserKnn, type UserKnnOptions } from './classic/user-knn.js';
