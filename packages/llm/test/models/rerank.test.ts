import type { OutcomeCounts } from '@palate/core';
import { rankerConformance, titledCatalog } from '@palate/core/testing';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { type RerankOptions, rerankRanker } from '../../src/index.js';
import type { Behaviour } from '../server/behaviour.js';
import { startServer, type TestServer } from '../server/start-server.js';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.close());

const titles = [
  'space battle',
  'quiet drama of a farm',
  'war in space',
  'love song',
  'farm war',
  'drama',
  'comedy',
  'heist in town',
  'town comedy',
  'farm',
];
const catalog = titledCatalog(titles);
let names = 0;
async function ranker(script: readonly Behaviour[], options: Partial<RerankOptions> = {}, stay = false) {
  const model = `rerank-${++names}`;
  await server.control.script(model, script, { stay });
  return { model, made: rerankRanker({ model, catalog, baseURL: server.baseURL, retry: false, ...options }) };
}
const list = (items: readonly number[]) => items.map((item, at) => ({ item, score: 10 - at }));

for (const form of ['documents', 'texts'] as const)
  describe(`a rerank endpoint in the form ${form}`, () => {
    for (const { name, run } of rankerConformance({ create: async () => (await ranker([], { form })).made }))
      test(name, run);

    it('orders candidates by the server’s scores, each with its own, over several requests', async () => {
      const { model, made } = await ranker([], { form, batchSize: 2 });
      // Shared words: "space battle" 1 of 2, "war in space" 2 of 3, "drama" none, "farm war" 1 of 2.
      const [ranked] = await made.rank([{ text: 'war space' }], [list([5, 0, 2, 4])], 4);
      expect(ranked?.map(({ item }) => item)).toEqual([2, 0, 4, 5]);
      const expected = [2 / 3, 1 / 2, 1 / 2, 0];
      for (const [at, entry] of (ranked ?? []).entries())
        expect(entry.score).toBeCloseTo(expected[at] as number, 9);
      const { requests } = await server.control.seen(form === 'texts' ? 'undefined' : model);
      expect(requests.filter(({ path }) => path === '/v1/rerank').length).toBeGreaterThanOrEqual(2);
      expect(made.outcomes).toMatchObject({ asked: 1, fellBack: 0 });
    });
  });

describe('a reranker', () => {
  it('asks by the request, the profile and the newest items, and tells of items what it is given', async () => {
    const { model, made } = await ranker([], {
      profile: () => 'likes farms',
      item: (item) => `about ${item}`,
      historyLength: 1,
      knowledgeProvenance: { kind: 'world' },
    });
    await made.rank([{ text: 'war', history: [3, 6] }], [list([1, 2])], 2);
    const [seen] = (await server.control.seen(model)).requests;
    expect(seen?.body).toMatchObject({
      model,
      query: 'war. likes farms. Liked: comedy',
      documents: ['quiet drama of a farm. about 1', 'war in space. about 2'],
      top_n: 2,
    });
    expect(made.provenance).toEqual({ kind: 'world' });
  });

  it('cuts what is too long, and counts it', async () => {
    const { made } = await ranker([], { maxCharacters: 6 });
    await made.rank([{ text: 'war in space' }], [list([5, 1])], 2);
    expect(made.outcomes.causes['text cut']).toBe(2);
  });

  const FAULTS: readonly [string, Behaviour, string][] = [
    ['fails', { kind: 'status', status: 500, message: 'out of memory' }, 'server-failed'],
    ['wants a key', { kind: 'status', status: 401 }, 'not-authorised'],
    ['answers with a page', { kind: 'html' }, 'bad-answer'],
    ['answers with half a body', { kind: 'invalid-json' }, 'bad-answer'],
    ['answers with an error', { kind: 'error-in-200', code: 503 }, 'server-failed'],
    ['answers without results', { kind: 'raw', body: { results: 'none' } }, 'bad-answer'],
    [
      'names a document that was not sent',
      { kind: 'raw', body: { results: [{ index: 9, relevance_score: 1 }] } },
      'bad-answer',
    ],
    [
      'names one twice',
      { kind: 'raw', body: { results: [0, 0].map((index) => ({ index, relevance_score: 1 })) } },
      'bad-answer',
    ],
    [
      'gives no score',
      { kind: 'raw', body: { results: [{ index: 0, relevance_score: 'high' }] } },
      'bad-answer',
    ],
    ['cuts the connection', { kind: 'cut' }, 'connection-failed'],
    ['never answers', { kind: 'hang' }, 'timed-out'],
  ];
  it.each(FAULTS)(
    'whose server %s keeps the retriever’s order, and counts why',
    async (_, behaviour, code) => {
      const { made } = await ranker([behaviour], { timeoutSeconds: behaviour.kind === 'hang' ? 0.3 : 20 });
      const told: OutcomeCounts[] = [];
      const queries = [{ text: 'war' }];
      const [kept] = await made.rank(queries, [list([5, 2, 4])], 3, {
        onOutcomes: (each) => told.push(each),
      });
      expect(kept?.map(({ item }) => item)).toEqual([5, 2, 4]);
      expect(told[0]).toMatchObject({ asked: 1, fellBack: 1, causes: { [code]: 1 } });
      const [ranked] = await made.rank(queries, [list([5, 2, 4])], 3);
      expect(ranked?.map(({ item }) => item)).toEqual([4, 2, 5]);
      expect(made.outcomes).toMatchObject({ asked: 2, fellBack: 1 });
    },
  );

  it('puts candidates without a score behind the others, as they came', async () => {
    const results = [
      { index: 2, relevance_score: -3.5 },
      { index: 0, relevance_score: null },
    ];
    const { made } = await ranker([{ kind: 'raw', body: { results } }]);
    const [ranked] = await made.rank([{ text: 'war' }], [list([5, 2, 4])], 3);
    expect(ranked?.map(({ item }) => item)).toEqual([4, 5, 2]);
    expect(made.outcomes.causes['candidate without a score']).toBe(2);
  });

  it('sends again what a busy server refuses for a while', async () => {
    const { made } = await ranker([{ kind: 'status', status: 429 }], { retry: { baseSeconds: 0 } });
    const [ranked] = await made.rank([{ text: 'war' }], [list([5, 4])], 2);
    expect(ranked?.map(({ item }) => item)).toEqual([4, 5]);
  });

  it('that has nothing to ask by says so, and stops when its signal has fired', async () => {
    const { made } = await ranker([]);
    const [kept] = await made.rank([{}], [list([5, 4])], 2);
    expect(kept?.map(({ item }) => item)).toEqual([5, 4]);
    expect(made.outcomes.causes['nothing to ask by']).toBe(1);
    await expect(
      made.rank([{ text: 'war' }], [list([5])], 1, { signal: AbortSignal.abort() }),
    ).rejects.toMatchObject({ code: 'cancelled' });
  });
});
