import type { LanguageModel, LikelihoodRequest } from '@palate/core';
import { settled } from '@palate/core/testing';
import { selectBackend } from '@palate/nn';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import {
  crossFittedLikelihoods,
  keepLikely,
  LikelihoodRanker,
  modelLikelihood,
  type RequestPairs,
  T5Likelihood,
  textsOfPairs,
  UnigramLikelihood,
} from '../../src/index.js';
import { madeUpRequests } from '../encoder/made-up-requests.js';

const { pairs } = madeUpRequests();

describe('the direction: the request given the item', () => {
  test('a language model is given the item as prompt and the request as continuation', async () => {
    const asked: LikelihoodRequest[] = [];
    const model: LanguageModel = {
      id: 'counter',
      generate: async () => [],
      logLikelihood: async (requests) => {
        asked.push(...requests);
        return requests.map(({ continuation }, k) => ({
          logLikelihood: -6 * (k + 1),
          tokens: continuation.split(' ').length,
        }));
      },
    };
    const scores = await modelLikelihood(model).logLikelihoods([
      { request: 'two words', item: 'A heist film' },
      { request: 'three short words', item: 'A farm film' },
    ]);
    expect(asked.map(({ continuation }) => continuation)).toEqual(['two words', 'three short words']);
    expect(asked[0]?.prompt).toContain('A heist film');
    expect(asked[0]?.prompt).not.toContain('two words');
    // -6 over 2 tokens and -12 over 3: a token each, not a request each.
    expect([...scores]).toEqual([-3, -4]);
  });

  test('a model without likelihoods, or with ones that are none, is refused', async () => {
    expect(() => modelLikelihood({ id: 'mute', generate: async () => [] })).toThrow(/logLikelihood/);
    const broken: LanguageModel = {
      id: 'broken',
      generate: async () => [],
      logLikelihood: async () => [{ logLikelihood: Number.NaN, tokens: 1 }],
    };
    await expect(modelLikelihood(broken).logLikelihoods([{ request: 'a', item: 'b' }])).rejects.toThrow(
      /NaN/,
    );
  });

  test('unigrams: (tf + mu p) / (length + mu), a word, by hand; the other way gives another number', () => {
    // Collection: a 2, b 1, c 1 of 4 words; three different ones, half an occurrence each for what is missing.
    const scorer = new UnigramLikelihood(['a b', 'a c'], { mu: 2 });
    const p = (count: number): number => (count + 0.5) / (4 + 0.5 * 4);
    const expected = (Math.log((1 + 2 * p(1)) / 4) + Math.log((0 + 2 * p(0)) / 4)) / 2;
    expect(scorer.logLikelihood({ request: 'b z', item: 'a b' })).toBeCloseTo(expected, 10);
    const reverse = scorer.logLikelihood({ request: 'a b', item: 'b z' });
    expect(Math.abs(reverse - expected)).toBeGreaterThan(0.05);
  });

  test('a request of twice the words is no less likely', () => {
    const scorer = new UnigramLikelihood(['a heist in Paris', 'a quiet farm']);
    const once = scorer.logLikelihood({ request: 'some heist', item: 'a heist in Paris' });
    expect(scorer.logLikelihood({ request: 'some heist some heist', item: 'a heist in Paris' })).toBeCloseTo(
      once,
      10,
    );
    expect(once).toBeGreaterThan(scorer.logLikelihood({ request: 'some heist', item: 'a quiet farm' }));
  });

  test('texts without words are refused', () => {
    expect(() => new UnigramLikelihood(['', '...'])).toThrow(/texts with words/);
  });
});

