import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Dataset, type LongCallOptions, type OutcomeCounts, PalateError, withLog } from '@palate/core';
import { disposableConformance, rankerConformance, retrieverConformance } from '@palate/core/testing';
import { leaveOneOut } from '@palate/datasets';
import { checkUnseen } from '@palate/eval';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it, test } from 'vitest';
import { evaluateRatings, P5, P5_TEMPLATES, type P5Options, ratingRows } from '../../src/index.js';
import { explanationsOf, reviewsOf, smallShop } from './small-shop.js';

const TINY: P5Options = {
  width: 16,
  heads: 2,
  inner: 32,
  layers: 1,
  epochs: 1,
  candidates: 6,
  wholeWords: 128,
  beams: 6,
};
const only = (...ids: readonly string[]): Pick<P5Options, 'templates'> => ({
  templates: P5_TEMPLATES.filter(({ id }) => ids.includes(id)),
});

/** The smallest fit: two questions, one batch. */
const fit = (dataset: Dataset, options: LongCallOptions = {}): Promise<P5> =>
  P5.fit(dataset, {
    ...TINY,
    ...only('2-2', '2-3'),
    families: ['sequential'],
    draws: { next: 1 },
    historyLength: 4,
    ...options,
  });

describe('P5 as a retriever', () => {
  for (const { name, run } of retrieverConformance({
    fit,
    load: P5.load,
    held: () => tf.memory().numTensors,
  }))
    test(name, run);
});

const shop = smallShop(10, 7, 8);
const split = leaveOneOut(shop.log, { validation: false });
const train = withLog(shop, split.train);
let learned: Promise<P5> | undefined;
/** A model that has learned the two rows of the shop, all five families together. */
const p5 = (): Promise<P5> => {
  learned ??= P5.fit(train, {
    ...TINY,
    ...only('1-1', '1-4', '2-2', '2-3', '2-12', '2-13', '3-7', '4-1', '4-2', '5-1', '5-5', '5-8', 'Z-5'),
    width: 32,
    heads: 4,
    inner: 64,
    wholeWords: 32,
    epochs: 40,
    dropout: 0,
    transfer: true,
    itemIds: 'independent',
    userIds: 'independent',
    texts: { reviews: reviewsOf(split.train), explanations: explanationsOf(split.train) },
    draws: {
      next: 8,
      'is-next': 1,
      'direct-yes-no': 3,
      'direct-choose': 1,
      rating: 0.3,
      review: 0.6,
      explanation: 0.5,
    },
  });
  return learned;
};

describe('P5 as a ranker', () => {
  let ranker: Promise<P5> | undefined;
  for (const { name, run } of rankerConformance({
    create: () => {
      ranker ??= p5();
      return ranker;
    },
  }))
    test(name, run);
});

