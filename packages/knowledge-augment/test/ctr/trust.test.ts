import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  Catalog,
  EmbeddingTable,
  fingerprint,
  type IdMap,
  madeFrom,
  PalateError,
  type Provenance,
  RandomStream,
  readManifest,
  UNKNOWN,
  WORLD,
} from '@palate/core';
import { settled } from '@palate/core/testing';
import { selectBackend } from '@palate/nn';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  CtrModel,
  type CtrOptions,
  ctrSamples,
  encodeFeatures,
  Reranker,
  rerankLists,
  seenEntities,
  splitByTimes,
  takeSamples,
} from '../../src/index.js';
import { madeUpFilms } from '../made-up-films.js';

beforeAll(async () => {
  await selectBackend('ort');
});

const dataset = madeUpFilms(20, 12, 6);
const { log } = dataset;
const samples = ctrSamples(log, { above: 3 });
const split = splitByTimes(samples);
const features = encodeFeatures(
  dataset,
  [
    { name: 'id', of: 'item', kind: 'categorical' },
    { name: 'year', of: 'item', kind: 'numeric' },
  ],
  seenEntities(split.train),
);
const SMALL = { backbone: 'deepfm', features, dimension: 2, hidden: [3], epochs: 1, batchSize: 64 } as const;
const folder = (): string => join(mkdtempSync(join(tmpdir(), 'palate-trust-')), 'model');

function vectors(ids: IdMap, provenance: Provenance = WORLD, width = 3, seed = 7): EmbeddingTable {
  const random = new RandomStream(seed);
  return new EmbeddingTable(
    ids,
    width,
    Float32Array.from({ length: ids.size * width }, () => random.normal()),
    provenance,
  );
}
const leak = expect.objectContaining({ code: 'leak' });

