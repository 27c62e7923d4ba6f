// Models of texts: their contract, what they carry to another catalogue, and what they refuse.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Dataset, EmbeddingTable, fingerprint, type InteractionLog, WORLD, withLog } from '@palate/core';
import { type FitRetriever, retrieverConformance, settled } from '@palate/core/testing';
import { leaveOneOut } from '@palate/datasets';
import { evaluateRanking } from '@palate/eval';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { joinDomains, type TransferableModel, UniSRec, VqRec, ZesRec } from '../src/index.js';
import { ring } from './ring.js';

const WIDTH = 8;

/** Vectors that know the letters and digits of an id, as texts would know words: unlike for unlike items. */
function wordVectors(dataset: Dataset): EmbeddingTable {
  const data = new Float32Array(dataset.log.items.size * WIDTH);
  for (const [item, id] of Array.from(dataset.log.items).entries()) {
    const angle = Number(id.replace(/\D/g, ''));
    for (let k = 0; k < WIDTH; k++)
      data[item * WIDTH + k] = Math.cos(angle * (1 + (k >> 1) * 0.37) + (k % 2) * (Math.PI / 2)) / 2;
  }
  return new EmbeddingTable(dataset.log.items, WIDTH, data, WORLD);
}

/** Places on a circle, so that the next one lies a step ahead whatever its name: what one ring teaches holds for another. */
function circleVectors(dataset: Dataset): EmbeddingTable {
  const { items } = dataset.log;
  const data = new Float32Array(items.size * WIDTH);
  for (const [item, id] of Array.from(items).entries()) {
    const angle = (2 * Math.PI * Number(id.slice(1))) / items.size;
    // Few steps round the circle and many: near places and far ones are told apart.
    for (let k = 0; k < WIDTH / 2; k++) {
      data[item * WIDTH + 2 * k] = Math.cos(angle * (k + 1)) / 2;
      data[item * WIDTH + 2 * k + 1] = Math.sin(angle * (k + 1)) / 2;
    }
  }
  return new EmbeddingTable(items, WIDTH, data, WORLD);
}

const SMALL = { dimension: 8, heads: 2, blocks: 1, maxLength: 8, epochs: 1, batchSize: 16 } as const;
const CODES = { codes: 4, codeValues: 8 } as const;

// The other two meet the same contract as methods of the engine.
describe('VqRec', () => {
  const fit: FitRetriever = (data, options) =>
    VqRec.fit(data, { vectors: wordVectors(data), ...CODES, ...SMALL, ...options });
  const load = (dir: string) => VqRec.load(dir);
  for (const { name, run } of retrieverConformance({ fit, load, held: () => tf.memory().numTensors }))
    test(name, run);
});

const RINGS = [ring(60, 12, 9), ring(60, 16, 9)] as const;
const LEARNING = {
  dimension: 16,
  blocks: 1,
  heads: 2,
  maxLength: 8,
  batchSize: 32,
  learningRate: 0.01,
  dropout: 0,
  epochs: 20,
} as const;

async function hitRate(model: TransferableModel, dataset: Dataset, k = 1): Promise<number> {
  const split = leaveOneOut(dataset.log);
  const { metrics } = await evaluateRanking(
    model,
    { history: split.train, test: split.validation as InteractionLog },
    { metrics: [`hr@${k}`], resamples: 0 },
  );
  return metrics[`hr@${k}`]?.mean ?? 0;
}
const trainOf = (dataset: Dataset): Dataset => withLog(dataset, leaveOneOut(dataset.log).train);

describe('what comes next in a ring', () => {
  const [source] = RINGS;
  const train = trainOf(source);
  const vectors = circleVectors(source);
  test('is learned from texts by an adaptor, by a map with offsets, and by codes', async () => {
    using adapted = await UniSRec.fit(train, { ...LEARNING, vectors, experts: 3 });
    expect(await hitRate(adapted, source)).toBeGreaterThan(0.9);
    using offset = await ZesRec.fit(train, { ...LEARNING, vectors });
    expect(await hitRate(offset, source)).toBeGreaterThan(0.9);
    using coded = await VqRec.fit(train, { ...LEARNING, vectors, codes: 4, codeValues: 12 });
    expect(await hitRate(coded, source)).toBeGreaterThan(0.9);
  });
});

