import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Catalog, madeFrom, RandomStream } from '@palate/core';
import { rankerConformance, settled } from '@palate/core/testing';
import { selectBackend } from '@palate/nn';
import { OrtSession, OrtTensor } from '@palate/tfjs-backend-ort';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { hardNegatives, negativeRanks } from '../../src/cross-encoder/hard-negatives.js';
import { HeldRequests } from '../../src/cross-encoder/held-requests.js';
import { joinTokens } from '../../src/cross-encoder/joint-rows.js';
import { BiEncoder, CrossEncoder, NarrativeRanker } from '../../src/index.js';
import { reorder } from '../../src/ranking/reorder.js';
import { killedAndResumed } from '../encoder/killed-and-resumed.js';
import { madeUpRequests, themeOf } from '../encoder/made-up-requests.js';
import { tinyParts } from '../encoder/tiny-parts.js';

const { pairs, texts, dataset } = madeUpRequests();
const TOKENS = { requestTokens: 12, itemTokens: 12 };
const BI = { pretrained: tinyParts(), ...TOKENS, batchSize: 8, epochs: 1, learningRate: 0, dropout: 0 };
const SMALL = {
  ...TOKENS,
  batchSize: 8,
  epochs: 10,
  learningRate: 0.02,
  warmUpSteps: 0,
  dropout: 0,
  patience: 10,
};
const folder = (): string => join(mkdtempSync(join(tmpdir(), 'palate-cross-')), 'model');

let biEncoder: BiEncoder;
beforeAll(async () => {
  await selectBackend('ort');
  biEncoder = await BiEncoder.fit(pairs, BI);
});

describe('hard negatives', () => {
  test('come from ranks 100 to 300, and from behind the first third of small catalogues', () => {
    expect(negativeRanks(2414, 100, 300)).toEqual({ first: 100, last: 300 });
    expect(negativeRanks(200, 100, 300)).toEqual({ first: 66, last: 200 });
    expect(negativeRanks(2, 100, 300)).toEqual({ first: 1, last: 2 });
  });

  test("are at those ranks of the bi-encoder's list, and never liked", async () => {
    const found = await hardNegatives(biEncoder, pairs, { first: 17, last: 40 });
    expect(found.size).toBe(60);
    const [query] = [await biEncoder.encode([pairs.requests[0]?.text ?? ''])];
    const items = await biEncoder.encode(texts);
    const scores = texts.map((_, item) => {
      let sum = 0;
      for (let k = 0; k < items.width; k++)
        sum += (query?.data[k] as number) * (items.data[item * items.width + k] as number);
      return sum;
    });
    for (const item of found.get(0) ?? []) {
      expect(pairs.liked[0]?.has(item)).toBe(false);
      const above = scores.filter((score) => score > (scores[item] as number)).length;
      expect(above).toBeLessThan(40);
    }
    const liked = [...(pairs.liked[0] ?? [])].length;
    expect(found.get(0)?.length).toBeGreaterThanOrEqual(24 - liked);
    expect(found.get(0)?.length).toBeLessThanOrEqual(24);
  });
});

test('requests without negatives are left out, and equal scores count against a held-out item', async () => {
  const some = { ...pairs, request: Int32Array.of(0, 0, 1, 2), item: Int32Array.of(3, 4, 5, 6) };
  const negatives = new Map([
    [0, Int32Array.of(8, 9)],
    [1, Int32Array.of(9)],
    [2, new Int32Array(0)],
  ]);
  const settings = { batchSize: 2, negatives: 3, validationNegatives: 2, validationRequests: 5 };
  const held = new HeldRequests(some, some, negatives, settings, 1);
  expect(held.sizes).toEqual({ train: 2, validation: 2 });
  expect(held.drawItems(1, new RandomStream(1))).toEqual([5, 9, 9, 9]);
  const asked: (readonly number[])[] = [];
  const mrr = await held.meanReciprocalRank(async (request, items) => {
    asked[request] = items;
    return Float32Array.from(request === 0 ? [1, 1, 0] : [3, 0, 0]);
  });
  // Rank 2 of the first, beside one of equal score, and 1 of the second.
  expect(mrr).toBe((1 / 2 + 1) / 2);
  expect(asked[0]?.[0]).toBe(3);
  expect([...(asked[0] ?? [])].sort()).toEqual([3, 8, 9]);
  expect(asked.slice(1)).toEqual([[5, 9, 9]]);
});

test('tokens of request and item are joined, each cut to its bound', () => {
  const pair = { request: Int32Array.of(1, 2, 3, 4), item: Int32Array.of(7, 8) };
  const rows = joinTokens([pair], { requestTokens: 3, itemTokens: 5 });
  expect(rows.length).toBe(8);
  expect([...rows.ids]).toEqual([1, 2, 3, 7, 8, 0, 0, 0]);
  expect([...rows.ofRequest]).toEqual([1, 1, 1, 0, 0, 0, 0, 0]);
  expect([...rows.ofItem]).toEqual([0, 0, 0, 1, 1, 0, 0, 0]);
});

