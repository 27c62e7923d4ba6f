import { InteractionLog, type LanguageModel } from '@palate/core';
import { describe, expect, it } from 'vitest';
import {
  bm25Fusion,
  coldStartPrompt,
  evaluateStudy,
  gainAbove,
  type NearColdStartUser,
  proxyStudy,
  rankByLikelihood,
  rankByMeanRating,
  withoutStudyUsers,
} from '../../src/index.js';

const titles = ['Heat', 'Alien', 'Up', 'Jaws', 'Big'];
const title = (item: number): string => titles[item] as string;
const user: NearColdStartUser = {
  user: 'u',
  preferences: { likedItems: [0], dislikedItems: [2], likes: 'tense thrillers', dislikes: 'cartoons' },
  pool: [1, 3, 4].map((item, k) => ({ item, rating: [9, 8, 3][k] as number, source: 'test', seen: false })),
};

describe('prompts', () => {
  it('tell items, words or both, with dislikes where asked to', () => {
    const words = (input: 'items' | 'language' | 'items+language', negatives = false): string =>
      coldStartPrompt(user.preferences, { style: 'zero-shot', input, negatives, title });
    expect(words('items')).toContain('Heat');
    expect(words('items')).not.toContain('tense');
    expect(words('language')).toContain('tense thrillers');
    expect(words('language')).not.toContain('Heat');
    expect(words('items+language', true)).toMatch(/tense.*cartoons.*Heat.*Up/s);
    expect(words('items+language')).not.toContain('cartoons');
  });

  it('end where a title goes on, and show other users first in the few-shot style', () => {
    const other = {
      user: { ...user, user: 'v', preferences: { ...user.preferences, likes: 'sharks' } },
      liked: [3],
    };
    const completion = coldStartPrompt(user.preferences, { style: 'completion', input: 'language', title });
    expect(completion.endsWith('would also like the film')).toBe(true);
    const few = coldStartPrompt(user.preferences, {
      style: 'few-shot',
      input: 'language',
      title,
      examples: [other],
    });
    expect(few.indexOf('sharks')).toBeLessThan(few.indexOf('tense'));
    expect(few).toContain('Jaws');
    expect(few.endsWith(':')).toBe(true);
  });
});

describe('few-shot', () => {
  it('without examples, or with an empty one, is refused instead of being zero-shot in silence', () => {
    const few = { style: 'few-shot', input: 'language', title } as const;
    expect(() => coldStartPrompt(user.preferences, few)).toThrow(/examples for the few-shot style.*none/);
    expect(() => coldStartPrompt(user.preferences, { ...few, examples: [{ user, liked: [] }] })).toThrow(
      /"u" without/,
    );
    expect(() => coldStartPrompt(user.preferences, { ...few, style: 'one-shot' as 'few-shot' })).toThrow(
      /zero-shot/,
    );
  });
});

describe('rankByLikelihood', () => {
  /** Nats by the letters of a title, and fewer where the prompt speaks of thrillers and the title is Jaws. */
  const model: LanguageModel = {
    id: 'letters',
    generate: async () => [],
    logLikelihood: async (pairs) =>
      pairs.map(({ prompt, continuation }) => ({
        logLikelihood:
          -2 * continuation.trim().length +
          (prompt.includes('thrillers') && continuation.includes('Jaws') ? 3 : 0),
        tokens: continuation.trim().length,
      })),
  };
  const prompt = { style: 'zero-shot', input: 'language', title } as const;

  it('is the sum or the mean of the tokens, with the prior taken off where asked to', async () => {
    expect(await rankByLikelihood(model, [user], prompt, { length: 'sum' })).toEqual([[-10, -5, -6]]);
    expect(await rankByLikelihood(model, [user], prompt)).toEqual([[-2, -1.25, -2]]);
    // What is left is what the preferences add.
    expect(await rankByLikelihood(model, [user], prompt, { length: 'sum', priorCorrection: true })).toEqual([
      [0, 3, 0],
    ]);
  });

  it.each([
    ['minus infinity', { logLikelihood: Number.NEGATIVE_INFINITY, tokens: 3 }],
    ['not a number', { logLikelihood: Number.NaN, tokens: 3 }],
    ['no token', { logLikelihood: 0, tokens: 0 }],
    ['a positive one', { logLikelihood: 2, tokens: 3 }],
  ])('refuses %s, as a likelihood and as a prior, and names the title', async (_, bad) => {
    const partly = (isPrior: boolean): LanguageModel => ({
      id: 'partly',
      generate: async () => [],
      logLikelihood: async (pairs) =>
        pairs.map((pair) =>
          pair.continuation.includes('Jaws') && pair.prompt.includes('thrillers') !== isPrior
            ? bad
            : { logLikelihood: -1, tokens: 1 },
        ),
    });
    for (const isPrior of [false, true])
      await expect(
        rankByLikelihood(partly(isPrior), [user], prompt, { priorCorrection: true }),
      ).rejects.toMatchObject({
        code: 'bad-answer',
        message: expect.stringContaining('"Jaws"'),
      });
  });

  it('refuses a user of the study among the examples', async () => {
    const few = { ...prompt, style: 'few-shot' as const, examples: [{ user, liked: [3] }] };
    await expect(rankByLikelihood(model, [user], few)).rejects.toThrow(/"u" in both/);
  });

  it('says so where a model gives none', async () => {
    const mute: LanguageModel = { id: 'mute', generate: async () => [] };
    await expect(rankByLikelihood(mute, [user], prompt)).rejects.toMatchObject({ code: 'unsupported' });
  });
});

