import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  Catalog,
  createDataset,
  type Dataset,
  InteractionLog,
  readArtifact,
  withLog,
  writeArtifact,
} from '@palate/core';
import { rankerConformance, retrieverConformance } from '@palate/core/testing';
import { leaveOneOut } from '@palate/datasets';
import { PopularityRetriever } from '@palate/retrievers';
import { describe, expect, it, test } from 'vitest';
import { LocalRanker } from '../../src/index.js';
import { mixedOrder } from '../../src/palr/mixed-order.js';
import { rows } from './rows-of-films.js';

const dataset = rows();

/** 200 films, of which a few users saw a few. */
function wideCatalogue(): Dataset {
  const list = Array.from({ length: 400 }, (_, k) => ({
    user: `u${k % 20}`,
    item: `i${(k * 3) % 200}`,
    timestamp: k,
  }));
  const log = InteractionLog.fromRows(list);
  return createDataset({
    name: 'wide',
    log,
    catalog: new Catalog({ items: log.items, text: { title: [...log.items] } }),
    licence: 'MIT',
    source: 'made up',
  });
}

const TINY = { dimension: 8, heads: 2, blocks: 1, epochs: 1, perUser: 1, batchSize: 16 } as const;

describe('LocalRanker', () => {
  for (const { name, run } of retrieverConformance({
    create: (data, seed) => LocalRanker.fit(data, { ...TINY, seed }),
    load: (dir) => LocalRanker.load(dir),
  }))
    test(name, run);
  for (const { name, run } of rankerConformance({ create: () => LocalRanker.fit(dataset, TINY) }))
    test(`as a ranker ${name}`, run);

  it('reads the retriever’s best, however many candidates come, and leaves the others behind in its order', async () => {
    const wide = await LocalRanker.fit(wideCatalogue(), { ...TINY, userShare: 1 });
    // The best by score lie anywhere in the list.
    const given = Array.from({ length: 120 }, (_, item) => ({ item, score: ((item * 7) % 120) / 10 }));
    const best = [...given].sort((a, b) => b.score - a.score).map(({ item }) => item);
    for (const seed of [1, 2, 3]) {
      const [list = []] = await wide.rank([{ history: [0, 1] }], [given], 120, { seed });
      const order = list.map(({ item }) => item);
      expect(order).toHaveLength(120);
      expect(new Set(order.slice(0, 50))).toEqual(new Set(best.slice(0, 50)));
      expect(order.slice(50)).toEqual(best.slice(50));
      for (const [at, { score }] of list.slice(1).entries())
        expect(score).toBeLessThanOrEqual(list[at]?.score as number);
    }
  });

  it('gives one order whatever scale and origin the retriever’s scores have', async () => {
    const ranker = await LocalRanker.fit(dataset, TINY);
    const given = [7, 3, 9, 1, 5, 2].map((item, k) => ({ item, score: 1 / (k + 2) }));
    const order = async (scale: number, shift: number, orderWeight: number) => {
      const scaled = given.map(({ item, score }) => ({ item, score: scale * score + shift }));
      const [list = []] = await ranker.rank([{ history: [0] }], [scaled], 6, { orderWeight });
      return list.map(({ item }) => item);
    };
    for (const weight of [0, 0.5, 2, 1000]) {
      const plain = await order(1, 0, weight);
      for (const [scale, shift] of [
        [100, 0],
        [1e-3, 0],
        [1, -50],
        [1e4, 7],
      ] as const)
        expect(await order(scale, shift, weight)).toEqual(plain);
    }
    expect(await order(1, 0, 1000)).toEqual([7, 3, 9, 1, 5, 2]);
  });

  it('refuses candidates that no retriever gives, and takes two hundred thousand that one could', async () => {
    const ranker = await LocalRanker.fit(dataset, TINY);
    const refused = { code: 'invalid-input' };
    const one = (entry: { item: number; score: number }) =>
      ranker.rank([{ history: [0] }], [[{ item: 1, score: 1 }, entry]], 2);
    for (const item of [-1, 1.5, 40, Number.NaN])
      await expect(one({ item, score: 0 })).rejects.toMatchObject(refused);
    for (const score of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])
      await expect(one({ item: 2, score })).rejects.toMatchObject(refused);
    await expect(one({ item: 1, score: 0 })).rejects.toThrow(/item 1 again/);
    await expect(ranker.rank([{ history: [0] }], [undefined as unknown as []], 3)).rejects.toThrow(
      /list of candidates for query 0/,
    );
    await expect(ranker.rank([{ history: [99] }], [[{ item: 1, score: 1 }]], 2)).rejects.toMatchObject(
      refused,
    );
    await expect(ranker.rank([{}, {}], [[]], 2)).rejects.toMatchObject(refused);
    const repeated = Array.from({ length: 200_000 }, (_, k) => ({ item: k % 40, score: k }));
    await expect(ranker.rank([{ history: [0] }], [repeated], 5)).rejects.toMatchObject(refused);
    const many = Array.from({ length: 200_000 }, (_, item) => ({ item, score: -item }));
    const list = mixedOrder(many, [0.5, 2, 1], 0, 5);
    expect(list.map(({ item }) => item)).toEqual([1, 2, 0, 3, 4]);
  });

  it('goes on from a checkpoint only with the options and the data that it was started with', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'palate-ranker-'));
    const split = leaveOneOut(dataset.log);
    const train = withLog(dataset, split.train);
    const base = { ...TINY, epochs: 2, userShare: 1, seed: 4 };
    const asked = [{ history: [0, 1, 2] }];
    const variants = {
      perUser: { perUser: 2 },
      swap: { swap: 0.9 },
      leastHistory: { leastHistory: 19 },
      userShare: { userShare: 0.5 },
      tasks: { tasks: ['recommend'] as const },
      batchSize: { batchSize: 8 },
      weightDecay: { weightDecay: 0.5 },
      seed: { seed: 5 },
    };
    const checkpoint = { dir: join(dir, 'checkpoint') };
    await LocalRanker.fit(train, { ...base, checkpoint });
    for (const [name, change] of Object.entries(variants)) {
      const alone = await LocalRanker.fit(train, { ...base, ...change });
      const resumed = await LocalRanker.fit(train, { ...base, ...change, checkpoint });
      expect(await resumed.retrieve(asked, 8), name).toEqual(await alone.retrieve(asked, 8));
      await LocalRanker.fit(train, { ...base, checkpoint });
    }
  });

  it('is refused with saved settings that do not belong to its weights, though the checksums hold', async () => {
    const ranker = await LocalRanker.fit(dataset, TINY);
    const dir = join(mkdtempSync(join(tmpdir(), 'palate-forged-')), 'saved');
    await ranker.save(dir);
    const { manifest, tensors, files } = await readArtifact(dir, 'palr-local', 3);
    const config = manifest.config as Record<string, unknown>;
    const write = (own: unknown, parts = files) =>
      writeArtifact(dir, { kind: 'palr-local', version: 3, config: own, tensors, files: parts });
    for (const change of [
      { dimension: 16 },
      { dimension: 65_536 },
      { blocks: 2 },
      { blocks: 1000 },
      { heads: 1024 },
      { tasks: [] },
      { tasks: ['other'] },
      { orderWeight: -1 },
      { orderWeight: undefined },
      { unheardOf: 1 },
      { t5: { vocab_size: 3 } },
    ]) {
      await write({ ...config, ...change });
      await expect(LocalRanker.load(dir), JSON.stringify(change)).rejects.toMatchObject({ code: 'artifact' });
    }
    for (const name of ['items.json', 'words.json', 'profiles.json'])
      for (const content of ['{}', '[1]', '"text"', 'no JSON']) {
        await write(config, { ...files, [name]: Buffer.from(content) });
        await expect(LocalRanker.load(dir), `${name}: ${content}`).rejects.toMatchObject({
          code: 'artifact',
        });
      }
    await write(config);
    const asked = [{ history: [0, 1] }];
    expect(await (await LocalRanker.load(dir)).retrieve(asked, 5)).toEqual(await ranker.retrieve(asked, 5));
  });

  it('refuses a validation log of other users and items', async () => {
    await expect(LocalRanker.fit(dataset, { validation: rows().log })).rejects.toThrow(
      /validation log to share the id maps/,
    );
  });

  it('learns which candidates go with a history', async () => {
    const train = rows(80, 10);
    const split = leaveOneOut(train.log);
    const data = withLog(train, split.train);
    const retriever = await PopularityRetriever.fit(data);
    const ranker = await LocalRanker.fit(data, {
      dimension: 16,
      heads: 2,
      blocks: 1,
      epochs: 25,
      userShare: 1,
      perUser: 4,
      swap: 0,
      learningRate: 0.005,
      dropout: 0.1,
      retriever,
      ...(split.validation ? { validation: split.validation } : {}),
      patience: 25,
      seed: 1,
    });
    const users = Array.from({ length: 80 }, (_, user) => user);
    const queries = users.map((user) => ({
      user: data.log.users.idOf(user),
      history: train.log.history(user).slice(0, -1),
    }));
    const candidates = await retriever.retrieve(queries, 25);
    const share = (lists: readonly (readonly { item: number }[])[]): number =>
      users.filter((user) =>
        lists[user]?.slice(0, 3).some(({ item }) => item === split.test.history(user)[0]),
      ).length / 80;
    // The next film of the row: a bag of films cannot know it, an order can.
    const alone = share(await ranker.rank(queries, candidates, 3, { orderWeight: 0 }));
    expect(alone).toBeGreaterThan(share(candidates) + 0.2);
    // What the validation chose is no worse than the model alone.
    expect(share(await ranker.rank(queries, candidates, 3))).toBeGreaterThanOrEqual(alone - 0.05);
    expect(ranker.tuned.reduce((sum, each) => sum + each, 0)).toBe(80);
  });
});

