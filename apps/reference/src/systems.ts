import type { CatalogueScorer, Dataset, LongCallOptions, Saveable } from '@palate/core';
import {
  Bm25Retriever,
  BprMf,
  Ease,
  ImplicitAls,
  ItemKnn,
  PopularityRetriever,
  UserKnn,
} from '@palate/retrievers';

/** A recommender that the command line can fit, save and load. */
export interface System {
  /** Name on the command line and of the artifact's folder. */
  readonly key: string;
  /** Description in a few words. */
  readonly title: string;
  readonly fit: (dataset: Dataset, options: LongCallOptions) => Promise<CatalogueScorer & Saveable>;
  readonly load: (dir: string) => Promise<CatalogueScorer & Saveable>;
}

/** Every recommender of the command line: a new one is one entry here. */
export const SYSTEMS: readonly System[] = [
  {
    key: 'popularity',
    title: 'what most have rated',
    fit: (data, options) => PopularityRetriever.fit(data, options),
    load: (dir) => PopularityRetriever.load(dir),
  },
  {
    key: 'item-knn',
    title: 'films liked together',
    fit: (data, options) => ItemKnn.fit(data, options),
    load: (dir) => ItemKnn.load(dir),
  },
  {
    key: 'user-knn',
    title: 'people with the same films',
    fit: (data, options) => UserKnn.fit(data, options),
    load: (dir) => UserKnn.load(dir),
  },
  {
    key: 'ease',
    title: 'linear autoencoder',
    fit: (data, options) => Ease.fit(data, options),
    load: (dir) => Ease.load(dir),
  },
  {
    key: 'ials',
    title: 'matrix factorisation',
    fit: (data, options) => ImplicitAls.fit(data, options),
    load: (dir) => ImplicitAls.load(dir),
  },
  {
    key: 'bpr',
    title: 'pairwise matrix factorisation',
    fit: (data, options) => BprMf.fit(data, options),
    load: (dir) => BprMf.load(dir),
  },
  {
    key: 'bm25',
    title: 'words of title and genres',
    fit: (data, options) => Bm25Retriever.fit(data, options),
    load: (dir) => Bm25Retriever.load(dir),
  },
];