describe('keepLikely', () => {
  const six: RequestPairs = {
    ...pairs,
    request: Int32Array.of(0, 0, 0, 1, 1, 1),
    item: Int32Array.of(1, 2, 3, 4, 5, 6),
  };
  const scores = Float32Array.of(-1, -2, -3, -4, -5, -6);

  test('keeps the top half of all pairs, or of each request', () => {
    expect([...keepLikely(six, scores).item]).toEqual([1, 2, 3]);
    expect([...keepLikely(six, scores, { among: 'request' }).item]).toEqual([1, 2, 4, 5]);
    expect([...keepLikely(six, scores, { share: 1 }).item]).toEqual([...six.item]);
  });

  test('keeps requests and what is no negative as they were', () => {
    const kept = keepLikely(six, scores);
    expect(kept.requests).toBe(six.requests);
    expect(kept.liked).toBe(six.liked);
  });

  test('scores that do not fit the pairs are refused', () => {
    expect(() => keepLikely(six, scores.subarray(1))).toThrow(/6 finite scores/);
    expect(() => keepLikely(six, Float32Array.of(0, 0, 0, Number.NaN, 0, 0))).toThrow(/NaN for pair 3/);
  });
});

test('cross-fitting: no request is scored by what has seen a request of its user', async () => {
  const seen: { fold: number; users: Set<string> }[] = [];
  const scores = await crossFittedLikelihoods(pairs, {
    folds: 4,
    seed: 1,
    fit: async (part, fold) => {
      const users = new Set(Array.from(part.request, (at) => part.requests[at]?.user as string));
      seen.push({ fold, users });
      return {
        name: 'known users',
        logLikelihoods: async (texts) =>
          Float32Array.from(texts, ({ request }) =>
            users.has(pairs.requests.find(({ text }) => text === request)?.user ?? '') ? 1 : -1,
          ),
      };
    },
  });
  expect(seen.map(({ fold }) => fold)).toEqual([0, 1, 2, 3]);
  expect([...scores].every((score) => score === -1)).toBe(true);
  expect(scores).toHaveLength(pairs.request.length);
  // Every fold leaves its own 15 of 60 users out.
  for (const { users } of seen) expect(users.size).toBe(45);
  await expect(
    crossFittedLikelihoods(pairs, { folds: 61, fit: async () => new UnigramLikelihood(['a']) }),
  ).rejects.toThrow(/at least 61 users/);
});

test('a T5 that is trained on pairs finds requests likelier given their items than given others', async () => {
  await selectBackend('ort');
  const before = await settled(() => tf.memory().numTensors);
  const all = textsOfPairs(pairs);
  const options = {
    dimension: 16,
    heads: 2,
    layers: 1,
    dropout: 0,
    epochs: 8,
    learningRate: 0.02,
    batchSize: 20,
    seed: 3,
  };
  const t5 = await T5Likelihood.fit(all, { ...options, warmUpSteps: 0, requestTokens: 12, itemTokens: 12 });
  const losses = t5.history.map(({ loss }) => loss);
  expect(losses.at(-1)).toBeLessThan((losses[0] as number) / 2);
  const some = all.filter((_, k) => k % 15 === 0);
  const own = await t5.logLikelihoods(some);
  const others = await t5.logLikelihoods(
    some.map(({ request }, k) => ({
      request,
      item: (all[(k * 15 + 3) % all.length] as { item: string }).item,
    })),
  );
  const mean = (values: Float32Array): number =>
    values.reduce((sum, value) => sum + value, 0) / values.length;
  expect(mean(own)).toBeGreaterThan(mean(others) + 0.02);
  expect(own.every((value) => value < 0)).toBe(true);
  t5.dispose();
  expect(tf.memory().numTensors).toBe(before);
});

test('a likelihood ranks candidates, as deep as asked, and keeps their order where there is no request', async () => {
  const texts = ['our quiet little farm', 'a heist in Paris', 'a heist at sea', 'robots on the moon'];
  const ranker = new LikelihoodRanker(new UnigramLikelihood(texts), texts, { depth: 3 });
  const given = [0, 3, 1, 2].map((item, k) => ({ item, score: 9 - k }));
  let fellBack = 0;
  const [asked, silent] = await ranker.rank([{ text: 'some heist at sea' }, {}], [given, given], 4, {
    onOutcomes: (counts) => {
      fellBack += counts.fellBack;
    },
  });
  // The likeliest of all is the fourth candidate, which is not scored; the others are equal.
  expect(asked?.map(({ item }) => item)).toEqual([1, 0, 3, 2]);
  expect(silent).toEqual(given);
  expect(fellBack).toBe(1);
});