describe('few requests, which a session of its own answers,', () => {
  test('are ordered as they are among many', async () => {
    using ranker = await LocalRanker.fit(rows(), { epochs: 1, batchSize: 16, dimension: 16, heads: 2 });
    const queries = Array.from({ length: 40 }, (_, q) => ({
      history: [q % 12, (q * 7 + 1) % 12 === q % 12 ? 13 : 14],
    }));
    const many = await ranker.scoreAll(queries);
    const items = ranker.items.size;
    for (const from of [0, 1, 33]) {
      const few = await ranker.scoreAll(queries.slice(from, from + 3));
      for (const [k, value] of few.entries()) expect(value).toBeCloseTo(many[from * items + k] as number, 4);
    }
    const candidates = queries.map((_, q) =>
      Array.from({ length: 6 }, (_, k) => ({ item: (q + 3 * k) % 20, score: 6 - k })),
    );
    // Candidates are shown in an order of the query's place in the call: only the first has the same place in both.
    const [alone] = await ranker.rank(queries.slice(0, 1), candidates.slice(0, 1), 6);
    const [among] = await ranker.rank(queries, candidates, 6);
    expect(alone?.map(({ item }) => item)).toEqual(among?.map(({ item }) => item));
    for (const [k, { score }] of (alone ?? []).entries())
      expect(score).toBeCloseTo(among?.[k]?.score ?? Number.NaN, 4);
  });
});
