import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  Catalog,
  createDataset,
  type Dataset,
  EmbeddingTable,
  type IdMap,
  InteractionLog,
  RandomStream,
} from '@palate/core';
import { collectGarbage, settled } from '@palate/core/testing';
import { selectBackend } from '@palate/nn';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  BACKBONES,
  type BackboneName,
  CtrModel,
  ctrSamples,
  encodeFeatures,
  encodeFeaturesLike,
  type FeatureDeclaration,
  LIST_MODELS,
  type ListModelName,
  Reranker,
  rerankLists,
  takeSamples,
} from '../../src/index.js';
import { madeUpFilms } from '../made-up-films.js';

beforeAll(async () => {
  await selectBackend('ort');
});

const dataset = madeUpFilms(30, 16, 8);
const { log } = dataset;
const samples = ctrSamples(log, { above: 3 });
const DECLARATIONS: FeatureDeclaration[] = [
  { name: 'id', of: 'item', kind: 'categorical' },
  { name: 'genres', of: 'item', kind: 'multi' },
  { name: 'year', of: 'item', kind: 'numeric' },
  { name: 'id', of: 'user', kind: 'categorical', hashSize: 16 },
];
const features = encodeFeatures(dataset, DECLARATIONS, {
  users: new Uint8Array(log.users.size).fill(1),
  items: new Uint8Array(log.items.size).fill(1),
});
const SMALL = { features, dimension: 4, epochs: 1, batchSize: 64, dropout: 0 };

/** A vector for each id that depends on the id alone. */
function vectors(ids: IdMap, width = 5): EmbeddingTable {
  const rows = Array.from(ids, (id) => {
    const random = new RandomStream(7).fork(id);
    return Array.from({ length: width }, () => random.normal());
  });
  return new EmbeddingTable(ids, width, Float32Array.from(rows.flat()));
}
const knowledge = {
  user: vectors(log.users),
  item: vectors(log.items),
  adaptor: { widths: [6, 3], match: true },
};
const folder = (): string => join(mkdtempSync(join(tmpdir(), 'palate-ctr-')), 'model');

/** The films with one more film and one more user, all in another order. */
function larger(): Dataset {
  const rows = [...log.item.keys()].map((row) => ({
    user: log.users.idOf(log.user[row] as number),
    item: log.items.idOf(log.item[row] as number),
    timestamp: log.timestamp[row] as number,
    rating: log.rating?.[row] as number,
  }));
  const fresh = ['f1', 'new'].map((item, at) => ({ user: 'u-new', item, timestamp: at, rating: 5 }));
  const wide = InteractionLog.fromRows([...fresh, ...rows]);
  const index = Array.from(wide.items, (id) => (id === 'new' ? 3 : Number(id.slice(1))));
  return createDataset({
    name: 'larger',
    log: wide,
    catalog: new Catalog({
      items: wide.items,
      text: { title: [...wide.items] },
      attributes: {
        genres: index.map((film) => [film % 2 === 0 ? 'Drama' : 'War', ...(film % 3 === 0 ? ['Crime'] : [])]),
        year: index.map((film) => 1990 + film),
      },
    }),
    users: {
      users: wide.users,
      attributes: { side: Array.from(wide.users, () => 'even') },
    },
    licence: 'MIT',
    source: 'made up',
  });
}