describe('bm25Fusion', () => {
  it('adds up the best texts of an item', async () => {
    const texts = [
      { item: 1, text: 'tense in space' },
      { item: 3, text: 'thrillers with sharks' },
      { item: 3, text: 'tense and wet' },
      { item: 4, text: 'a boy grows up' },
    ];
    const [scores] = await bm25Fusion(texts, [user]);
    expect(scores?.[1] as number).toBeGreaterThan(scores?.[0] as number);
    expect(scores?.[0] as number).toBeGreaterThan(0);
    expect(scores?.[2]).toBe(0);
  });
});

describe('rankByMeanRating', () => {
  const rated = (user: string) =>
    InteractionLog.fromRows(
      (
        [
          [0, 10],
          [1, 10],
          [1, 4],
          [2, 4],
        ] as const
      ).map(([item, rating], timestamp) => ({
        user,
        item: String(item),
        timestamp,
        rating,
      })),
    );
  const asked: NearColdStartUser = {
    ...user,
    pool: [0, 1, 2].map((item) => ({ item, rating: 9, source: 'test', seen: false })),
  };

  it('is the mean shrunk by ratings at the overall mean', () => {
    // Overall 7: (10 + 2 * 7) / 3, (14 + 14) / 4, (4 + 14) / 3.
    expect(rankByMeanRating(rated('v'), [asked], { shrinkage: 2 })).toEqual([[8, 7, 6]]);
    expect(rankByMeanRating(rated('v'), [asked], { shrinkage: 0 })).toEqual([[10, 7, 4]]);
  });

  it('refuses ratings of the users themselves, and logs without ratings', () => {
    expect(() => rankByMeanRating(rated('u'), [asked])).toThrow(/ratings of user "u"/);
    const bare = InteractionLog.fromRows([{ user: 'v', item: '0', timestamp: 1 }]);
    expect(() => rankByMeanRating(bare, [asked])).toThrow(/log with ratings/);
  });
});

describe('evaluateStudy', () => {
  const gain = gainAbove(6);
  it('is the graded NDCG computed by hand', () => {
    // Gains 8, 4, 0; ranked 4, 8, 0.
    const { ndcg } = evaluateStudy(
      'x',
      [user, user],
      [
        [1, 2, 0],
        [1, 2, 0],
      ],
      gain,
    );
    const best = 8 + 4 / Math.log2(3);
    expect(ndcg).toBeCloseTo((4 + 8 / Math.log2(3)) / best, 9);
  });

  it('refuses scores and gains that are no numbers, with user and item', () => {
    expect(() => evaluateStudy('x', [user], [[1, Number.NaN, 0]], gain)).toThrow(
      /NaN at the item \d+ of user "[^"]+" \(position 1 of the pool\)/,
    );
    expect(() => evaluateStudy('x', [user], [[1, 2, 0]], () => Number.NaN)).toThrow(/gains.*NaN/);
    expect(() => evaluateStudy('x', [user], [[1, 2, 0]], () => 0)).toThrow(/at least one user/);
  });

  it('takes play counts for ratings without overflow', () => {
    const heavy = { ...user, pool: user.pool.map((item, at) => ({ ...item, rating: 500 - at })) };
    expect(evaluateStudy('x', [heavy], [[3, 2, 1]], gainAbove(6)).ndcg).toBe(1);
    expect(() => evaluateStudy('x', [heavy], [[3, 2, 1]], (rating) => 2 ** (9 * rating))).toThrow(/Infinity/);
  });

  it('shares out equal scores, and looks at a slice where asked to', () => {
    const { ndcg } = evaluateStudy(
      'x',
      [user, user],
      [
        [1, 1, 1],
        [1, 1, 1],
      ],
      gain,
    );
    const best = 8 + 4 / Math.log2(3);
    expect(ndcg).toBeCloseTo((4 * (1 + 1 / Math.log2(3) + 1 / 2)) / best, 9);
    expect(
      evaluateStudy(
        'x',
        [user, user],
        [
          [0, 1, 2],
          [0, 1, 2],
        ],
        gain,
        10,
        ({ item }) => item !== 4,
      ).ndcg,
    ).toBeCloseTo((4 + 8 / Math.log2(3)) / best, 9);
  });
});

describe('proxyStudy', () => {
  const log = InteractionLog.fromRows(
    Array.from({ length: 40 }, (_, k) => ({
      user: `u${k % 2}`,
      item: `i${k}`,
      timestamp: k,
      rating: k % 4 === 3 ? 3 : 9,
    })),
  );
  const recorded = [{ user: 'u0', n: 10, likes: 'thrillers', dislikes: '' }];

  it('tells liked items of the early history, and pools what was rated later', () => {
    const [study] = proxyStudy(log, recorded, { liked: 8, told: 3, leastPool: 5 });
    const history = [...log.history(0)];
    expect(study?.preferences.likedItems).toEqual(history.slice(7, 10));
    const later = new Set(history.slice(10));
    for (const { item } of study?.pool ?? []) expect(later.has(item)).toBe(true);
    expect(withoutStudyUsers(log, study ? [study] : []).history(0)).toHaveLength(0);
    expect(withoutStudyUsers(log, study ? [study] : []).history(1)).toHaveLength(20);
  });

  it('refuses where nobody qualifies', () => {
    expect(() => proxyStudy(log, recorded, { liked: 8, told: 11 })).toThrow(/liked items first/);
  });
});
