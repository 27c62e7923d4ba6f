import { Catalog, createDataset, InteractionLog } from '@palate/core';
import { disposableConformance } from '@palate/core/testing';
import { selectBackend } from '@palate/nn';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, test } from 'vitest';
import { LocalRanker } from '../../src/index.js';

const log = InteractionLog.fromRows(
  Array.from({ length: 72 }, (_, k) => ({ user: `u${k % 12}`, item: `i${(k * 5) % 16}`, timestamp: k })),
);
const dataset = createDataset({
  name: 'small',
  log,
  catalog: new Catalog({ items: log.items, text: { title: Array.from(log.items, (id) => `Film ${id}`) } }),
  licence: 'MIT',
  source: 'made up',
});

beforeAll(async () => {
  await selectBackend('ort');
});

describe('LocalRanker', () => {
  const given = [3, 1, 2].map((item, k) => ({ item, score: 3 - k }));
  for (const { name, run } of disposableConformance<LocalRanker>({
    create: () =>
      LocalRanker.fit(dataset, {
        dimension: 8,
        heads: 2,
        blocks: 1,
        epochs: 1,
        perUser: 1,
        batchSize: 16,
      }),
    held: () => tf.memory().numTensors,
    uses: [
      (ranker) => ranker.rank([{ history: [0, 1] }], [given], 3),
      (ranker) => ranker.retrieve([{ history: [0, 1] }, {}], 3),
      (ranker) => ranker.scoreAll([{ history: [0] }]),
    ],
    save: (ranker, dir) => ranker.save(dir),
    load: (dir) => LocalRanker.load(dir),
  }))
    test(name, run);
});