describe('a model of click-through rate', () => {
  for (const backbone of Object.keys(BACKBONES) as BackboneName[])
    it(`${backbone} comes back from a folder and predicts the same, with and without knowledge`, async () => {
      for (const given of [undefined, knowledge]) {
        const options = { ...SMALL, backbone, hidden: [8], ...(given ? { knowledge: given } : {}) };
        const model = await CtrModel.fit(samples, options);
        const dir = folder();
        await model.save(dir);
        const loaded = await CtrModel.load(dir);
        expect(await loaded.predict(samples)).toEqual(await model.predict(samples));
        expect(loaded.features).toEqual(model.features);
        expect(loaded.parameterCount).toBe(model.parameterCount);
        expect(loaded.history).toEqual([]);
      }
    });

  it('predicts alike however samples are put together', async () => {
    const model = await CtrModel.fit(samples, { ...SMALL, backbone: 'din', knowledge });
    const all = await model.predict(samples);
    for (const size of [1, 3, 17, 70]) {
      const some = await model.predict(
        takeSamples(
          samples,
          Int32Array.from({ length: size }, (_, k) => k),
        ),
      );
      expect(some).toHaveLength(size);
      for (const [k, chance] of some.entries()) expect(chance).toBeCloseTo(all[k] as number, 5);
    }
  });

  it('refuses a log of other users or items, and takes an equal one', async () => {
    const model = await CtrModel.fit(samples, { ...SMALL, backbone: 'deepfm' });
    const again = ctrSamples(madeUpFilms(30, 16, 8).log, { above: 3 });
    expect(await model.predict(again)).toEqual(await model.predict(samples));
    const more = ctrSamples(larger().log, { above: 3 });
    await expect(model.predict(more)).rejects.toThrow(/a log of 31 users/);
  });

  it('is damaged where a file is', async () => {
    const model = await CtrModel.fit(samples, { ...SMALL, backbone: 'din' });
    const dir = folder();
    await model.save(dir);
    const file = readdirSync(dir).find((name) => name === 'features.json') as string;
    writeFileSync(join(dir, file), '{}');
    await expect(CtrModel.load(dir)).rejects.toMatchObject({ code: 'artifact' });
  });

  it('serves new users and items by the same weights', async () => {
    const model = await CtrModel.fit(samples, { ...SMALL, backbone: 'din', epochs: 3, knowledge });
    const more = larger();
    const entities = {
      users: more.log.users,
      items: more.log.items,
      features: encodeFeaturesLike(more, model.features),
      knowledge: { user: vectors(more.log.users), item: vectors(more.log.items) },
    };
    const extended = await model.extend(entities);
    const given = ctrSamples(more.log, { above: 3 });
    const found = await extended.predict(given);
    const before = await model.predict(samples);
    const key = (log: InteractionLog, user: number, position: number): string =>
      `${log.users.idOf(user)} ${position}`;
    const known = new Map(
      [...before.entries()].map(([at, chance]) => [
        key(log, samples.user[at] as number, samples.position[at] as number),
        chance,
      ]),
    );
    let fresh = 0;
    for (const [at, chance] of found.entries()) {
      const expected = known.get(key(more.log, given.user[at] as number, given.position[at] as number));
      if (expected === undefined) {
        fresh++;
        expect(chance).toBeGreaterThan(0);
        expect(chance).toBeLessThan(1);
      } else expect(chance).toBeCloseTo(expected, 5);
    }
    expect(fresh).toBe(1);
    await expect(model.extend({ ...entities, knowledge: { item: vectors(more.log.items) } })).rejects.toThrow(
      /knowledge of the user 5 wide/,
    );
    await expect(
      model.extend({
        ...entities,
        features: encodeFeatures(more, DECLARATIONS, {
          users: new Uint8Array(more.log.users.size).fill(1),
          items: new Uint8Array(more.log.items.size).fill(1),
        }),
      }),
    ).rejects.toThrow(/item id with 17 rows/);
  });
});

describe('a re-ranker', () => {
  const lists = rerankLists(samples, { length: 6 });
  for (const model of Object.keys(LIST_MODELS) as ListModelName[])
    it(`${model} comes back from a folder, serves one list as it does many, and new films`, async () => {
      const fitted = await Reranker.fit(lists, { ...SMALL, batchSize: 8, model, knowledge });
      const dir = folder();
      await fitted.save(dir);
      const loaded = await Reranker.load(dir);
      const scores = await fitted.score(lists);
      expect(await loaded.score(lists)).toEqual(scores);
      const one = {
        ...lists,
        user: lists.user.slice(0, 1),
        position: lists.position.slice(0, 1),
        item: lists.item.slice(0, 6),
        label: lists.label.slice(0, 6),
      };
      for (const [k, score] of (await loaded.score(one)).entries())
        expect(score).toBeCloseTo(scores[k] as number, 4);
      const more = larger();
      const extended = await loaded.extend({
        users: more.log.users,
        items: more.log.items,
        features: encodeFeaturesLike(more, loaded.features),
        knowledge: { user: vectors(more.log.users), item: vectors(more.log.items) },
      });
      const fresh = rerankLists(ctrSamples(more.log, { above: 3 }), { length: 6 });
      expect((await extended.score(fresh)).every((score) => Number.isFinite(score))).toBe(true);
      await expect(loaded.score(fresh)).rejects.toThrow(/a log of 31 users/);
      await expect(loaded.score(rerankLists(samples, { length: 4 }))).rejects.toThrow('lists of 6 items');
    });
});

describe('memory', () => {
  it('is given back by models that are disposed, and by those that nobody holds', async () => {
    // What the tests before left to the collector is gone before anything is counted.
    const before = await settled(() => tf.memory().numTensors);
    const dir = folder();
    const lists = rerankLists(samples, { length: 6 });
    {
      using model = await CtrModel.fit(samples, { ...SMALL, backbone: 'dcnv2', knowledge });
      await model.save(dir);
      using reranker = await Reranker.fit(lists, { ...SMALL, batchSize: 8, model: 'dlcm', knowledge });
      expect(reranker.history).not.toHaveLength(0);
    }
    await collectUntil(() => tf.memory().numTensors <= before);
    expect(tf.memory().numTensors).toBeLessThanOrEqual(before);
    const loaded = await CtrModel.load(dir);
    expect(tf.memory().numTensors).toBeGreaterThan(before + 20);
    loaded.dispose();
    expect(tf.memory().numTensors).toBeLessThanOrEqual(before);
    for (let round = 0; round < 5; round++) await (await CtrModel.load(dir)).predict(samples);
    await collectUntil(() => tf.memory().numTensors <= before + 60);
    expect(tf.memory().numTensors).toBeLessThanOrEqual(before + 60);
  });
});

/** Collects garbage until a condition holds, or enough has been tried. */
async function collectUntil(holds: () => boolean): Promise<void> {
  for (let round = 0; round < 100 && !holds(); round++) await collectGarbage();
}
