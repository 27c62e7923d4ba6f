import { Catalog, createDataset, type Dataset, InteractionLog } from '@palate/core';
import { type SavedSettingsOptions, savedSettingsConformance } from '@palate/core/testing';
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

const log = InteractionLog.fromRows(
  Array.from({ length: 60 }, (_, k) => ({
    user: `u${k % 10}`,
    item: `i${(k * 7 + Math.floor(k / 10)) % 12}`,
    timestamp: k,
  })),
);
const dataset: Dataset = createDataset({
  name: 'small',
  log,
  catalog: new Catalog({ items: log.items, text: { title: [...log.items] } }),
  licence: 'MIT',
  source: 'made up',
});

const cases: Record<string, SavedSettingsOptions> = {
  ItemKnn: {
    fit: () => ItemKnn.fit(dataset, { neighbours: 3 }),
    load: (dir) => ItemKnn.load(dir),
    forged: [{ neighbours: 0 }, { shrinkage: '1' }],
  },
  UserKnn: {
    fit: () => UserKnn.fit(dataset),
    load: (dir) => UserKnn.load(dir),
    forged: [{ neighbours: 1.5 }, { shrinkage: -1 }],
  },
  Ease: {
    fit: () => Ease.fit(dataset),
    load: (dir) => Ease.load(dir),
    forged: [{ lambda: 0 }],
  },
  ImplicitAls: {
    fit: () => ImplicitAls.fit(dataset, { factors: 4, iterations: 1 }),
    load: (dir) => ImplicitAls.load(dir),
    forged: [{ factors: 5 }, { factors: 1e9 }, { alpha: -2 }],
  },
  BprMf: {
    fit: () => BprMf.fit(dataset, { factors: 4, epochs: 1 }),
    load: (dir) => BprMf.load(dir),
    forged: [{ factors: 5 }, { learningRate: -1 }, { seed: 'zero' }],
  },
  BprSlim: {
    fit: () => BprSlim.fit(dataset, { epochs: 1 }),
    load: (dir) => BprSlim.load(dir),
    forged: [{ learningRate: -1 }, { epochs: 0 }],
  },
  Popularity: {
    fit: () => PopularityRetriever.fit(dataset),
    load: (dir) => PopularityRetriever.load(dir),
    forged: [{ halfLifeDays: -3 }],
  },
  Random: {
    fit: () => RandomRetriever.fit(dataset),
    load: (dir) => RandomRetriever.load(dir),
    forged: [{ seed: 0.5 }],
  },
  Bm25: {
    fit: () => Bm25Retriever.fit(dataset),
    load: (dir) => Bm25Retriever.load(dir),
    forged: [{ k1: -1 }, { b: 7 }],
  },
};

for (const [name, options] of Object.entries(cases))
  describe(`${name} from a folder whose checksums hold`, () => {
    for (const { name: fact, run } of savedSettingsConformance(options)) test(fact, run);
  });
