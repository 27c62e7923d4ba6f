import type { Dataset, Retriever } from '@palate/core';
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
import { Bert4Rec, SasRec } from '@palate/sequential';
import { type FitContext, shared, trained } from './fit-context.js';
import { fitGraphModel } from './graph-systems.js';
import type { SystemOptions } from './suite.js';
import { fitPalr, fitTextKnn, fitTiger } from './text-systems.js';

/** A system that suites can name. */
export interface BenchmarkSystem {
  /** True where the seed changes nothing: one seed is run. */
  readonly deterministic: boolean;
  /** Options go to the system's own `fit`, which refuses what it does not know. */
  readonly fit: (dataset: Dataset, options: SystemOptions, context: FitContext) => Promise<Retriever>;
}

/** Every system of the benchmark by its key: a new one is one entry here. */
export const SYSTEMS: Readonly<Record<string, BenchmarkSystem>> = {
  random: {
    deterministic: false,
    fit: (data, options, context) => RandomRetriever.fit(data, { ...options, ...shared(context) }),
  },
  popularity: {
    deterministic: true,
    fit: (data, options, context) => PopularityRetriever.fit(data, { ...options, ...shared(context) }),
  },
  'item-knn': {
    deterministic: true,
    fit: (data, options, context) => ItemKnn.fit(data, { ...options, ...shared(context) }),
  },
  'user-knn': {
    deterministic: true,
    fit: (data, options, context) => UserKnn.fit(data, { ...options, ...shared(context) }),
  },
  ease: {
    deterministic: true,
    fit: (data, options, context) => Ease.fit(data, { ...options, ...shared(context) }),
  },
  ials: {
    deterministic: false,
    fit: (data, options, context) => ImplicitAls.fit(data, { ...options, ...shared(context) }),
  },
  bpr: {
    deterministic: false,
    fit: (data, options, context) => BprMf.fit(data, { ...options, ...shared(context) }),
  },
  bm25: {
    deterministic: true,
    fit: (data, options, context) => Bm25Retriever.fit(data, { ...options, ...shared(context) }),
  },
  sasrec: {
    deterministic: false,
    fit: (data, options, context) => SasRec.fit(data, { ...options, ...trained(context) }),
  },
  bert4rec: {
    deterministic: false,
    fit: (data, options, context) => Bert4Rec.fit(data, { ...options, ...trained(context) }),
  },
  'text-knn': { deterministic: true, fit: fitTextKnn },
  tiger: { deterministic: false, fit: fitTiger },
  palr: { deterministic: false, fit: fitPalr },
  graph: { deterministic: false, fit: fitGraphModel },
};
