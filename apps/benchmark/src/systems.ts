import type { CatalogueScorer, Dataset, LongCallOptions } from '@palate/core';
import {
  Bm25Retriever,
  BprMf,
  Ease,
  ImplicitAls,
  ItemKnn,
  PopularityRetriever,
  RandomRetriever,
  UserKnn,
} from '@palate/retrievers';
import type { SystemOptions } from './suite.js';

/** A system that suites can name. */
export interface BenchmarkSystem {
  /** True where the seed changes nothing: one seed is run. */
  readonly deterministic: boolean;
  /** Options go to the system's own `fit`, which refuses what it does not know. */
  readonly fit: (
    dataset: Dataset,
    options: SystemOptions,
    shared: LongCallOptions,
  ) => Promise<CatalogueScorer>;
}

/** Every system of the benchmark by its key: a new one is one entry here. */
export const SYSTEMS: Readonly<Record<string, BenchmarkSystem>> = {
  random: {
    deterministic: false,
    fit: (data, options, shared) => RandomRetriever.fit(data, { ...options, ...shared }),
  },
  popularity: {
    deterministic: true,
    fit: (data, options, shared) => PopularityRetriever.fit(data, { ...options, ...shared }),
  },
  'item-knn': {
    deterministic: true,
    fit: (data, options, shared) => ItemKnn.fit(data, { ...options, ...shared }),
  },
  'user-knn': {
    deterministic: true,
    fit: (data, options, shared) => UserKnn.fit(data, { ...options, ...shared }),
  },
  ease: { deterministic: true, fit: (data, options, shared) => Ease.fit(data, { ...options, ...shared }) },
  ials: {
    deterministic: false,
    fit: (data, options, shared) => ImplicitAls.fit(data, { ...options, ...shared }),
  },
  bpr: { deterministic: false, fit: (data, options, shared) => BprMf.fit(data, { ...options, ...shared }) },
  bm25: {
    deterministic: true,
    fit: (data, options, shared) => Bm25Retriever.fit(data, { ...options, ...shared }),
  },
};
