import { Catalog, createDataset, InteractionLog, withLog } from '@palate/core';
import { leaveOneOut } from '@palate/datasets';
import { describe, expect, it } from 'vitest';
import {
  fillList,
  fineTuningLines,
  instructionData,
  profileInputs,
  profileTemplate,
  promptCompletions,
  readOrder,
} from '../../src/index.js';
import { threeHopItems, usersByItem } from '../../src/palr/affinity.js';
import { rows } from './rows-of-films.js';

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
    const reached = (from: readonly string[]) =>
      threeHopItems(
        log,
        usersByItem(log),
        log.users.indexOf('short'),
        from.map((id) => log.items.indexOf(id)),
        5,
      ).map((item) => log.items.idOf(item));
    expect(reached(['x'])).toEqual(['near']);
    expect(reached([])).toEqual([]);
  });

  it.each([0, 0.5, 1])(
    'teaches labels that the user met, after histories with an own item, with a swap of %d',
    async (swap) => {
      // Short histories: two to four items, filled up to six.
      const short = rows(60, 3);
      const { samples } = await instructionData(short, { userShare: 1, swap, seed: 3, leastHistory: 6 });
      let filled = 0;
      for (const { user, history, labels } of samples) {
        const own = new Set(short.log.history(user));
        expect(labels.length).toBeGreaterThan(0);
        for (const label of labels) expect(own.has(label)).toBe(true);
        expect(history.some((item) => own.has(item))).toBe(true);
        // What is filled in stands before what is the user's own.
        const first = history.findIndex((item) => own.has(item));
        expect(history.slice(first).every((item) => own.has(item))).toBe(true);
        for (const label of labels) expect(history).not.toContain(label);
        filled += first;
      }
      expect(filled).toBeGreaterThan(samples.length);
    },
  );

  it('lets the members of a genre take turns where nobody watched anything together', async () => {
    // Two interactions of each user are of one item: no two items share a user.
    const log = InteractionLog.fromRows(
      Array.from({ length: 600 }, (_, k) => ({
        user: `u${k % 300}`,
        item: `i${k % 300}`,
        timestamp: k,
      })),
    );
    const films = createDataset({
      name: 'one genre',
      log,
      catalog: new Catalog({
        items: log.items,
        text: {},
        attributes: { genres: [...log.items].map(() => ['Drama']) },
      }),
      licence: 'MIT',
      source: 'made up',
    });
    const { samples } = await instructionData(films, {
      userShare: 1,
      tasks: ['recommend-retrieval'],
      candidateLength: 40,
      perUser: 1,
      swap: 0,
    });
    const shown = new Float64Array(300);
    for (const { candidates } of samples) for (const item of candidates) shown[item]!++;
    // 40 of each of 300 lists: each film in about 40 of them, and none in most.
    expect(Math.max(...shown)).toBeLessThan(80);
    expect(Math.min(...shown)).toBeGreaterThan(10);
  });

  it('becomes conversations and pairs in words', async () => {
    const { samples } = await instructionData(train, { userShare: 0.1, perUser: 1, seed: 1 });
    const options = { catalog, profile: () => 'quiet drama' };
    const [line = ''] = fineTuningLines(samples, options);
    const { messages } = JSON.parse(line) as { messages: { role: string; content: string }[] };
    expect(messages.map(({ role }) => role)).toEqual(['system', 'user', 'assistant']);
    expect(messages[1]?.content).toContain('quiet drama');
    const [first] = samples;
    expect(messages[2]?.content).toBe(
      first?.task === 'recommend'
        ? first.labels.map((item) => catalog.itemText(item, ['title'])).join('\n')
        : JSON.stringify({ ranking: first?.labels.map((item) => first.candidates.indexOf(item) + 1) }),
    );
    const withCandidates = samples.findIndex(({ task }) => task === 'recommend-retrieval');
    const pair = promptCompletions(samples, options)[withCandidates];
    for (const [k, item] of (samples[withCandidates]?.candidates ?? []).entries())
      expect(pair?.prompt).toContain(`${k + 1}. ${catalog.itemText(item, ['title'])}`);
  });
});

describe('profiles', () => {
  it('are asked for from the history alone, newest last, and read as keywords in any form', () => {
    // Without a number for its length a profile would begin with the histories of others.
    for (const length of [Number.NaN, 0, 1.5])
      expect(() => profileInputs(dataset, { length })).toThrow(/length/);
    expect(() => profileInputs(dataset, { most: 3 } as never)).toThrow(/profileInputs.*"most"/);
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
