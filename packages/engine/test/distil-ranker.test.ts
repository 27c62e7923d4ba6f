import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  Catalog,
  createDataset,
  type Dataset,
  EmbeddingTable,
  IdMap,
  InteractionLog,
  madeFrom,
  RandomStream,
  WORLD,
} from '@palate/core';
import { reduceVectors } from '@palate/llm';
import { SasRec } from '@palate/sequential';
import { expect, test } from 'vitest';
import { distilRanker, methodContext } from '../src/index.js';
import { startVectors } from '../src/methods/start-vectors.js';

const ITEMS = 24;
const WIDTH = 8;
const random = new RandomStream(3);

function walks(): Dataset {
  const rows = Array.from({ length: 240 }, (_, row) => ({ user: Math.floor(row / 8), time: row % 8 }));
  const items = new IdMap(Array.from({ length: ITEMS }, (_, k) => `i${k}`));
  return createDataset({
    name: 'walks',
    log: new InteractionLog({
      users: new IdMap(
        Array.from({ length: 30 }, (_, k) => `u${k}`),
        'user',
      ),
      items,
      user: Int32Array.from(rows, ({ user }) => user),
      item: Int32Array.from(rows, ({ user, time }) => (user * 5 + time) % ITEMS),
      timestamp: Float64Array.from(rows, ({ time }) => time),
    }),
    catalog: new Catalog({ items, text: { title: [...items] } }),
    licence: 'MIT',
    source: 'made up',
  });
}

const dataset = walks();
const texts = new EmbeddingTable(
  dataset.log.items,
  12,
  Float32Array.from({ length: ITEMS * 12 }, () => random.normal()),
  WORLD,
);
const sequence = await SasRec.fit(dataset, { dimension: WIDTH, heads: 1, blocks: 1, epochs: 1, seed: 1 });
const context = methodContext(dataset, {
  folder: join(mkdtempSync(join(tmpdir(), 'palate-distil-')), 'models'),
  itemVectors: async () => texts,
});

test('items start from what SASRec learned, with three tenths of their texts', async () => {
  const reduced = reduceVectors(texts, { width: WIDTH });
  expect((await startVectors(context, WIDTH)).data).toEqual(reduced.data);
  const learned = await sequence.itemVectors();
  const both = await startVectors(context, WIDTH, sequence);
  const size = (values: Float32Array): number =>
    Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);
  for (const [at, value] of both.data.entries())
    expect(value).toBeCloseTo(
      (learned.data[at] as number) / size(learned.data) +
        (0.3 * (reduced.data[at] as number)) / size(reduced.data),
      4,
    );
  // They know the training, as SASRec does.
  expect(both.provenance).toEqual(learned.provenance);
});

test('a distilled ranker knows what its rankings and its vectors know, and orders candidates', async () => {
  const known = madeFrom({ until: 7 });
  const rankings = Array.from({ length: 20 }, (_, user) => {
    const candidates = random.shuffle(Array.from({ length: 12 }, (_, item) => item));
    return {
      user: `u${user}`,
      history: dataset.log.history(user),
      candidates,
      ranking: candidates.slice(0, 5),
    };
  });
  const ranker = await distilRanker(dataset, rankings, context, {
    sequence,
    dimension: WIDTH,
    epochs: 1,
    rankingsProvenance: known,
    seed: 2,
  });
  const told = JSON.stringify(ranker.provenance);
  expect(told).toContain('"until":7');
  const [list] = await ranker.rank(
    [{ history: [1, 2] }],
    [[4, 5, 6].map((item) => ({ item, score: -item }))],
    3,
  );
  expect(new Set(list?.map(({ item }) => item))).toEqual(new Set([4, 5, 6]));
  ranker.dispose();
});