describe('knowledge that knows what it helps to predict', () => {
  const trainingRows = (() => {
    const { offsets, row } = log.byUser();
    const { user, position } = split.train;
    const rows = Int32Array.from(
      user,
      (u, k) => row[(offsets[u] as number) + (position[k] as number)] as number,
    );
    return log.select(rows.sort());
  })();
  const firstTest = Math.min(
    ...split.test.user.map((_, k) => 1000 * Number(log.users.idOf(split.test.user[k] as number).slice(1))),
  );

  it('is refused in features too: an attribute that counts the interactions of the test', async () => {
    const plays = Array.from(
      log.items,
      (_, item) => log.item.filter((each, row) => each === item && (log.rating?.[row] ?? 0) > 3).length,
    );
    const { items, text, attributes } = dataset.catalog;
    const counted = (provenance?: Provenance): CtrOptions => ({
      ...SMALL,
      features: encodeFeatures(
        {
          ...dataset,
          catalog: new Catalog({
            items,
            text,
            attributes: { ...attributes, plays },
            ...(provenance ? { provenance: { plays: provenance } } : {}),
          }),
        },
        [
          { name: 'id', of: 'item', kind: 'categorical' },
          { name: 'plays', of: 'item', kind: 'numeric' },
        ],
        seenEntities(split.train),
      ),
    });
    await expect(CtrModel.fit(split.train, counted(madeFrom({ until: 1e9 })))).rejects.toMatchObject({
      code: 'leak',
      expected: expect.stringContaining('the item feature plays'),
    });
    const { features: known } = counted(madeFrom({ until: 1e9 }));
    await expect(
      Reranker.fit(rerankLists(samples, { length: 4 }), {
        model: 'prm',
        features: known,
        dimension: 2,
        epochs: 1,
      }),
    ).rejects.toEqual(leak);
    const silent = await CtrModel.fit(split.train, counted(UNKNOWN));
    await expect(silent.evaluate(split.test)).rejects.toEqual(leak);
    const dir = folder();
    const own = madeFrom({ log: fingerprint(trainingRows) });
    using model = await CtrModel.fit(split.train, counted(own));
    expect((await model.evaluate(split.test)).auc).toBeGreaterThan(0);
    await model.save(dir);
    using loaded = await CtrModel.load(dir);
    expect(loaded.features.item.map(({ provenance }) => provenance)).toEqual([WORLD, own]);
  });

  it('is refused by fit and evaluate, whoever asks', async () => {
    const everything = { item: vectors(log.items, madeFrom({ until: 1e9 })) };
    await expect(CtrModel.fit(split.train, { ...SMALL, knowledge: everything })).rejects.toEqual(leak);
    const n = { users: Object.fromEntries(Array.from(log.users, (id) => [id, { n: 2 }])) };
    const early = { user: vectors(log.users, madeFrom(n)) };
    // Samples from the second position on: the text has seen the second interaction.
    await expect(CtrModel.fit(split.train, { ...SMALL, knowledge: early })).rejects.toThrow(
      /knowledge of the users.*first 2 interactions/,
    );
    const later = ctrSamples(log, { above: 3, from: Array.from(log.users, () => 2) });
    using model = await CtrModel.fit(later, { ...SMALL, knowledge: early });
    expect((await model.evaluate(later)).auc).toBeGreaterThan(0);
    await expect(model.evaluate(samples)).rejects.toEqual(leak);
  });

  it('is refused where it does not say what it knows, unless it is only served', async () => {
    const knowledge = { item: vectors(log.items, UNKNOWN) };
    await expect(
      CtrModel.fit(split.train, { ...SMALL, knowledge, validation: split.validation }),
    ).rejects.toEqual(leak);
    using model = await CtrModel.fit(split.train, { ...SMALL, knowledge });
    expect(await model.predict(split.test)).toHaveLength(split.test.user.length);
    await expect(model.evaluate(split.test)).rejects.toThrow(
      /a note of the interactions they were made from|made from/,
    );
    using stated = await model.extend({
      users: log.users,
      items: log.items,
      features,
      knowledge: { item: knowledge.item.withProvenance(WORLD) },
    });
    expect((await stated.evaluate(split.test)).logLoss).toBeGreaterThan(0);
  });

  it('may come from the training data alone; the note survives a folder', async () => {
    expect(firstTest).toBeGreaterThan(0);
    const own = { item: vectors(log.items, madeFrom({ log: fingerprint(trainingRows) })) };
    using model = await CtrModel.fit(split.train, {
      ...SMALL,
      knowledge: own,
      validation: split.validation,
    });
    const found = await model.evaluate(split.test);
    const dir = folder();
    await model.save(dir);
    using loaded = await CtrModel.load(dir);
    expect(await loaded.evaluate(split.test)).toEqual(found);
    const whole = { item: vectors(log.items, madeFrom({ log: fingerprint(log) })) };
    await expect(CtrModel.fit(split.train, { ...SMALL, knowledge: whole })).rejects.toEqual(leak);
  });

  it('is refused by re-rankers alike', async () => {
    const options = { model: 'prm', features, dimension: 2, epochs: 1 } as const;
    const lists = rerankLists(samples, { length: 4 });
    const n = { users: Object.fromEntries(Array.from(log.users, (id) => [id, { n: 3 }])) };
    const early = { user: vectors(log.users, madeFrom(n)) };
    await expect(Reranker.fit(lists, { ...options, knowledge: early })).rejects.toEqual(leak);
    using silent = await Reranker.fit(lists, {
      ...options,
      knowledge: { user: vectors(log.users, UNKNOWN) },
    });
    await expect(silent.evaluate(lists)).rejects.toEqual(leak);
    const later = rerankLists(ctrSamples(log, { above: 3, from: Array.from(log.users, () => 3) }), {
      length: 4,
    });
    using model = await Reranker.fit(later, { ...options, knowledge: early });
    expect((await model.evaluate(later)).lists).toBe(later.user.length);
  });
});

describe('a checkpoint of another call', () => {
  /** Fits twice into one folder: the second run goes on from the first unless it is told to be another one. */
  const isTold = async (
    fit: (options: { checkpoint: { dir: string } }, other: boolean) => Promise<unknown>,
  ): Promise<boolean> => {
    const dir = folder();
    const identities: unknown[] = [];
    for (const other of [false, true]) {
      await fit({ checkpoint: { dir } }, other);
      identities.push(((await readManifest(dir)).config as { identity: unknown }).identity);
    }
    return identities[0] !== identities[1];
  };
  const base: CtrOptions = { ...SMALL, knowledge: { item: vectors(log.items) } };

  it('is told from one on the same samples, whatever differs', async () => {
    expect(await isTold((given) => CtrModel.fit(split.train, { ...base, ...given }))).toBe(false);
    const others: Record<string, () => [typeof samples, Partial<CtrOptions>]> = {
      labels: () => [{ ...split.train, label: split.train.label.map((each) => 1 - each) }, {}],
      threshold: () => [{ ...split.train, liked: split.train.liked.map((each) => 1 - each) }, {}],
      vectors: () => [split.train, { knowledge: { item: vectors(log.items, WORLD, 3, 8) } }],
      adaptor: () => [split.train, { knowledge: { ...base.knowledge, adaptor: { hide: 0.1 } } }],
      features: () => [
        split.train,
        {
          features: {
            ...features,
            item: features.item.map((each) => ({ ...each, numbers: each.numbers.map((x) => -x) })),
          },
        },
      ],
      rate: () => [split.train, { learningRate: 0.002 }],
      'weight decay': () => [split.train, { weightDecay: 0.5 }],
      seed: () => [split.train, { seed: 3 }],
      validation: () => [split.train, { validation: split.validation }],
    };
    for (const [what, make] of Object.entries(others)) {
      const [otherSamples, more] = make();
      const told = await isTold((given, other) =>
        CtrModel.fit(other ? otherSamples : split.train, { ...base, ...(other ? more : {}), ...given }),
      );
      expect(told, what).toBe(true);
    }
  });

  it('does not give its model for other labels', async () => {
    const inverted = { ...split.train, label: split.train.label.map((each) => 1 - each) };
    const checkpoint = { dir: folder() };
    await CtrModel.fit(split.train, { ...base, checkpoint });
    const second = await CtrModel.fit(inverted, { ...base, checkpoint });
    const fresh = await CtrModel.fit(inverted, base);
    expect(await second.predict(split.test)).toEqual(await fresh.predict(split.test));
  });

  it('is told for re-rankers, by knowledge and rate too', async () => {
    const lists = rerankLists(samples, { length: 4 });
    const own = { model: 'setrank', features, dimension: 2, epochs: 1 } as const;
    const knowledge = { item: vectors(log.items) };
    for (const more of [
      { knowledge: { item: vectors(log.items, WORLD, 3, 8) } },
      { learningRate: 0.002 },
      { dropout: 0.3 },
      { historyLength: 2 },
    ])
      expect(
        await isTold((given, other) =>
          Reranker.fit(lists, { ...own, knowledge, ...(other ? more : {}), ...given }),
        ),
      ).toBe(true);
  });
});

