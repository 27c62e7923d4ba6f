import { type Dataset, withLog } from '@palate/core';
import {
  type FitRetriever,
  type RetrieverConformanceOptions,
  retrieverConformance,
} from '@palate/core/testing';
import { loadBundledMovieTweetings } from '@palate/dataset-movietweetings';
import { kCore } from '@palate/datasets';
import { describe, test } from 'vitest';
import {
  Bm25Retriever,
  BprMf,
  BprSlim,
  Ease,
  Fusion,
  ImplicitAls,
  ItemKnn,
  PopularityRetriever,
  plainCompute,
  RandomRetriever,
  UserKnn,
} from '../src/index.js';

/** Of MovieTweetings the part in which everybody and every film has at least ten ratings. */
async function someFilms(): Promise<Dataset> {
  const films = await loadBundledMovieTweetings();
  return withLog(films, kCore(films.log, { users: 10, items: 10 }));
}

/**
 * A floor on the hit rate at 10 among these films, a tenth below what the method reaches. The most popular ten hold .164;
 * ten at random hold .01.
 */
const floor = (hitRate: number, fit?: FitRetriever) => ({ quality: { dataset: someFilms, hitRate, fit } });

const retrievers: Record<string, RetrieverConformanceOptions> = {
  Random: {
    fit: (data, options) => RandomRetriever.fit(data, options),
    load: (dir) => RandomRetriever.load(dir),
    emptyQuery: 'own choice',
  },
  Popularity: {
    fit: (data, options) => PopularityRetriever.fit(data, options),
    load: (dir) => PopularityRetriever.load(dir),
    ...floor(0.15),
  },
  'recent popularity': {
    fit: (data, options) => PopularityRetriever.fit(data, { halfLifeDays: 0.001, ...options }),
    load: (dir) => PopularityRetriever.load(dir),
    emptyQuery: 'own choice',
    ...floor(0.22, (data, options) => PopularityRetriever.fit(data, { halfLifeDays: 30, ...options })),
  },
  ItemKnn: {
    fit: (data, options) => ItemKnn.fit(data, { neighbours: 5, ...options }),
    load: (dir) => ItemKnn.load(dir),
    ...floor(0.165, (data, options) => ItemKnn.fit(data, options)),
  },
  UserKnn: {
    fit: (data, options) => UserKnn.fit(data, { neighbours: 5, shrinkage: 1, ...options }),
    load: (dir) => UserKnn.load(dir),
    ...floor(0.165, (data, options) => UserKnn.fit(data, options)),
  },
  'Ease, native': {
    fit: (data, options) => Ease.fit(data, { lambda: 10, ...options }),
    load: (dir) => Ease.load(dir),
    ...floor(0.16, (data, options) => Ease.fit(data, { lambda: 100, ...options })),
  },
  'Ease, plain': {
    fit: (data, options) => Ease.fit(data, { lambda: 10, compute: plainCompute, ...options }),
    load: (dir) => Ease.load(dir),
    ...floor(0.16, (data, options) => Ease.fit(data, { lambda: 100, compute: plainCompute, ...options })),
  },
  ImplicitAls: {
    fit: (data, options) => ImplicitAls.fit(data, { factors: 6, iterations: 3, ...options }),
    load: (dir) => ImplicitAls.load(dir),
    ...floor(0.13, (data, options) => ImplicitAls.fit(data, { factors: 16, iterations: 5, ...options })),
  },
  BprMf: {
    fit: (data, options) => BprMf.fit(data, { factors: 6, epochs: 5, ...options }),
    load: (dir) => BprMf.load(dir),
    ...floor(0.125, (data, options) => BprMf.fit(data, { factors: 16, ...options })),
  },
  BprSlim: {
    fit: (data, options) => BprSlim.fit(data, { epochs: 5, ...options }),
    load: (dir) => BprSlim.load(dir),
    ...floor(0.13, (data, options) => BprSlim.fit(data, options)),
  },
  Bm25Retriever: {
    fit: (data, options) => Bm25Retriever.fit(data, options),
    load: (dir) => Bm25Retriever.load(dir),
    ...floor(0.11),
  },
  'Fusion by rank': {
    create: async (data) => new Fusion([await ItemKnn.fit(data), await Bm25Retriever.fit(data)]),
    ...floor(0.17),
  },
  'Fusion by score': {
    create: async (data) =>
      new Fusion([await Ease.fit(data), await PopularityRetriever.fit(data)], {
        method: 'scores',
        weights: [3, 1],
      }),
    ...floor(0.155),
  },
};

for (const [name, options] of Object.entries(retrievers))
  describe(name, () => {
    for (const { name: fact, run } of retrieverConformance(options)) test(fact, run);
  });
