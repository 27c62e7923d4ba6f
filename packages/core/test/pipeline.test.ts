import { describe, expect, test } from 'vitest';
import {
  checkRanking,
  checkRetrieval,
  IdMap,
  type InteractionLog,
  Pipeline,
  type Query,
  type Ranker,
  type RetrieveOptions,
  type Retriever,
  recommend,
  type ScoredItem,
  topK,
  unavailableItems,
} from '../src/index.js';
import { rankerConformance, retrieverConformance } from '../src/testing/index.js';

/** Ranks by a fixed score; the simplest thing that keeps the contract. */
class FixedRetriever implements Retriever {
  readonly name: string = 'fixed';
  readonly items: IdMap;
  readonly scores: Float32Array;
  constructor(items: IdMap, scores: Float32Array) {
    this.items = items;
    this.scores = scores;
  }
  async retrieve(
    queries: readonly Query[],
    k: number,
    options: RetrieveOptions = {},
  ): Promise<ScoredItem[][]> {
    checkRetrieval({ name: this.name, itemCount: this.items.size }, queries, k, options);
    return queries.map((query) => topK(this.scores, k, unavailableItems(query, this.items.size, options)));
  }
}

/** Turns the order of the candidates round. */
const reverse: Ranker = {
  name: 'reverse',
  async rank(queries, candidates, k, options = {}) {
    checkRanking({ name: 'reverse', itemCount: 1000 }, queries, candidates, k, options);
    return candidates.map((list) =>
      list
        .map(({ item, score }) => ({ item, score: -score }))
        .reverse()
        .slice(0, k),
    );
  },
};

const fixed = (log: InteractionLog): FixedRetriever =>
  new FixedRetriever(log.items, Float32Array.from(log.itemCounts()));

describe('the retriever contract holds for a retriever and for a pipeline of it', () => {
  for (const { name, run } of retrieverConformance({ create: async ({ log }) => fixed(log) }))
    test(name, run);
  for (const { name, run } of retrieverConformance({
    create: async ({ log }) => new Pipeline(fixed(log), [reverse, reverse], { candidates: 1000 }),
    emptyQuery: 'own choice',
  }))
    test(`pipeline: ${name}`, run);
});

describe('the ranker contract holds for a ranker', () => {
  for (const { name, run } of rankerConformance({ create: async () => reverse })) test(name, run);
});

describe('the conformance suite catches what breaks the contract', () => {
  const broken: Record<string, (list: ScoredItem[], query: Query, options: RetrieveOptions) => ScoredItem[]> =
    {
      'a list too short': (list) => list.slice(1),
      'a list out of order': (list) => [...list].reverse(),
      'an item twice': (list) => (list.length > 1 ? [list[0] as ScoredItem, ...list.slice(0, -1)] : list),
      'an endless score': (list) => list.map((entry) => ({ ...entry, score: Number.POSITIVE_INFINITY })),
      'the history': (list, query) =>
        query.history?.length ? [{ item: query.history[0] as number, score: 99 }, ...list.slice(1)] : list,
    };
  for (const [what, breakIt] of Object.entries(broken))
    test(what, async () => {
      const cases = retrieverConformance({
        create: async ({ log }) => {
          const whole = fixed(log);
          const retrieve = whole.retrieve.bind(whole);
          whole.retrieve = async (queries, k, options = {}) =>
            (await retrieve(queries, k, options)).map((list, q) =>
              breakIt(list, queries[q] as Query, options),
            );
          return whole;
        },
      });
      const outcomes = await Promise.allSettled(cases.map(({ run }) => run()));
      expect(outcomes.some(({ status }) => status === 'rejected')).toBe(true);
    });
});

test('a pipeline asks for its candidates, ranks them and keeps k', async () => {
  const retriever = new FixedRetriever(new IdMap(['a', 'b', 'c', 'd']), Float32Array.of(1, 2, 3, 4));
  const pipeline = new Pipeline(retriever, [reverse], { candidates: 3 });
  expect(pipeline.name).toBe('fixed > reverse');
  expect((await pipeline.retrieve([{}], 2))[0]?.map(({ item }) => item)).toEqual([1, 2]);
  expect((await new Pipeline(retriever, []).retrieve([{}], 2))[0]?.map(({ item }) => item)).toEqual([3, 2]);
  expect(() => new Pipeline(retriever, [], { candidate: 3 } as never)).toThrow(/"candidate"/);
});

test('recommend takes and gives external ids and names the ones it does not know', async () => {
  const retriever = new FixedRetriever(new IdMap(['a', 'b', 'c']), Float32Array.of(1, 2, 3));
  expect(await recommend(retriever, { history: ['c', 'zzz'], exclude: ['yyy'] }, 5)).toEqual({
    items: [
      { id: 'b', score: 2 },
      { id: 'a', score: 1 },
    ],
    unknownHistory: ['zzz'],
  });
});
