import {
  Catalog,
  createDataset,
  EmbeddingTable,
  InteractionLog,
  joinProvenance,
  madeFrom,
  type Query,
  RandomStream,
  type Retriever,
  type TextEncoder,
  UNKNOWN,
  WORLD,
  withLog,
} from '@palate/core';
import { splitByTime } from '@palate/datasets';
import { evaluateRanking } from '@palate/eval';
import { describe, expect, it } from 'vitest';
import {
  Bm25Retriever,
  BprMf,
  BprSlim,
  Ease,
  Fusion,
  ImplicitAls,
  ItemKnn,
  PopularityRetriever,
  TextRetriever,
  UserKnn,
} from '../src/index.js';

const random = new RandomStream(9);
const past = Array.from({ length: 400 }, (_, k) => ({
  user: `u${k % 25}`,
  item: `i${random.integer(30)}`,
  timestamp: 86_400 * k,
}));
/** Interactions after the cut: either spread evenly, or all with the same item. */
const future = (poisoned: boolean) =>
  Array.from({ length: 100 }, (_, k) => ({
    user: `u${k % 25}`,
    item: poisoned ? 'i29' : `i${k % 30}`,
    timestamp: 86_400 * (400 + k),
  }));
const worlds = [false, true].map((poisoned) => {
  // The same ids in both, so that scores can be compared.
  const ids = Array.from({ length: 30 }, (_, k) => ({ user: 'archive', item: `i${k}`, timestamp: -1 }));
  const log = InteractionLog.fromRows([...ids, ...past, ...future(poisoned)]);
  const split = splitByTime(log, { test: 100 / 530, validation: 0 });
  const dataset = createDataset({
    name: 'made up',
    log,
    catalog: new Catalog({ items: log.items, text: { title: [...log.items] } }),
    licence: 'MIT',
    source: 'made up',
  });
  return { log, split, train: withLog(dataset, split.train) };
});

describe('under a split in time', () => {
  const fits: Readonly<Record<string, (train: (typeof worlds)[0]['train']) => Promise<Retriever>>> = {
    popularity: (train) => PopularityRetriever.fit(train),
    'recent popularity': (train) => PopularityRetriever.fit(train, { halfLifeDays: 20 }),
    'item neighbours': (train) => ItemKnn.fit(train),
    'user neighbours': (train) => UserKnn.fit(train),
    EASE: (train) => Ease.fit(train),
    iALS: (train) => ImplicitAls.fit(train, { seed: 1 }),
    BPR: (train) => BprMf.fit(train, { seed: 1 }),
    'BPR-SLIM': (train) => BprSlim.fit(train, { seed: 1 }),
    BM25: (train) => Bm25Retriever.fit(train),
  };
  for (const [name, fit] of Object.entries(fits))
    it(`${name} answers the same whatever the future holds`, async () => {
      const [even, poisoned] = await Promise.all(
        worlds.map(async ({ train, log }) => {
          const retriever = await fit(train);
          return retriever.retrieve(
            [{}, { user: 'u3', history: train.log.history(log.users.indexOf('u3')) }, { text: 'i29' }],
            10,
          );
        }),
      );
      expect(even).toEqual(poisoned);
    });

  it('queries and their sampled candidates hold nothing later than the cut', async () => {
    for (const { split, log } of worlds) {
      const asked: Query[] = [];
      const cut = Math.min(...split.test.timestamp);
      const recorder: Retriever = {
        name: 'recorder',
        items: log.items,
        retrieve: async (queries, k) => {
          asked.push(...queries);
          return queries.map(({ candidates }) =>
            Array.from(candidates ?? [], (item) => ({ item, score: 1 })).slice(0, k),
          );
        },
      };
      await evaluateRanking(
        recorder,
        { history: split.known, test: split.test },
        { candidates: { sampled: 6 }, metrics: ['hr@5'], resamples: 0, maskHistory: false },
      );
      expect(asked).toHaveLength(25);
      for (const { user, historyTimestamps, candidates } of asked) {
        expect(Math.max(...Array.from(historyTimestamps ?? []))).toBeLessThan(cut);
        const own = log.users.indexOf(user ?? '');
        const targets = new Set(split.test.history(own));
        const known = new Set(split.known.history(own));
        const negatives = Array.from(candidates ?? []).filter((item) => !targets.has(item));
        expect(new Set(negatives).size).toBe(6);
        for (const item of negatives) expect(known.has(item)).toBe(false);
      }
    }
  });
});

describe('a retriever by texts', () => {
  const [world] = worlds;
  if (!world) throw new Error('there is a world');
  const { train, split, log } = world;
  const encoder: TextEncoder = {
    id: 'drawn',
    width: 2,
    encode: async (texts) => ({
      data: Float32Array.from({ length: 2 * texts.length }, (_, k) => (k % 2 === 0 ? 1 : 0)),
      width: 2,
      truncated: 0,
    }),
  };
  const vectors = (provenance = UNKNOWN) =>
    new EmbeddingTable(
      log.items,
      2,
      Float32Array.from({ length: 2 * log.items.size }, (_, k) => 1 + (k % 7)),
      provenance,
    );
  const judge = (retriever: Retriever) =>
    evaluateRanking(
      retriever,
      { history: split.known, test: split.test },
      { metrics: ['hr@5'], resamples: 0 },
    );

  it('and a fusion know what their vectors know, and are refused where that is the test, or not said', async () => {
    const leak = { code: 'leak' };
    const cut = Math.min(...split.test.timestamp);
    const fair = await TextRetriever.fit(train, { encoder, vectors: vectors(madeFrom({ until: cut - 1 })) });
    const unfair = await TextRetriever.fit(train, { encoder, vectors: vectors(madeFrom({ until: cut })) });
    const silent = await TextRetriever.fit(train, { encoder, vectors: vectors() });
    const ownTexts = await TextRetriever.fit(train, { encoder });
    expect(ownTexts.provenance).toEqual(WORLD);
    expect((await judge(fair)).users).toBe(25);
    await expect(judge(unfair)).rejects.toMatchObject(leak);
    await expect(judge(silent)).rejects.toMatchObject(leak);
    const popularity = await PopularityRetriever.fit(train);
    expect(new Fusion([popularity, popularity]).provenance).toBeUndefined();
    const both = new Fusion([popularity, fair, unfair]);
    expect(both.provenance).toEqual(joinProvenance([fair.provenance, unfair.provenance]));
    await expect(judge(both)).rejects.toMatchObject(leak);
    expect((await judge(new Fusion([popularity, fair]))).users).toBe(25);
  });
});
