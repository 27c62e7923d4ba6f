import {
  Catalog,
  createDataset,
  type Dataset,
  IdMap,
  InteractionLog,
  madeFrom,
  RandomStream,
  type Retriever,
} from '@palate/core';
import { ndcgOfLists } from '@palate/eval';
import { beforeAll, describe, expect, it, test } from 'vitest';
import { LocalRanker, type TaughtRanking } from '../../src/index.js';
import { withRetrieved } from '../../src/palr/hard-negatives.js';
import type { InstructionSample } from '../../src/palr/instruction-data.js';

const ITEMS = 40;
const USERS = 80;
const random = new RandomStream(7);
const drawn = (count: number): number[] =>
  random.shuffle(Array.from({ length: ITEMS }, (_, item) => item)).slice(0, count);

/** Histories at random: nothing in them says what a teacher likes. */
function noise(): Dataset {
  const histories = Array.from({ length: USERS }, () => drawn(8));
  const rows = histories.flatMap((items, user) => items.map((item, time) => ({ user, item, time })));
  const items = new IdMap(Array.from({ length: ITEMS }, (_, k) => `i${k}`));
  return createDataset({
    name: 'noise',
    log: new InteractionLog({
      users: new IdMap(
        Array.from({ length: USERS }, (_, k) => `u${k}`),
        'user',
      ),
      items,
      user: Int32Array.from(rows, ({ user }) => user),
      item: Int32Array.from(rows, ({ item }) => item),
      timestamp: Float64Array.from(rows, ({ time }) => time),
    }),
    catalog: new Catalog({ items, text: { title: [...items] } }),
    licence: 'MIT',
    source: 'made up',
  });
}

/** A teacher with a taste of its own: multiples of three, then the others, each from the highest number down. */
function taught(dataset: Dataset, user: number): TaughtRanking {
  const candidates = drawn(20);
  const liking = (item: number): number => item + (item % 3 === 0 ? 100 : 0);
  return {
    user: dataset.log.users.idOf(user),
    history: dataset.log.history(user),
    candidates,
    ranking: [...candidates].sort((a, b) => liking(b) - liking(a)).slice(0, 10),
  };
}

const FIT = {
  dimension: 16,
  heads: 2,
  blocks: 1,
  dropout: 0,
  batchSize: 16,
  learningRate: 0.01,
  perUser: 1,
} as const;

describe('a local ranker that learns from rankings of a larger model', () => {
  const dataset = noise();
  const known = madeFrom({ until: 8 });
  const rankings = Array.from({ length: USERS }, (_, user) => taught(dataset, user));
  let ranker: LocalRanker;
  beforeAll(async () => {
    ranker = await LocalRanker.fit(dataset, {
      ...FIT,
      epochs: 20,
      userShare: 0.05,
      tasks: ['recommend-retrieval'],
      rankings: rankings.slice(0, 60),
      rankingsProvenance: known,
      seed: 1,
    });
  });

  it('orders the candidates of others as its teacher would', async () => {
    const others = rankings.slice(60);
    const given = others.map(({ candidates }) => candidates.map((item, at) => ({ item, score: -at })));
    const right = others.map(({ ranking }) => ranking);
    const queries = others.map(({ user, history }) => ({ user, history }));
    const before = ndcgOfLists(given, right, 10);
    const after = ndcgOfLists(await ranker.rank(queries, given, 10, { orderWeight: 0 }), right, 10);
    // By chance half of a list of ten are right.
    expect(before).toBeLessThan(0.65);
    expect(after).toBeGreaterThan(0.9);
    // The retriever's order, at random here, gets no weight that spoils the list.
    const mixed = ndcgOfLists(await ranker.rank(queries, given, 10), right, 10);
    expect(mixed).toBeGreaterThan(0.88);
  });

  it('says what it knows, and whom it was tuned on', () => {
    expect(ranker.provenance).toEqual(known);
    for (const { user } of rankings.slice(0, 60))
      expect(ranker.tuned[dataset.log.users.indexOf(user)]).toBe(1);
    expect(ranker.tuned.reduce((sum, each) => sum + each, 0)).toBeLessThanOrEqual(64);
  });

  const [first] = rankings as [TaughtRanking];
  it.each([
    ['another user', { ...first, user: 'nobody' }, /user of the data in ranking 0.*"nobody"/],
    ['items out of range', { ...first, candidates: [99, 1, 2] }, /items from 0 to 39 in ranking 0.*99/],
    [
      'a choice that was no candidate',
      { ...first, ranking: [first.ranking[0] as number, -1] },
      /among the candidates/,
    ],
    [
      'a candidate twice',
      { ...first, candidates: [...first.candidates, first.candidates[0] as number] },
      /different candidates/,
    ],
    ['no choice', { ...first, ranking: [] }, /among the candidates/],
  ])('is refused %s', async (_, ranking, message) => {
    await expect(LocalRanker.fit(dataset, { ...FIT, epochs: 1, rankings: [ranking] })).rejects.toThrow(
      message,
    );
  });

  it('is refused rankings that know the validation', async () => {
    const validation = dataset.log.select(Int32Array.of(7));
    const train = { ...dataset, log: dataset.log.select(Int32Array.from({ length: 7 }, (_, row) => row)) };
    await expect(
      LocalRanker.fit(train, { ...FIT, epochs: 1, validation, rankings: [first] }),
    ).rejects.toMatchObject({ code: 'leak' });
  });
});

test('every other list with candidates has a retriever’s own best as negatives, in its order', async () => {
  const asked: (readonly number[])[] = [];
  const retriever: Retriever = {
    name: 'fixed',
    items: new IdMap(Array.from({ length: ITEMS }, (_, k) => `i${k}`)),
    retrieve: async (queries, k) =>
      queries.map(({ history }) => {
        asked.push(Array.from(history ?? []));
        return Array.from({ length: Math.min(k, ITEMS) }, (_, at) => ({ item: ITEMS - 1 - at, score: -at }));
      }),
  };
  const sample = (task: InstructionSample['task'], label: number): InstructionSample => ({
    task,
    user: 0,
    history: [39, 1],
    labels: task === 'recommend' ? [label] : [label, 38],
    candidates: task === 'recommend' ? [] : [5, label, 6, 38, 7, 8],
  });
  const samples = [
    sample('recommend', 2),
    sample('recommend-retrieval', 2),
    sample('recommend-retrieval', 3),
    sample('recommend-retrieval', 4),
  ];
  const found = await withRetrieved(samples, retriever, 4, {});
  expect(asked).toEqual([
    [39, 1],
    [39, 1],
  ]);
  expect([found[0], found[2]]).toEqual([samples[0], samples[2]]);
  // Labels 2 and 38; of the best four 39 is history and 38 a label; what was drawn fills the rest.
  expect(found[1]?.candidates).toEqual([2, 38, 37, 36, 5, 6]);
  expect(found[3]?.candidates).toEqual([4, 38, 37, 36, 5, 6]);
});