describe('a model of texts in another catalogue', () => {
  const [first, second] = RINGS.map((dataset, k) => ({ ...dataset, name: `ring ${k}` })) as [
    Dataset,
    Dataset,
  ];
  const unknown = ring(60, 14, 9);
  const domains = [first, second].map((dataset) => ({
    dataset: trainOf(dataset),
    vectors: circleVectors(dataset),
  }));
  const joined = joinDomains(domains);
  let trained: UniSRec;
  beforeAll(async () => {
    trained = await UniSRec.fit(joined.dataset, {
      ...LEARNING,
      vectors: joined.vectors,
      experts: 2,
      objective: 'contrastive',
      epochs: 40,
    });
  });
  afterAll(() => trained.dispose());

  test('knows more than chance without training there, and says all that it was trained on', async () => {
    const target = trainOf(unknown);
    using carried = await trained.transfer(target, circleVectors(unknown));
    // Of fourteen items chance finds the next in three with 3/14.
    expect(await hitRate(carried, unknown, 3)).toBeGreaterThan(0.5);
    expect(carried.fittedOn).toEqual([
      fingerprint(target.log),
      fingerprint(joined.dataset.log),
      ...domains.map(({ dataset }) => fingerprint(dataset.log)),
    ]);
    expect(carried.provenance).toEqual(WORLD);
  });

  test('leaves nothing behind where many lists are cancelled', async () => {
    const before = await settled(() => tf.memory().numTensors);
    const asked = Array.from({ length: 600 }, () => ({ history: [1, 2] }));
    await expect(trained.scoreAll(asked, { signal: AbortSignal.abort() })).rejects.toThrow(
      /UniSRec to finish/,
    );
    expect(tf.memory().numTensors).toBe(before);
  });

  test('goes on there, the layers as they were where items alone are tuned', async () => {
    const target = trainOf(unknown);
    const vectors = circleVectors(unknown);
    using tuned = await UniSRec.fit(target, {
      ...LEARNING,
      vectors,
      experts: 2,
      from: trained,
      tune: 'items',
    });
    const [before, after] = [
      await trained.encoder.parameters.values(),
      await tuned.encoder.parameters.values(),
    ];
    for (const name of Object.keys(after)) {
      const isSame = Array.from((after[name]?.values ?? []) as Float32Array).every(
        (x, k) => x === before[name]?.values[k],
      );
      // The noise of the gate, too, belongs to the adaptor.
      expect([name, isSame]).toEqual([name, !name.startsWith('adaptor.')]);
    }
    await expect(
      UniSRec.fit(target, { ...LEARNING, vectors, experts: 2, dimension: 8, from: trained }),
    ).rejects.toThrow(/dimension as in the model/);
    for (const { fit } of [ZesRec, VqRec])
      await expect(fit(target, { ...LEARNING, vectors, from: trained })).rejects.toThrow(/to continue from/);
  });

  test('refuses vectors of another width and items without one', async () => {
    const { ids } = circleVectors(unknown);
    const narrow = new EmbeddingTable(ids, 2, new Float32Array(2 * ids.size), WORLD);
    await expect(trained.transfer(unknown, narrow)).rejects.toThrow(/vectors of width 8/);
    await expect(trained.transfer(unknown, circleVectors(first))).rejects.toThrow(/a vector for every item/);
  });

  test('leaves offsets behind, and learns a permutation of its codes', async () => {
    const train = trainOf(first);
    const vectors = circleVectors(first);
    using offset = await ZesRec.fit(train, { ...SMALL, vectors, epochs: 3 });
    using there = await offset.transfer(unknown, circleVectors(unknown));
    const offsets = (await there.encoder.parameters.values())['offsets.table']?.values as Float32Array;
    expect(offsets.every((x) => x === 0)).toBe(true);
    using coded = await VqRec.fit(train, { ...SMALL, ...CODES, vectors, objective: 'contrastive' });
    expect(coded.encoder.parameters.has('permutation.logits')).toBe(false);
    using permuted = await VqRec.fit(unknown, {
      ...SMALL,
      ...CODES,
      vectors: circleVectors(unknown),
      from: coded,
      tune: 'items',
    });
    expect(permuted.encoder.parameters.has('permutation.logits')).toBe(true);
    const folder = await mkdtemp(join(tmpdir(), 'palate-vq-rec-'));
    await permuted.save(join(folder, 'model'));
    using again = await VqRec.load(join(folder, 'model'));
    const asked = [{ history: [1, 2, 3] }, {}];
    expect(await again.retrieve(asked, 5)).toEqual(await permuted.retrieve(asked, 5));
    await rm(folder, { recursive: true });
  });
});

test('joined domains keep every history in its order, and refuse names that are the same', () => {
  const [first, second] = RINGS;
  const named = { dataset: { ...second, name: 'other' }, vectors: circleVectors(second) };
  const { dataset, vectors } = joinDomains([{ dataset: first, vectors: circleVectors(first) }, named]);
  expect([dataset.log.users.size, dataset.log.items.size]).toEqual([120, 28]);
  for (const [prefix, { log }] of [
    ['ring', first],
    ['other', second],
  ] as const)
    for (const user of [0, 59]) {
      const own = Array.from(log.history(user), (item) => `${prefix}/${log.items.idOf(item)}`);
      const at = dataset.log.users.indexOf(`${prefix}/${log.users.idOf(user)}`);
      expect(Array.from(dataset.log.history(at), (item) => dataset.log.items.idOf(item))).toEqual(own);
    }
  expect(vectors.vector(dataset.log.items.indexOf('other/i3'))).toEqual(
    named.vectors.vector(second.log.items.indexOf('i3')),
  );
  expect(() => joinDomains([named, named])).toThrow(/different names/);
});
