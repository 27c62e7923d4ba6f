import { type RetrieverConformanceOptions, retrieverConformance } from '@palate/core/testing';
import { describe, test } from 'vitest';
import {
  Bm25Retriever,
  BprMf,
  Ease,
  Fusion,
  ImplicitAls,
  ItemKnn,
  PopularityRetriever,
  plainCompute,
  RandomRetriever,
  UserKnn,
} from '../src/index.js';

const retrievers: Record<string, RetrieverConformanceOptions> = {
  Random: {
    create: (data, seed) => RandomRetriever.fit(data, { seed }),
    load: (dir) => RandomRetriever.load(dir),
    emptyQuery: 'own choice',
  },
  Popularity: {
    create: (data) => PopularityRetriever.fit(data),
    load: (dir) => PopularityRetriever.load(dir),
  },
  'recent popularity': {
    create: (data) => PopularityRetriever.fit(data, { halfLifeDays: 0.001 }),
    load: (dir) => PopularityRetriever.load(dir),
    emptyQuery: 'own choice',
  },
  ItemKnn: { create: (data) => ItemKnn.fit(data, { neighbours: 5 }), load: (dir) => ItemKnn.load(dir) },
  UserKnn: {
    create: (data) => UserKnn.fit(data, { neighbours: 5, shrinkage: 1 }),
    load: (dir) => UserKnn.load(dir),
  },
  'Ease, native': { create: (data) => Ease.fit(data, { lambda: 10 }), load: (dir) => Ease.load(dir) },
  'Ease, plain': {
    create: (data) => Ease.fit(data, { lambda: 10, compute: plainCompute }),
    load: (dir) => Ease.load(dir),
  },
  ImplicitAls: {
    create: (data, seed) => ImplicitAls.fit(data, { factors: 6, iterations: 3, seed }),
    load: (dir) => ImplicitAls.load(dir),
  },
  BprMf: {
    create: (data, seed) => BprMf.fit(data, { factors: 6, epochs: 5, seed }),
    load: (dir) => BprMf.load(dir),
  },
  Bm25Retriever: { create: (data) => Bm25Retriever.fit(data), load: (dir) => Bm25Retriever.load(dir) },
  'Fusion by rank': {
    create: async (data) => new Fusion([await ItemKnn.fit(data), await Bm25Retriever.fit(data)]),
  },
  'Fusion by score': {
    create: async (data) =>
      new Fusion([await Ease.fit(data), await PopularityRetriever.fit(data)], {
        method: 'scores',
        weights: [3, 1],
      }),
  },
};

for (const [name, options] of Object.entries(retrievers))
  describe(name, () => {
    for (const { name: fact, run } of retrieverConformance(options)) test(fact, run);
  });