describe('P5', () => {
  it('learns what comes after what, and answers a held-out question alike', async () => {
    const model = await p5();
    const queries = Array.from(split.test.user, (user) => ({
      user: shop.log.users.idOf(user),
      history: split.train.history(user).subarray(0, 4),
    }));
    const hits = async (asked: P5): Promise<number> => {
      const lists = await asked.retrieve(queries, 2);
      return lists.filter((list, k) => {
        const next = split.train.history(split.test.user[k] as number)[4];
        return list.some(({ item }) => item === next);
      }).length;
    };
    // By chance 2 of 12 available items: 1.7 of 10 users.
    expect(await hits(model)).toBeGreaterThan(6);
    const held = model.asking({ next: '2-13' });
    expect(await hits(held)).toBeGreaterThan(2);
    expect(held.name).toBe('P5 (independent ids; 2-13)');
    expect(() => model.asking({ next: '5-1' })).toThrow(/5-1/);
  });

  it('ranks by the chance of a yes, and by choice', async () => {
    const model = await p5();
    const candidates = Array.from({ length: 6 }, (_, item) => ({ item, score: 6 - item }));
    const users = [{ user: 'u0' }, { user: 'u1' }];
    const lists = await model.rank(
      users,
      users.map(() => candidates),
      6,
    );
    for (const list of lists)
      for (const { score } of list) {
        expect(score).toBeGreaterThan(0);
        expect(score).toBeLessThan(1);
      }
    const [alone] = await model.rank([users[1] as { user: string }], [candidates], 6);
    for (const [at, { item, score }] of (alone ?? []).entries()) {
      expect(item).toBe(lists[1]?.[at]?.item);
      expect(score).toBeCloseTo(lists[1]?.[at]?.score ?? 0, 5);
    }
    const chosen = await model.asking({ direct: '5-8' }).rank(
      users,
      users.map(() => candidates),
      6,
    );
    for (const list of chosen)
      expect(new Set(list.map(({ item }) => item))).toEqual(new Set(candidates.map(({ item }) => item)));
  });

  it('says yes rather to what a user has had than to what nobody of the kind has', async () => {
    const model = await p5();
    const all = Array.from(train.log.items, (_, item) => ({ item, score: 0 }));
    const known = Array.from(train.log.users);
    const lists = await model.rank(
      known.map((user) => ({ user })),
      known.map(() => all),
      all.length,
    );
    let [right, pairs] = [0, 0];
    for (const [user, list] of lists.entries()) {
      const had = new Set(train.log.history(user));
      const chances = (isHad: boolean): number[] =>
        list.filter(({ item }) => had.has(item) === isHad).map(({ score }) => score);
      for (const yes of chances(true))
        for (const no of chances(false)) {
          pairs++;
          right += yes > no ? 1 : 0;
        }
    }
    // By chance a half.
    expect(right / pairs).toBeGreaterThan(0.62);
  });

  it('ranks by the history of a user who is not known, and counts who has none', async () => {
    const model = await p5();
    const told: OutcomeCounts[] = [];
    const candidates = [0, 1, 2].map((item, k) => ({ item, score: 3 - k }));
    const [, , strange] = await model.rank(
      [{ user: 'u0' }, { user: 'nobody', history: [0, 1] }, { user: 'nobody' }],
      [candidates, candidates, candidates],
      3,
      { onOutcomes: (counts) => told.push(counts) },
    );
    expect(strange?.map(({ item }) => item)).toEqual([0, 1, 2]);
    expect(told[0]).toMatchObject({ asked: 3, fellBack: 1 });
  });

  it('writes ratings of the scale, and the mean for users who are not known', async () => {
    const model = await p5();
    const rows = ratingRows(split.test, shop.log);
    const [result] = await evaluateRatings([model.ratings()], rows, 4, { train: split.train });
    expect(result?.rows).toBe(rows.rating.length);
    const predictions = await model.ratings().predict(rows);
    for (const value of predictions) {
      expect(value).toBeGreaterThanOrEqual(1);
      expect(value).toBeLessThanOrEqual(5);
      expect(Math.abs(value * 10 - Math.round(value * 10))).toBeLessThan(1e-4);
    }
    const told: OutcomeCounts[] = [];
    const strange = { ...rows, user: rows.user.map(() => 999) };
    const means = await model.ratings().predict(strange, { onOutcomes: (counts) => told.push(counts) });
    const mean = split.train.rating?.reduce((sum, value) => sum + value, 0) ?? 0;
    expect(means[0]).toBeCloseTo(mean / split.train.length, 5);
    expect(told[0]?.fellBack).toBe(rows.user.length);
    expect(() => model.asking({ rating: '1-4' })).toThrow(/liking/);
  });

  it('writes explanations with the word that is asked for, and headlines of reviews', async () => {
    const model = await p5();
    const [red, blue] = await model.explain([
      { user: 'u0', item: 'a1', feature: 'red' },
      { user: 'u1', item: 'b1', feature: 'blue' },
    ]);
    expect(red).toBe('it is red and useful');
    expect(blue).toBe('it is blue and useful');
    const headlines = await model.summarise([{ user: 'u0', text: 'this thing got 4 from me' }]);
    expect(headlines[0]).toMatch(/^a \d$/);
    const [stars] = await model.rateReviews([{ user: 'u0', text: 'this thing got 4 from me' }]);
    expect(stars).toBeGreaterThanOrEqual(1);
    await expect(model.explain([{ user: 'nobody', item: 'a1' }])).rejects.toThrow(/nobody/);
    const [foreign] = await model.ask('Z-5', [
      { user: model.userName('u0'), title: 'a thing of elsewhere', feature: 'red' },
    ]);
    expect(foreign).toBe('it is red and useful');
  });

  it('counts names that no item has where the search is free, and keeps the lists whole', async () => {
    const model = await p5();
    const query = { user: 'u0', history: split.train.history(0) };
    const { lists, invalidShare } = await model.retrieveFreely([query], 4);
    expect(lists[0]).toHaveLength(4);
    for (const { item } of lists[0] ?? []) expect([...query.history]).not.toContain(item);
    expect(invalidShare).toBeGreaterThanOrEqual(0);
    expect(invalidShare).toBeLessThanOrEqual(1);
  });

  it('comes back from a folder with ratings, texts, templates and fill-ups as they were', async () => {
    const model = await p5();
    const dir = join(mkdtempSync(join(tmpdir(), 'p5-')), 'saved');
    await model.save(dir);
    using loaded = await P5.load(dir);
    const rows = ratingRows(split.test, shop.log);
    expect(await loaded.ratings().predict(rows)).toEqual(await model.ratings().predict(rows));
    const asked = [{ user: 'u0', item: 'a1', feature: 'red', rating: 3 }];
    expect(await loaded.explain(asked)).toEqual(await model.explain(asked));
    expect(loaded.fittedOn).toEqual(model.fittedOn);
    expect(loaded.provenance).toEqual(model.provenance);
  });

  it('counts the candidates and histories that do not fit', async () => {
    using model = await P5.fit(train, {
      ...TINY,
      ...only('2-2', '2-3', '5-5'),
      inputTokens: 14,
      draws: { next: 1, 'direct-choose': 1 },
      families: ['sequential', 'direct'],
    });
    expect(model.trainingCut.candidates?.texts).toBeGreaterThan(0);
    expect(model.trainingCut.history?.words).toBeGreaterThan(0);
    const told: OutcomeCounts[] = [];
    await model.retrieve([{ user: 'u0', history: split.train.history(0) }], 3, {
      onOutcomes: (counts) => told.push(counts),
    });
    expect(told[0]?.causes['history cut to fit the input']).toBe(1);
    expect(model.cut.history?.texts).toBe(1);
    await expect(model.explain([{ user: 'u0', item: 'a1' }])).rejects.toThrowError(
      expect.objectContaining({ code: 'unsupported' }) as Error,
    );
  });
});