describe('options that nobody would read', () => {
  const item = vectors(log.items);
  const user = vectors(log.users);
  it('are refused', async () => {
    const refused = (options: object): Promise<void> =>
      expect(CtrModel.fit(split.train, { ...SMALL, ...options } as CtrOptions)).rejects.toMatchObject({
        code: 'invalid-input',
      });
    await refused({ knowledge: { item, adaptor: { sharedExperts: 9 } } });
    await refused({ knowledge: { item, adaptor: { kind: 'hea' } } });
    await refused({ knowledge: { item, adaptor: { kind: 'mlp', shared: 3 } } });
    await refused({ knowledge: { item, adaptor: { shared: 0, dedicated: 0 } } });
    await refused({ knowledge: { item, adaptor: { seed: 3 } } });
    await refused({ knowledge: { users: user, items: item } });
    await refused({ knowledge: {} });
    await refused({ knowledge: { user, item: vectors(log.items, WORLD, 4) } });
    await refused({ hidden: [0] });
    await refused({ weightDecay: Number.NaN });
    await refused({ learningRate: '0.1' });
    await refused({ features: { user: features.item, item: [], context: [] } });
    const separate = { user, item: vectors(log.items, WORLD, 4), adaptor: { shared: 0 } };
    using model = await CtrModel.fit(split.train, { ...SMALL, knowledge: separate });
    expect(model.parameterCount).toBeGreaterThan(0);
  });

  it('are refused in features', () => {
    const encode = (more: object): (() => unknown) => {
      const declaration = { name: 'id', of: 'item', kind: 'categorical', ...more };
      return () => encodeFeatures(dataset, [declaration as never], seenEntities(split.train));
    };
    expect(encode({})).not.toThrow();
    for (const more of [{ kind: 'many' }, { of: 'film' }, { hashSise: 4 }, { hashSize: 0 }, { most: 3 }])
      expect(encode(more)).toThrow(PalateError);
    expect(() =>
      encodeFeatures(dataset, [], { users: new Uint8Array(1), items: new Uint8Array(log.items.size) }),
    ).toThrow(/marks for 20 users/);
  });
});

describe('memory', () => {
  it('is given back by dispose: five loads of a model leave no tensors', async () => {
    const knowledge = { item: vectors(log.items), user: vectors(log.users) };
    const before = await settled(() => tf.memory().numTensors);
    const dir = folder();
    {
      using model = await CtrModel.fit(split.train, { ...SMALL, backbone: 'din', knowledge });
      await model.save(dir);
    }
    expect(tf.memory().numTensors).toBe(before);
    for (let k = 0; k < 5; k++) {
      const model = await CtrModel.load(dir);
      await model.predict(split.test);
      expect(tf.memory().numTensors).toBeGreaterThan(before);
      model.dispose();
      model.dispose();
      await expect(model.predict(split.test)).rejects.toThrow(/disposed of/);
    }
    expect(tf.memory().numTensors).toBe(before);
    const short = takeSamples(split.train, [0]);
    const aborted = AbortSignal.abort();
    await expect(CtrModel.fit(short, { ...SMALL, signal: aborted })).rejects.toMatchObject({
      code: 'cancelled',
    });
    expect(tf.memory().numTensors).toBe(before);
  });
});
