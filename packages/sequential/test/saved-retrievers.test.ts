import { type Dataset, EmbeddingTable, WORLD } from '@palate/core';
import { type SavedRetrieverOptions, savedRetrieverConformance } from '@palate/core/testing';
import { describe, test } from 'vitest';
import { Bert4Rec, Rpg, SasRec, UniSRec, VqRec, ZesRec } from '../src/index.js';

const SMALL = { dimension: 8, blocks: 1, heads: 2, maxLength: 6, epochs: 1, batchSize: 16 };

const FORGED = [
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

const vectorsOf = ({ log: { items } }: Dataset): EmbeddingTable =>
  new EmbeddingTable(
    items,
    6,
    Float32Array.from({ length: items.size * 6 }, (_, k) => Math.sin(k * k)),
    WORLD,
  );
const codes = { codes: 3, codeValues: 4 };

const cases: Record<string, Pick<SavedRetrieverOptions, 'fit' | 'load' | 'forged'>> = {
  SasRec: {
    fit: (dataset) => SasRec.fit(dataset, SMALL),
    load: (dir) => SasRec.load(dir),
    forged: [...FORGED, { loss: 'hinge' }],
  },
  Bert4Rec: {
    fit: (dataset) => Bert4Rec.fit(dataset, SMALL),
    load: (dir) => Bert4Rec.load(dir),
    forged: [...FORGED, { maskShare: 1 }],
  },
  UniSRec: {
    fit: (dataset) => UniSRec.fit(dataset, { ...SMALL, vectors: vectorsOf(dataset), experts: 2 }),
    load: (dir) => UniSRec.load(dir),
    forged: [...FORGED, { experts: 3 }, { provenance: null }],
  },
  ZesRec: {
    fit: (dataset) => ZesRec.fit(dataset, { ...SMALL, vectors: vectorsOf(dataset) }),
    load: (dir) => ZesRec.load(dir),
    forged: [...FORGED, { offsetPrior: -1 }, { provenance: 'world' }],
  },
  VqRec: {
    fit: (dataset) => VqRec.fit(dataset, { ...SMALL, vectors: vectorsOf(dataset), ...codes }),
    load: (dir) => VqRec.load(dir),
    forged: [...FORGED, { permutes: true }, { codes: 0 }],
  },
  Rpg: {
    fit: (dataset) => Rpg.fit(dataset, { ...SMALL, vectors: vectorsOf(dataset), ...codes }),
    load: (dir) => Rpg.load(dir),
    forged: [...FORGED, { temperature: 0 }, { codes: 0 }],
  },
};

for (const [name, options] of Object.entries(cases))
  describe(`a saved artifact of ${name}`, () => {
    for (const { name: fact, run } of savedRetrieverConformance({
      ...options,
      unchecked: (tensor) => tensor.startsWith('model/'),
      changes: 40,
    }))
      test(fact, run);
  });
