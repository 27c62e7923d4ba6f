import { Catalog, createDataset, type Dataset, InteractionLog } from '@palate/core';
import { type SavedSettingsOptions, savedSettingsConformance } from '@palate/core/testing';
import { describe, test } from 'vitest';
import { Bert4Rec, SasRec } from '../src/index.js';

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
const sequential = { dimension: 8, blocks: 1, heads: 2, maxLength: 6, epochs: 1, batchSize: 8 };

const SEQUENTIAL_FORGERIES = [
  { heads: 3 },
  { heads: 0 },
  { dimension: 16 },
  { dimension: 8192 },
  { blocks: 2 },
  { blocks: 0 },
  { maxLength: 100_000 },
  { maxLength: 4000 },
  { dropout: 'much' },
];

const cases: Record<string, SavedSettingsOptions> = {
  SasRec: {
    fit: () => SasRec.fit(dataset, sequential),
    load: (dir) => SasRec.load(dir),
    unchecked: (tensor) => tensor.startsWith('model/'),
    forged: [...SEQUENTIAL_FORGERIES, { loss: 'hinge' }],
  },
  Bert4Rec: {
    fit: () => Bert4Rec.fit(dataset, sequential),
    load: (dir) => Bert4Rec.load(dir),
    unchecked: (tensor) => tensor.startsWith('model/'),
    forged: [...SEQUENTIAL_FORGERIES, { maskShare: 1 }],
  },
};

for (const [name, options] of Object.entries(cases))
  describe(`${name} from a folder whose checksums hold`, () => {
    for (const { name: fact, run } of savedSettingsConformance(options)) test(fact, run);
  });
