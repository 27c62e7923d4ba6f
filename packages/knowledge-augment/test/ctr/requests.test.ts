import {
  Catalog,
  createDataset,
  EmbeddingTable,
  IdMap,
  InteractionLog,
  RandomStream,
  WORLD,
} from '@palate/core';
import { rankerConformance } from '@palate/core/testing';
import { selectBackend } from '@palate/nn';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  CtrModel,
  ctrSamples,
  encodeFeatures,
  Reranker,
  requestSamples,
  rerankLists,
  type SampleContext,
  seenEntities,
} from '../../src/index.js';
import { madeUpFilms } from '../made-up-films.js';

beforeAll(async () => {
  await selectBackend('ort', { threads: 1 });
});

const dataset = madeUpFilms(30, 16, 8);
const { log } = dataset;
/** Made-up context: films of even numbers are met on a phone, each at a position of its own. */
const context: SampleContext = {
  device: Array.from(log.item, (item) =>
    Number(log.items.idOf(item).slice(1)) % 2 === 0 ? 'phone' : 'desk',
  ),
  position: Array.from(log.item, (_, row) => row % 5),
};
const samples = ctrSamples(log, { above: 3, context });
const features = encodeFeatures(
  dataset,
  [
    { name: 'id', of: 'item', kind: 'categorical' },
    { name: 'genres', of: 'item', kind: 'multi' },
    { name: 'year', of: 'item', kind: 'numeric' },
    { name: 'device', of: 'context', kind: 'categorical' },
    { name: 'position', of: 'context', kind: 'numeric' },
  ],
  seenEntities(samples),
);
const random = new RandomStream(3);
const vectors = (ids: typeof log.items): EmbeddingTable =>
  new EmbeddingTable(
    ids,
    3,
    Float32Array.from({ length: ids.size * 3 }, () => random.normal()),
    WORLD,
  );
const knowledge = { user: vectors(log.users), item: vectors(log.items), adaptor: { widths: [6, 3] } };
const ids = (names: string[]): IdMap => new IdMap(names, 'user');
let model: CtrModel;
let reranker: Reranker;
beforeAll(async () => {
  const small = { dimension: 4, epochs: 4, batchSize: 64, dropout: 0, knowledge };
  model = await CtrModel.fit(samples, {
    ...small,
    features,
    backbone: 'din',
    hidden: [8],
    learningRate: 0.01,
  });
  reranker = await Reranker.fit(rerankLists(samples, { length: 5 }), {
    ...small,
    features: { ...features, context: [] },
    model: 'mir',
  });
});

describe('a click-through model asked by requests', () => {
  it('says what it says of samples with the same history and context', async () => {
    const user = 3;
    const around = { device: 'phone', position: 2 };
    const asked = requestSamples(samples, [{ user, candidates: [1, 5, 9] }]);
    const expected = await model.predict({
      ...asked,
      context: { device: ['phone', 'phone', 'phone'], position: [2, 2, 2] },
    });
    const rows = [...log.byUser().row.subarray(log.byUser().offsets[user], log.byUser().offsets[user + 1])];
    const found = await model.score({
      user: log.users.idOf(user),
      history: log.history(user),
      liked: rows.map((row) => samples.liked[row] as number),
      context: around,
      candidates: [1, 5, 9],
    });
    for (const [k, chance] of found.entries()) expect(chance).toBeCloseTo(expected[k] as number, 5);
    const onePlace = await model.score({
      user: log.users.idOf(user),
      history: log.history(user),
      liked: rows.map((row) => samples.liked[row] as number),
      context: { device: 'phone' },
      candidateContext: { position: [2, 4, 2] },
      candidates: [1, 5, 9],
    });
    expect(onePlace[0]).toBeCloseTo(found[0] as number, 6);
    expect(onePlace[1]).not.toBeCloseTo(found[1] as number, 6);
  });

  it('takes a history of clicks alone, users it never saw, and requests with nothing', async () => {
    const clicked = await model.score({ history: [2, 4], candidates: [6, 7] });
    const liked = await model.score({ history: [2, 4], liked: [1, 1], candidates: [6, 7] });
    expect(clicked).toEqual(liked);
    expect(await model.score({ history: [2, 4], liked: [0, 0], candidates: [6, 7] })).not.toEqual(liked);
    expect(await model.score({ user: 'nobody', history: [2, 4], candidates: [6, 7] })).toEqual(clicked);
    const [none, nothing] = await model.scoreRequests([{ candidates: [] }, { candidates: [3] }]);
    expect(none).toHaveLength(0);
    expect(nothing?.[0]).toBeGreaterThan(0);
    expect(nothing?.[0]).toBeLessThan(1);
  });

  it('answers many requests as it does each', async () => {
    const requests = Array.from({ length: 40 }, (_, at) => ({
      user: `u${at % 30}`,
      history: Array.from({ length: at % 7 }, (_, k) => (at + k) % 16),
      candidates: Array.from({ length: at % 6 }, (_, k) => (3 * at + k) % 16),
    }));
    const together = await model.scoreRequests(requests);
    for (const at of [1, 5, 23, 39]) {
      const alone = await model.score(requests[at] as (typeof requests)[number]);
      expect(together[at]).toHaveLength(alone.length);
      for (const [k, chance] of alone.entries()) expect(together[at]?.[k]).toBeCloseTo(chance, 5);
    }
  });

  it('refuses items, histories and contexts that cannot be', async () => {
    await expect(model.score({ candidates: [16] })).rejects.toMatchObject({ code: 'invalid-input' });
    await expect(model.score({ history: [1, 2], liked: [1], candidates: [3] })).rejects.toThrow(
      /2 items of the history/,
    );
    await expect(model.score({ candidates: [3], context: { hour: 4 } })).rejects.toThrow(/device, position/);
    await expect(model.score({ candidates: [3], candidateContext: { position: [1, 2] } })).rejects.toThrow(
      /each of 1 candidates/,
    );
    await expect(model.predict(requestSamples(samples, [{ user: 0, candidates: [1] }]))).rejects.toThrow(
      /the context device of 1 samples/,
    );
    await expect(
      Reranker.fit(rerankLists(samples, { length: 5 }), { features, model: 'prm', epochs: 1 }),
    ).rejects.toThrow(/the context device/);
  });

  it('takes new users and items and new values of known ones', async () => {
    const changed = await model.upsert({
      items: { ids: ['new', 'f2'], attributes: { genres: [['War'], ['War']], year: [1995, 2020] } },
      users: {
        ids: ['late'],
        knowledge: new EmbeddingTable(ids(['late']), 3, Float32Array.of(1, 2, 3), WORLD),
      },
    });
    const before = await model.score({
      user: 'u1',
      history: [0, 1],
      candidates: Array.from({ length: 16 }, (_, k) => k),
    });
    const after = await changed.score({
      user: 'u1',
      history: [0, 1],
      candidates: Array.from({ length: 17 }, (_, k) => k),
    });
    const f2 = log.items.indexOf('f2');
    expect(after).toHaveLength(17);
    for (const [item, chance] of before.entries())
      if (item === f2) expect(after[item]).not.toBeCloseTo(chance, 6);
      else if (item > 1 && f2 > 1) expect(after[item]).toBeCloseTo(chance, 5);
    // The late user's text counts; a user who is not known has none.
    const late = await changed.score({ user: 'late', candidates: [3] });
    expect(late).not.toEqual(await changed.score({ user: 'later', candidates: [3] }));
    await expect(model.upsert({ items: { ids: ['a', 'a'] } })).rejects.toMatchObject({
      code: 'invalid-input',
    });
    await expect(model.upsert({ items: { ids: ['a'], attributes: { year: [1, 2] } } })).rejects.toThrow(
      /year of 1 items/,
    );
    await expect(
      model.upsert({
        users: { ids: ['a'], knowledge: new EmbeddingTable(ids(['a']), 2, Float32Array.of(1, 2)) },
      }),
    ).rejects.toThrow(/3 wide/);
  });
});

