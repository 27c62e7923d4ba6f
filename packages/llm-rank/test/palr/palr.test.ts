import { Catalog, createDataset, type Dataset, InteractionLog, RandomStream, withLog } from '@palate/core';
import { rankerConformance, retrieverConformance } from '@palate/core/testing';
import { leaveOneOut } from '@palate/datasets';
import { PopularityRetriever } from '@palate/retrievers';
import { describe, expect, it, test } from 'vitest';
import {
  fillList,
  fineTuningLines,
  instructionData,
  LocalRanker,
  profileInputs,
  profileTemplate,
  promptCompletions,
  readOrder,
} from '../../src/index.js';
import { threeHopItems, usersByItem } from '../../src/palr/affinity.js';

/** Users who walk up one of two rows of films. */
function rows(users = 40, each = 10): Dataset {
  const random = new RandomStream(3);
  const list = [];
  for (let user = 0; user < users; user++) {
    const start = random.integer(12);
    for (let k = 0; k < each; k++)
      list.push({
        user: `u${user}`,
        item: `${user % 2 === 0 ? 'a' : 'b'}${(start + k) % 20}`,
        timestamp: 100 * user + k,
        rating: 4,
      });
  }
  const log = InteractionLog.fromRows(list);
  return createDataset({
    name: 'rows',
    log,
    catalog: new Catalog({
      items: log.items,
      text: { title: [...log.items].map((id) => `Film ${id}`) },
      attributes: { genres: [...log.items].map((id) => [id.startsWith('a') ? 'Drama' : 'War']) },
    }),
    licence: 'MIT',
    source: 'made up',
  });
}
const dataset = rows();
const catalog = dataset.catalog;

describe('instruction data', () => {
  const split = leaveOneOut(dataset.log);
  const train = withLog(dataset, split.train);

  it('uses a share of the users, and holds nothing that is held out for them', async () => {
    const { samples, tuned } = await instructionData(train, { userShare: 0.2, seed: 4, leastHistory: 0 });
    expect(tuned.reduce((sum, each) => sum + each, 0)).toBe(8);
    for (const { user, history, labels } of samples) {
      expect(tuned[user]).toBe(1);
      const own = new Set(split.train.history(user));
      for (const item of [...history, ...labels]) expect(own.has(item)).toBe(true);
      for (const held of [...split.test.history(user), ...(split.validation?.history(user) ?? [])])
        expect([...history, ...labels]).not.toContain(held);
    }
  });

  it('puts all labels among the candidates, similar items beside them, and their place says nothing', async () => {
    const { samples } = await instructionData(train, {
      userShare: 1,
      tasks: ['recommend-retrieval'],
      candidateLength: 12,
      labelLength: 3,
      swap: 0,
      seed: 1,
    });
    const places = new Float64Array(12);
    let similar = 0;
    let others = 0;
    for (const { history, labels, candidates } of samples) {
      expect(candidates).toHaveLength(12);
      expect(new Set(candidates).size).toBe(12);
      for (const label of labels) places[candidates.indexOf(label)]! += 1 / labels.length;
      const row = dataset.log.items.idOf(history[0] as number)[0];
      for (const item of candidates.filter((each) => !labels.includes(each))) {
        others++;
        if (dataset.log.items.idOf(item)[0] === row) similar++;
      }
    }
    // Candidates are of the user's own row far more often than the half that chance would give.
    expect(similar / others).toBeGreaterThan(0.7);
    for (const share of places) expect(Math.abs(share / samples.length - 1 / 12)).toBeLessThan(0.05);
  });

  it('swaps sides at random, never losing an item', async () => {
    const options = { userShare: 1, tasks: ['recommend'] as const, perUser: 1, seed: 2, leastHistory: 0 };
    const plain = await instructionData(train, { ...options, swap: 0 });
    const swapped = await instructionData(train, { ...options, swap: 1 });
    let moved = 0;
    for (const [k, { history, labels }] of swapped.samples.entries()) {
      const before = plain.samples[k];
      expect(new Set([...history, ...labels])).toEqual(
        new Set([...(before?.history ?? []), ...(before?.labels ?? [])]),
      );
      if (labels[0] !== before?.labels[0]) moved++;
    }
    expect(moved).toBe(swapped.samples.length);
  });

  it('fills short histories by three hops in the graph', () => {
    const log = InteractionLog.fromRows([
      { user: 'short', item: 'x' },
      { user: 'other', item: 'x' },
      { user: 'other', item: 'near' },
      { user: 'third', item: 'near' },
      { user: 'third', item: 'far' },
    ]);
    expect(
      threeHopItems(log, usersByItem(log), log.users.indexOf('short'), 5).map((item) => log.items.idOf(item)),
    ).toEqual(['near']);
  });

  it('becomes conversations and pairs in words', async () => {
    const { samples } = await instructionData(train, { userShare: 0.1, perUser: 1, seed: 1 });
    const options = { catalog, profile: () => 'quiet drama' };
    const [line = ''] = fineTuningLines(samples, options);
    const { messages } = JSON.parse(line) as { messages: { role: string; content: string }[] };
    expect(messages.map(({ role }) => role)).toEqual(['system', 'user', 'assistant']);
    expect(messages[1]?.content).toContain('quiet drama');
    expect(messages[2]?.content.split('\n')).toEqual(
      samples[0]?.labels.map((item) => catalog.itemText(item, ['title'])),
    );
    const withCandidates = samples.findIndex(({ task }) => task === 'recommend-retrieval');
    const pair = promptCompletions(samples, options)[withCandidates];
    for (const item of samples[withCandidates]?.candidates ?? [])
      expect(pair?.prompt).toContain(`- ${catalog.itemText(item, ['title'])}`);
  });
});