test('lists are reordered as deep as they were scored, and fused by reciprocal ranks', () => {
  const given = [5, 6, 7, 8].map((item, k) => ({ item, score: 10 - k }));
  expect(reorder(given, [1, 3, 2], 0, 4).map(({ item }) => item)).toEqual([6, 7, 5, 8]);
  expect(reorder(given, [1, 3, 2], 1, 4).map(({ item }) => item)).toEqual([5, 6, 7, 8]);
  // Half and half: 5 is 1st and 3rd, 6 is 2nd and 1st, 7 is 3rd and 2nd.
  const fused = reorder(given, [1, 3, 2], 0.5, 3);
  expect(fused.map(({ item }) => item)).toEqual([6, 5, 7]);
  expect(fused[0]?.score).toBeCloseTo((1 / 61 + 1 / 62) / 2, 10);
  expect(reorder(given, [], 0, 2).map(({ item }) => item)).toEqual([5, 6]);
});

test('lists are reordered by scores from 0 to 1 where those are asked for', () => {
  const given = [5, 6, 7, 8].map((item, k) => ({ item, score: 10 - k }));
  // Given 1, .5, 0 and scored 0, 1, .5 of the first three.
  const half = reorder(given, [1, 3, 2], 0.5, 4, 'scores');
  expect(half.map(({ item }) => item)).toEqual([6, 5, 7, 8]);
  expect(half.slice(0, 3).map(({ score }) => score)).toEqual([0.75, 0.5, 0.25]);
  expect(reorder(given, [1, 3, 2], 0.8, 4, 'scores').map(({ item }) => item)).toEqual([5, 6, 7, 8]);
  expect(reorder(given, [2, 2, 2], 0.5, 2, 'scores').map(({ item }) => item)).toEqual([5, 6]);
  expect(reorder(given, [], 0.5, 2, 'scores').map(({ item }) => item)).toEqual([5, 6]);
});

test('what the second stage scores keeps its items: recall at its depth and beyond is that of the first', () => {
  const given = Array.from({ length: 300 }, (_, k) => ({ item: k * 7, score: 1000 - k }));
  const scores = Float32Array.from({ length: 200 }, (_, k) => Math.sin(k * 3));
  for (const orderWeight of [0, 0.5]) {
    const list = reorder(given, scores, orderWeight, 300).map(({ item }) => item);
    const first = given.map(({ item }) => item);
    expect(list.slice(0, 200)).not.toEqual(first.slice(0, 200));
    expect(list.slice(0, 200).sort((a, b) => a - b)).toEqual(first.slice(0, 200));
    expect(list.slice(200)).toEqual(first.slice(200));
  }
});

