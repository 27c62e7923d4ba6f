import { type SavedRetrieverOptions, savedRetrieverConformance } from '@palate/core/testing';
import { describe, test } from 'vitest';
import {
  Bm25Retriever,
  BprMf,
  BprSlim,
  Ease,
  ImplicitAls,
  ItemKnn,
  PopularityRetriever,
  RandomRetriever,
  UserKnn,
} from '../src/index.js';

const cases: Record<string, SavedRetrieverOptions> = {
  ItemKnn: {
    fit: (dataset) => ItemKnn.fit(dataset, { neighbours: 3 }),
    load: (dir) => ItemKnn.load(dir),
    forged: [{ neighbours: 0 }, { shrinkage: '1' }],
  },
  UserKnn: {
    fit: (dataset) => UserKnn.fit(dataset, { neighbours: 4 }),
    load: (dir) => UserKnn.load(dir),
    forged: [{ neighbours: 1.5 }, { shrinkage: -1 }],
  },
  Ease: {
    fit: (dataset) => Ease.fit(dataset, { lambda: 10 }),
    load: (dir) => Ease.load(dir),
    forged: [{ lambda: 0 }],
  },
  ImplicitAls: {
    fit: (dataset) => ImplicitAls.fit(dataset, { factors: 4, iterations: 2 }),
    load: (dir) => ImplicitAls.load(dir),
    forged: [{ factors: 5 }, { factors: 1e9 }, { alpha: -2 }],
  },
  BprMf: {
    fit: (dataset) => BprMf.fit(dataset, { factors: 4, epochs: 2 }),
    load: (dir) => BprMf.load(dir),
    forged: [{ factors: 5 }, { learningRate: -1 }, { seed: 'zero' }],
  },
  BprSlim: {
    fit: (dataset) => BprSlim.fit(dataset, { epochs: 2 }),
    load: (dir) => BprSlim.load(dir),
    forged: [{ learningRate: -1 }, { epochs: 0 }],
  },
  Popularity: {
    fit: (dataset) => PopularityRetriever.fit(dataset),
    load: (dir) => PopularityRetriever.load(dir),
    forged: [{ halfLifeDays: -3 }],
  },
  Random: {
    fit: (dataset) => RandomRetriever.fit(dataset),
    load: (dir) => RandomRetriever.load(dir),
    forged: [{ seed: 0.5 }],
  },
  Bm25: {
    fit: (dataset) => Bm25Retriever.fit(dataset),
    load: (dir) => Bm25Retriever.load(dir),
    forged: [{ k1: -1 }, { b: 7 }],
  },
};

for (const [name, options] of Object.entries(cases))
  describe(`a saved artifact of ${name}`, () => {
    for (const { name: fact, run } of savedRetrieverConformance(options)) test(fact, run);
  });
