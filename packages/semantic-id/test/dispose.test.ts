import { EmbeddingTable, IdMap, RandomStream } from '@palate/core';
import { disposableConformance } from '@palate/core/testing';
import { selectBackend } from '@palate/nn';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, test } from 'vitest';
import { RqVae, SemanticIds, Tiger } from '../src/index.js';
import { idsOf, ring, TINY } from './ring.js';

beforeAll(async () => {
  await selectBackend('ort');
});

const held = (): number => tf.memory().numTensors;

for (const [mode, options] of Object.entries(TINY))
  describe(`Tiger, ${mode}`, () => {
    const dataset = ring(12, 12, 5);
    const queries = [{ history: [1, 2, 3] }, {}];
    for (const { name, run } of disposableConformance<Tiger>({
      create: async () => Tiger.fit(dataset, { ...options, ids: await idsOf(dataset) }),
      held,
      uses: [
        (tiger) => tiger.retrieve(queries, 3),
        ...(mode === 'faithful' ? [(tiger: Tiger) => tiger.retrieveFreely(queries, 3)] : []),
        async (tiger) =>
          (
            await tiger.extend(
              await tiger.ids.extend(new EmbeddingTable(new IdMap(['late']), 3, Float32Array.of(1, 0, 0))),
            )
          ).dispose(),
      ],
      save: (tiger, dir) => tiger.save(dir),
      load: (dir) => Tiger.load(dir),
    }))
      test(name, run);
  });

describe('RqVae', () => {
  const random = new RandomStream(2);
  const items = new IdMap(Array.from({ length: 20 }, (_, k) => `i${k}`));
  const table = new EmbeddingTable(
    items,
    4,
    Float32Array.from({ length: 80 }, () => random.normal()),
  );
  for (const { name, run } of disposableConformance<RqVae>({
    create: () =>
      RqVae.fit(table, { levels: 2, size: 4, hidden: [6], latent: 3, epochs: 1, minimumUsage: 0 }),
    held,
    uses: [
      (codebook) => codebook.encode(table.data),
      (codebook) => SemanticIds.assign(codebook, table, { encoder: 'drawn' }),
    ],
  }))
    test(name, run);
});