describe('a cross-encoder', () => {
  test('learns what answers a request, of users it was not trained on too', async () => {
    using trained = await CrossEncoder.fit(pairs, { biEncoder, ...SMALL, epochs: 20 });
    const mrr = trained.history.map(({ metrics }) => metrics.mrr as number);
    expect(Math.max(...mrr)).toBeGreaterThan((mrr[0] as number) + 0.1);
    // Of all pairs of an item that answers and one that does not, most are in the right order.
    let right = 0;
    let all = 0;
    for (let theme = 0; theme < 6; theme++) {
      const request = pairs.requests[theme]?.text as string;
      const scores = await trained.score(request, texts);
      const answers = texts.map((text) => themeOf(text) === themeOf(request));
      for (const [a, own] of scores.entries())
        for (const [b, other] of scores.entries())
          if (answers[a] && !answers[b]) {
            all++;
            if (own > other) right++;
          }
    }
    expect(right / all).toBeGreaterThan(0.75);
    expect(trained.provenance).toEqual(madeFrom({ log: 'made up' }));
  });

  test('comes back from a folder with the same scores, whatever part was trained, and frees its weights', async () => {
    for (const tuned of ['all', 'upper'] as const) {
      const before = await settled(() => tf.memory().numTensors);
      const dir = folder();
      const fitted = await CrossEncoder.fit(pairs, { biEncoder, ...SMALL, tuned, epochs: 1 });
      await fitted.save(dir);
      const loaded = await CrossEncoder.load(dir, { pretrained: tinyParts() });
      const some = texts.slice(0, 5);
      expect(await loaded.score('some robbers', some)).toEqual(await fitted.score('some robbers', some));
      expect(loaded.provenance).toEqual(fitted.provenance);
      await expect(CrossEncoder.load(dir, { pretrained: tinyParts(6) })).rejects.toThrow(/tiny@5/);
      fitted.dispose();
      loaded.dispose();
      expect(tf.memory().numTensors).toBe(before);
    }
  });

  test('goes on after a kill to the same weights', async () => {
    const options = { biEncoder, ...SMALL, epochs: 2, dropout: 0.1, seed: 3 };
    using whole = await CrossEncoder.fit(pairs, options);
    using resumed = await killedAndResumed(7, (more) => CrossEncoder.fit(pairs, { ...options, ...more }));
    expect(await resumed.score('some robbers', texts)).toEqual(await whole.score('some robbers', texts));
  });

  test('leaves as an ONNX file that gives the same scores', async () => {
    using fitted = await CrossEncoder.fit(pairs, { biEncoder, ...SMALL, epochs: 1 });
    const session = new OrtSession(await fitted.exportOnnx(24), ['scores']);
    const { tokenize } = tinyParts();
    const some = texts.slice(0, 3);
    const rows = joinTokens(
      some.map((text) => ({ request: tokenize('some robbers'), item: tokenize(text) })),
      { requestTokens: 12, itemTokens: 12 },
    );
    const wide = (values: Int32Array | Float32Array, at: number): number[] =>
      Array.from({ length: 24 }, (_, k) => (k < rows.length ? (values[at * rows.length + k] as number) : 0));
    const float = (values: Float32Array) =>
      new OrtTensor('float32', Float32Array.from(some.flatMap((_, at) => wide(values, at))), [3, 24]);
    const { scores } = session.run({
      ids: new OrtTensor('int32', Int32Array.from(some.flatMap((_, at) => wide(rows.ids, at))), [3, 24]),
      ofRequest: float(rows.ofRequest),
      ofItem: float(rows.ofItem),
    });
    const own = await fitted.score('some robbers', some);
    for (const [k, score] of own.entries()) expect(scores?.data[k]).toBeCloseTo(score, 3);
  });

  test('reads a long request in windows, whose scores count by their tokens', async () => {
    using fitted = await CrossEncoder.fit(pairs, { biEncoder, ...SMALL, epochs: 1 });
    // 18 words in two windows of 9, where 12 are read at once.
    const [first, second] = [
      'some robbers who plan the best job of all',
      'and a circus that comes to an old town',
    ];
    const some = texts.slice(0, 5);
    const whole = await fitted.score(`${first} ${second}`, some);
    const [a, b] = [await fitted.score(first, some), await fitted.score(second, some)];
    for (const [k, score] of whole.entries())
      expect(score).toBeCloseTo(((a[k] as number) + (b[k] as number)) / 2, 4);
  });

  test('refuses what does not fit', async () => {
    await expect(CrossEncoder.fit(pairs, { ...SMALL } as never)).rejects.toThrow(/biEncoder/);
    await expect(CrossEncoder.fit(pairs, { biEncoder, ...SMALL, requestTokens: 60 })).rejects.toThrow(
      /at most 64 tokens/,
    );
    const liked = pairs.liked.map(() => new Set(texts.keys()));
    await expect(CrossEncoder.fit({ ...pairs, liked }, { biEncoder, ...SMALL })).rejects.toThrow(
      /does not like/,
    );
  });
});

describe('NarrativeRanker', () => {
  const catalog: Catalog = dataset.catalog;
  let crossEncoder: CrossEncoder;
  beforeAll(async () => {
    crossEncoder = await CrossEncoder.fit(pairs, { biEncoder, ...SMALL, epochs: 1 });
  });

  for (const { name, run } of rankerConformance({
    create: async () => new NarrativeRanker(catalog, { crossEncoder }),
  }))
    test(name, run);

  test('orders the candidates of a request by the cross-encoder, and puts what is ruled out last', async () => {
    const ranker = new NarrativeRanker(catalog, { crossEncoder, depth: 4 });
    const given = [0, 1, 2, 3, 4, 5].map((item, k) => ({ item, score: 9 - k }));
    const counted: number[] = [];
    const [plain, ruled, none] = await ranker.rank(
      [{ text: 'something with robbers' }, { text: 'something with robbers, no circus' }, {}],
      [given, given, given],
      6,
      { onOutcomes: ({ fellBack }) => counted.push(fellBack) },
    );
    const scores = await crossEncoder.score('something with robbers', texts.slice(0, 4));
    expect(plain?.slice(0, 4).map(({ score }) => score)).toEqual([...scores].sort((a, b) => b - a));
    expect(plain?.slice(4).map(({ item }) => item)).toEqual([4, 5]);
    expect(texts[ruled?.at(-1)?.item as number]).toContain('circus');
    expect(none).toEqual(given);
    expect(counted).toEqual([1]);
    expect(() => new NarrativeRanker(catalog, { crossEncoder, texts: ['one'] })).toThrow(
      /a text for each of 48/,
    );
  });
});