describe('a log of clicks alone', () => {
  it('has items that were never met beside each click, in its context', async () => {
    const clicks = InteractionLog.fromRows(
      Array.from(log.item, (item, row) => ({
        user: log.users.idOf(log.user[row] as number),
        item: log.items.idOf(item),
        timestamp: log.timestamp[row] as number,
      })),
    );
    const drawn = ctrSamples(clicks, { negatives: 2, context });
    const real = drawn.label.reduce((sum, value) => sum + value, 0);
    expect(drawn.user).toHaveLength(3 * real);
    for (const [at, user] of drawn.user.entries()) {
      const met = new Set(clicks.history(user));
      expect(met.has(drawn.item[at] as number)).toBe(drawn.label[at] === 1);
      if (drawn.label[at] === 0)
        expect(drawn.context?.device?.[at]).toBe(drawn.context?.device?.[at - (at % 3)]);
    }
    expect(ctrSamples(clicks, { negatives: 2, context })).toEqual(drawn);
    const own = createDataset({
      ...dataset,
      log: clicks,
      catalog: new Catalog({ items: clicks.items, text: {} }),
      users: undefined,
    });
    using fitted = await CtrModel.fit(drawn, {
      backbone: 'deepfm',
      features: encodeFeatures(own, [{ name: 'id', of: 'item', kind: 'categorical' }], seenEntities(drawn)),
      dimension: 2,
      hidden: [4],
      epochs: 1,
    });
    expect(await fitted.score({ history: [0], candidates: [1, 2] })).toHaveLength(2);
    expect(() => ctrSamples(clicks, { above: 3 })).toThrow(/ratings/);
    expect(() => ctrSamples(log, { above: 3, negatives: 1 })).toThrow(/both/);
    expect(() => ctrSamples(log, { context: { device: ['phone'] } })).toThrow(/1 values/);
  });
});

describe('a click-through model as a ranker', () => {
  for (const { name, run } of rankerConformance({ create: async () => model })) it(name, run);
});

describe('a re-ranker as a ranker', () => {
  for (const { name, run } of rankerConformance({ create: async () => reranker })) it(name, run);

  it('leaves candidates beyond its length behind those that it orders', async () => {
    const given = Array.from({ length: 8 }, (_, item) => ({ item, score: 8 - item }));
    const [list = []] = await reranker.rank([{ history: [2] }], [given], 8);
    expect(new Set(list.slice(0, 5).map(({ item }) => item))).toEqual(new Set([0, 1, 2, 3, 4]));
    expect(list.slice(5).map(({ item }) => item)).toEqual([5, 6, 7]);
  });
});