describe('profiles', () => {
  it('are asked for from the history alone, newest last, and read as keywords in any form', () => {
    const [input] = profileInputs(dataset, { length: 3 });
    expect(input?.input.history).toHaveLength(3);
    expect(input?.input.history.at(-1)).toContain(
      catalog.itemText(dataset.log.history(0).at(-1) as number, ['title']),
    );
    for (const answer of [
      'Slow cinema, heists, 1970s',
      '- slow cinema\n- heists\n- 1970s',
      'Keywords: slow cinema, heists, 1970s.',
    ])
      expect(profileTemplate.clean?.(answer).facts?.keywords).toEqual(['slow cinema', 'heists', '1970s']);
    expect(() => profileTemplate.clean?.('...')).toThrow();
  });
});

describe('answers by number', () => {
  it('count what is invented and repeated, and are filled up in the retriever’s order', () => {
    expect(readOrder([2, 9, 2, 1, 1.5], 3)).toEqual({
      order: [1, 0],
      counts: { answered: 5, invented: 2, repeated: 1 },
    });
    const given = [4, 5, 6].map((item, k) => ({ item, score: 3 - k }));
    const { list, filled } = fillList([6], given, 3);
    expect(list.map(({ item }) => item)).toEqual([6, 4, 5]);
    expect(filled).toBe(2);
  });
});

const TINY = { dimension: 8, heads: 2, blocks: 1, epochs: 1, perUser: 1, batchSize: 16 } as const;

describe('LocalRanker', () => {
  for (const { name, run } of retrieverConformance({
    create: (data, seed) => LocalRanker.fit(data, { ...TINY, seed }),
    load: (dir) => LocalRanker.load(dir),
  }))
    test(name, run);
  for (const { name, run } of rankerConformance({ create: () => LocalRanker.fit(dataset, TINY) }))
    test(`as a ranker ${name}`, run);

  it('refuses a validation log of other users and items', async () => {
    await expect(LocalRanker.fit(dataset, { validation: rows().log })).rejects.toThrow(
      /validation log to share the id maps/,
    );
  });

  it('learns which candidates go with a history', { timeout: 120_000 }, async () => {
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