describe('the names of items', () => {
  it('say in the name of the system how items are called, and that sequential numbers leak', async () => {
    using model = await P5.fit(train, {
      ...TINY,
      ...only('2-2'),
      families: ['sequential'],
      draws: { next: 1 },
      itemIds: 'sequential',
      wholeLog: shop.log,
    });
    expect(model.name).toBe('P5 (sequential numbering, leaks)');
    const refusal = (): void => checkUnseen(model, { history: split.train, test: split.test });
    expect(refusal).toThrowError(expect.objectContaining({ code: 'leak' }) as Error);
    await expect(P5.fit(train, { ...TINY, itemIds: 'sequential' })).rejects.toThrow(/wholeLog/);
    await expect(P5.fit(train, { ...TINY, itemIds: 'semantic' })).rejects.toThrow(/semanticIds/);
  });

  it('are clusters of who has items, made of the training data alone', async () => {
    using model = await P5.fit(train, {
      ...TINY,
      ...only('2-2'),
      families: ['sequential'],
      draws: { next: 1 },
      itemIds: 'clusters',
      clusterSize: 4,
    });
    expect(() => checkUnseen(model, { history: split.train, test: split.test })).not.toThrow();
    const [list] = await model.retrieve([{ user: 'u0', history: [0, 1] }], 5);
    expect(list).toHaveLength(5);
  });

  it('are refused where a text is of a pair that is held out', async () => {
    const outcome = await P5.fit(train, { ...TINY, texts: { reviews: reviewsOf(shop.log) } }).catch(
      (error: unknown) => error,
    );
    expect(PalateError.is(outcome) && outcome.code).toBe('leak');
    await expect(P5.fit(train, { ...TINY, texts: { review: [] } as never })).rejects.toThrow(/reviews/);
    await expect(P5.fit(train, { ...TINY, draws: { nexd: 1 } })).rejects.toThrow(/nexd/);
    await expect(P5.fit(train, { ...TINY, families: ['review'] })).rejects.toThrow(/review/);
  });
});

describe('P5 gives its weights back', () => {
  for (const { name, run } of disposableConformance({
    create: () =>
      P5.fit(train, {
        ...TINY,
        ...only('2-2', '5-1'),
        draws: { next: 1, 'direct-yes-no': 1 },
        families: ['sequential', 'direct'],
      }),
    held: () => tf.memory().numTensors,
    uses: [
      (model) => model.retrieve([{ history: [0, 1] }], 2),
      (model) => model.rank([{ user: 'u0' }], [[{ item: 0, score: 1 }]], 1),
    ],
    save: (model, dir) => model.save(dir),
    load: P5.load,
  }))
    test(name, run);
});
