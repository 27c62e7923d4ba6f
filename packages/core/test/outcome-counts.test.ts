import { expect, test } from 'vitest';
import {
  IdMap,
  OutcomeCounter,
  type OutcomeCounts,
  Pipeline,
  type Ranker,
  type Retriever,
  sumOutcomes,
} from '../src/index.js';

test('counts fallbacks apart from other events, with the first example of each cause', () => {
  const counter = new OutcomeCounter('ranker', 5);
  counter.fallBack('no answer', 'HTTP 429');
  counter.fallBack('no answer', 'HTTP 500');
  counter.note('text cut');
  counter.note('text cut');
  counter.note('text cut');
  expect(counter.counts()).toEqual({
    source: 'ranker',
    asked: 5,
    fellBack: 2,
    causes: { 'no answer': 2, 'text cut': 3 },
    examples: { 'no answer': 'HTTP 429' },
  });
  expect(new OutcomeCounter('x', 1).counts()).toEqual({ source: 'x', asked: 1, fellBack: 0, causes: {} });
});

test('an example of any length is kept short', () => {
  const counter = new OutcomeCounter('ranker', 1);
  counter.note('long', 'x'.repeat(10_000));
  expect(counter.counts().examples?.long?.length).toBe(300);
});

test('sums are by source: asked, fallbacks and causes add up', () => {
  const one = { source: 'a', asked: 3, fellBack: 1, causes: { late: 1 } };
  const two = { source: 'b', asked: 3, fellBack: 0, causes: {} };
  const three = { source: 'a', asked: 2, fellBack: 2, causes: { late: 1, cut: 4 }, examples: { cut: 'x' } };
  expect(sumOutcomes([one, two, three])).toEqual([
    { source: 'a', asked: 5, fellBack: 3, causes: { late: 2, cut: 4 }, examples: { cut: 'x' } },
    two,
  ]);
  expect(sumOutcomes([])).toEqual([]);
});

test('a pipeline hands the callback on to its retriever and its rankers', async () => {
  const items = new IdMap(['a', 'b']);
  const retriever: Retriever = {
    name: 'r',
    items,
    retrieve: async (queries, _k, options) => {
      options?.onOutcomes?.(new OutcomeCounter('r', queries.length).counts());
      return queries.map(() => [{ item: 0, score: 1 }]);
    },
  };
  const ranker: Ranker = {
    name: 'k',
    rank: async (queries, candidates, _k, options) => {
      const counter = new OutcomeCounter('k', queries.length);
      for (const _ of queries) counter.fallBack('no answer');
      options?.onOutcomes?.(counter.counts());
      return candidates.map((list) => [...list]);
    },
  };
  const told: OutcomeCounts[] = [];
  await new Pipeline(retriever, [ranker]).retrieve([{}, {}], 1, { onOutcomes: (each) => told.push(each) });
  expect(told.map(({ source, asked, fellBack }) => [source, asked, fellBack])).toEqual([
    ['r', 2, 0],
    ['k', 2, 2],
  ]);
});
