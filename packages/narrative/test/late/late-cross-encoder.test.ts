import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rankerConformance, settled } from '@palate/core/testing';
import { selectBackend } from '@palate/nn';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BiEncoder, LateCrossEncoder, NarrativeRanker } from '../../src/index.js';
import { killedAndResumed } from '../encoder/killed-and-resumed.js';
import { madeUpRequests, themeOf } from '../encoder/made-up-requests.js';
import { tinyParts } from '../encoder/tiny-parts.js';

const { pairs, texts, dataset } = madeUpRequests();
const TOKENS = { requestTokens: 12, itemTokens: 12 };
const SMALL = {
  ...TOKENS,
  batchSize: 8,
  epochs: 2,
  learningRate: 0.02,
  warmUpSteps: 0,
  dropout: 0,
  patience: 20,
  hidden: 16,
  negatives: 6,
} as const;
const folder = (): string => join(mkdtempSync(join(tmpdir(), 'palate-late-')), 'model');
let biEncoder: BiEncoder;
let fitted: LateCrossEncoder;
beforeAll(async () => {
  await selectBackend('ort');
  const untrained = {
    pretrained: tinyParts(),
    ...TOKENS,
    batchSize: 8,
    epochs: 1,
    learningRate: 0,
    dropout: 0,
  };
  biEncoder = await BiEncoder.fit(pairs, { ...untrained, tuned: 'head' });
  fitted = await LateCrossEncoder.fit(pairs, { biEncoder, ...SMALL });
});
afterAll(() => {
  fitted.dispose();
  biEncoder.dispose();
});

test('before training it orders items as the bi-encoder does, by the cosine times ten', async () => {
  using start = await LateCrossEncoder.fit(pairs, { biEncoder, ...SMALL, learningRate: 0, epochs: 1 });
  const some = texts.slice(0, 6);
  const { data, width } = await biEncoder.encode(['some robbers', ...some]);
  const scores = await start.score('some robbers', some);
  for (const [k, score] of scores.entries()) {
    let cosine = 0;
    for (let at = 0; at < width; at++)
      cosine += (data[at] as number) * (data[(k + 1) * width + at] as number);
    expect(score).toBeCloseTo(10 * cosine, 3);
  }
});

test('learns to put items that answer first, where the bi-encoder does not', async () => {
  // All items of a theme answer its requests: none of them is a negative, of whatever rank.
  const liked = pairs.requests.map(
    ({ text }) => new Set(texts.flatMap((item, k) => (themeOf(item) === themeOf(text) ? [k] : []))),
  );
  const options = { biEncoder, ...SMALL, firstRank: 1, validationShare: 0 };
  /** Mean reciprocal rank of the best item of a request's theme among all items. */
  const reciprocal = async (model: LateCrossEncoder): Promise<number> => {
    let sum = 0;
    for (const [at, { text }] of pairs.requests.entries()) {
      const scores = await model.score(text, texts);
      const best = Math.max(...[...(liked[at] ?? [])].map((item) => scores[item] as number));
      sum += 1 / (1 + scores.filter((score) => score > best).length);
    }
    return sum / pairs.requests.length;
  };
  using start = await LateCrossEncoder.fit({ ...pairs, liked }, { ...options, learningRate: 0, epochs: 1 });
  using trained = await LateCrossEncoder.fit({ ...pairs, liked }, { ...options, epochs: 20 });
  expect(await reciprocal(trained)).toBeGreaterThan((await reciprocal(start)) + 0.3);
});

test('an item has one score, in whatever company and whether its text was read before', async () => {
  const all = await fitted.score('some robbers', texts);
  const few = await fitted.score('some robbers', [
    texts[7] as string,
    texts[2] as string,
    texts[7] as string,
  ]);
  for (const [at, item] of [7, 2, 7].entries()) expect(few[at]).toBeCloseTo(all[item] as number, 5);
  expect(await fitted.score('some robbers', [])).toHaveLength(0);
});

test('comes back from a folder with the same scores, and frees its weights', async () => {
  const dir = folder();
  await fitted.save(dir);
  const some = texts.slice(0, 5);
  const before = await settled(() => tf.memory().numTensors);
  const loaded = await LateCrossEncoder.load(dir, { pretrained: tinyParts() });
  const own = await fitted.score('some robbers', some);
  for (const [k, score] of (await loaded.score('some robbers', some)).entries())
    expect(score).toBeCloseTo(own[k] as number, 5);
  expect(loaded.provenance).toEqual(fitted.provenance);
  loaded.dispose();
  expect(await settled(() => tf.memory().numTensors)).toBe(before);
  await expect(LateCrossEncoder.load(dir, { pretrained: tinyParts(6) })).rejects.toThrow(/tiny@5/);
});

test('goes on after a kill to the same weights', async () => {
  const options = { biEncoder, ...SMALL, epochs: 2, dropout: 0.1, seed: 3 };
  using whole = await LateCrossEncoder.fit(pairs, options);
  using resumed = await killedAndResumed(7, (more) => LateCrossEncoder.fit(pairs, { ...options, ...more }));
  expect(await resumed.score('some robbers', texts)).toEqual(await whole.score('some robbers', texts));
});

test('refuses what does not fit', async () => {
  await expect(LateCrossEncoder.fit(pairs, { ...SMALL } as never)).rejects.toThrow(/biEncoder/);
  using whole = await BiEncoder.fit(pairs, {
    pretrained: tinyParts(),
    ...TOKENS,
    batchSize: 8,
    epochs: 1,
    learningRate: 0,
    tuned: 'upper',
  });
  await expect(LateCrossEncoder.fit(pairs, { ...SMALL, biEncoder: whole })).rejects.toThrow(/tuned: 'head'/);
  const liked = pairs.liked.map(() => new Set(texts.keys()));
  await expect(LateCrossEncoder.fit({ ...pairs, liked }, { biEncoder, ...SMALL })).rejects.toThrow(
    /does not like/,
  );
});

describe('as the scorer of a NarrativeRanker', () => {
  for (const { name, run } of rankerConformance({
    create: async () => new NarrativeRanker(dataset.catalog, { crossEncoder: fitted }),
  }))
    test(name, run);
});
