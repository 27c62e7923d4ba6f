import {
  Catalog,
  createDataset,
  type GenerateOutcome,
  type GenerateResult,
  IdMap,
  InteractionLog,
  type LanguageModel,
  type OutcomeCounts,
  PalateError,
  Pipeline,
  withLog,
} from '@palate/core';
import { rankerConformance } from '@palate/core/testing';
import { leaveOneOut } from '@palate/datasets';
import { checkTrust, evaluateRanking } from '@palate/eval';
import { PopularityRetriever } from '@palate/retrievers';
import { describe, expect, it, test } from 'vitest';
import { LlmRanker, profileTemplate } from '../../src/index.js';
import { answering } from '../answering-model.js';

const items = new IdMap(Array.from({ length: 12 }, (_, k) => `i${k}`));
const catalog = new Catalog({
  items,
  text: {
    title: [
      'Up',
      'Heat',
      'Jaws',
      'Big',
      '12 Monkeys',
      'Alien',
      'Aliens',
      'Toy Story',
      'Toy Story 2',
      'Amélie',
      'Seven',
      'The Thing (1982)',
    ],
  },
  attributes: { genres: Array.from({ length: 12 }, (_, k) => [k % 2 === 0 ? 'Drama' : 'War']) },
});

const outcome = (text: string, finishReason: GenerateResult['finishReason'] = 'stop'): GenerateOutcome => ({
  ok: true,
  result: { text, finishReason, usage: { inputTokens: 1, outputTokens: 1 }, model: 'test' },
});
const rateLimited = new PalateError('rate-limited', {
  expected: 'an answer',
  received: 'slow down please',
  hint: 'Wait.',
});

const numbersOf = (prompt: string): { number: number; title: string }[] =>
  [...prompt.matchAll(/^(\d+)\. (.*)$/gm)].map(([, number, title]) => ({
    number: Number(number),
    title: title ?? '',
  }));

describe('LlmRanker', () => {
  const byTitle = answering((prompt) =>
    JSON.stringify({
      ranking: numbersOf(prompt)
        .sort((a, b) => (a.title < b.title ? -1 : 1))
        .map(({ number }) => number),
    }),
  );
  for (const { name, run } of rankerConformance({
    create: async () => new LlmRanker({ model: byTitle, catalog }),
  }))
    test(name, run);

  const given = [[7, 3, 9, 1, 5].map((item, k) => ({ item, score: 5 - k }))];
  const sorted = [1, 3, 5, 7, 9]
    .map((item) => ({ item, title: catalog.itemText(item, ['title', 'genres']) }))
    .sort((a, b) => (a.title < b.title ? -1 : 1))
    .map(({ item }) => item);

  it('puts candidates in the model’s order, whatever order they were shown in', async () => {
    for (const seed of [1, 2, 3]) {
      const [list] = await new LlmRanker({ model: byTitle, catalog }).rank([{ history: [0] }], given, 5, {
        seed,
      });
      expect(list?.map(({ item }) => item)).toEqual(sorted);
    }
    const shown = new Set(
      byTitle.asked.slice(-3).map((prompt) =>
        numbersOf(prompt)
          .map(({ title }) => title)
          .join(),
      ),
    );
    expect(shown.size).toBeGreaterThan(1);
  });

  it('averages out a model that follows places, by several permutations', async () => {
    const first = answering((prompt) =>
      JSON.stringify({ ranking: numbersOf(prompt).map(({ number }) => number) }),
    );
    const one = new LlmRanker({ model: first, catalog, order: 'given' });
    const [copied] = await one.rank([{}], given, 5);
    expect(copied?.map(({ item }) => item)).toEqual([7, 3, 9, 1, 5]);
    const many = new LlmRanker({ model: first, catalog, permutations: 3 });
    await many.rank([{}], given, 5);
    expect(many.counts.answered).toBe(3);
  });

  it('counts inventions and failures, fills in, and never breaks', async () => {
    const wild = new LlmRanker({ model: answering(() => '{"ranking": [99, 1, 1]}'), catalog });
    const [list] = await wild.rank([{}], given, 4, { seed: 5 });
    expect(list).toHaveLength(4);
    expect(wild.counts).toEqual({
      answered: 1,
      failed: 0,
      entries: 3,
      invented: 1,
      repeated: 1,
      listed: 4,
      filled: 3,
    });
    const silent = new LlmRanker({ model: answering(() => 'I would rather not.'), catalog });
    const [same] = await silent.rank([{}], given, 3);
    expect(same?.map(({ item }) => item)).toEqual([7, 3, 9]);
    expect(silent.counts).toMatchObject({ answered: 0, failed: 1, filled: 3 });
  });

  it('gives the model’s reason for each item it chose', async () => {
    const model = answering((prompt) =>
      JSON.stringify({
        ranking: numbersOf(prompt).map(({ number, title }) => ({ number, why: `for ${title}` })),
      }),
    );
    const ranker = new LlmRanker({ model, catalog, profile: () => 'war films', item: () => 'a battle' });
    const [list] = await ranker.explain([{ history: [0], text: 'something loud' }], given, 2);
    for (const { item, explanation } of list ?? [])
      expect(explanation).toContain(catalog.itemText(item, ['title']));
    for (const part of ['war films', 'something loud', 'a battle', catalog.itemText(0, ['title'])])
      expect(model.asked[0]).toContain(part);
  });

  const refusal = (k: number): GenerateOutcome =>
    [
      outcome('<think>Candidate 1 or 2?', 'length'),
      outcome('{"ranking": [1', 'length'),
      outcome("I'm sorry, I can't help with that."),
      outcome('{"ranking": []}'),
      outcome('I would rather talk about books.'),
      { ok: false as const, error: rateLimited },
    ][k] as GenerateOutcome;

  it('counts failures by cause, with the text of the server, and tells how many lists are the retriever’s', async () => {
    const queries = Array.from({ length: 7 }, () => ({}));
    let round = 0;
    const model: LanguageModel = {
      id: 'test',
      // The first round and the one in which unreadable answers are asked again.
      generate: async (requests) => {
        const again = [0, 1, 2, 4];
        const first = round++ === 0;
        return requests.map((_, k) =>
          first && k === 6
            ? outcome('{"ranking": [5, 4, 3, 2, 1]}')
            : refusal(first ? k : (again[k] as number)),
        );
      },
    };
    const ranker = new LlmRanker({ model, catalog, order: 'given' });
    const told: OutcomeCounts[] = [];
    const lists = await ranker.rank(
      queries,
      queries.map(() => given[0] ?? []),
      3,
      {
        onOutcomes: (each) => told.push(each),
      },
    );
    expect(lists[5]?.map(({ item }) => item)).toEqual([7, 3, 9]);
    expect(lists[6]?.map(({ item }) => item)).toEqual([5, 1, 9]);
    expect(told).toEqual([
      {
        source: 'PALR (test)',
        asked: 7,
        fellBack: 6,
        causes: {
          'reasoning alone': 1,
          'cut at the length limit': 1,
          refused: 1,
          'no candidate in the answer': 1,
          'answer not readable': 1,
          'rate-limited': 1,
        },
        examples: expect.objectContaining({
          'rate-limited': expect.stringContaining('slow down please'),
          refused: "I'm sorry, I can't help with that.",
        }),
      },
    ]);
    expect(ranker.outcomes).toEqual(told[0]);
  });

  it('is no fallback where one of several askings was answered', async () => {
    let calls = 0;
    const model = answering(() => (calls++ === 0 ? '{"ranking": [2, 1]}' : 'no'));
    const ranker = new LlmRanker({ model, catalog, permutations: 2 });
    await ranker.rank([{}], given, 3);
    expect(ranker.outcomes).toMatchObject({ asked: 1, fellBack: 0, causes: { 'answer not readable': 1 } });
  });

  it('gets no row in a table where every call was refused: the lists are its retriever’s', async () => {
    const rows = Array.from({ length: 60 }, (_, k) => ({
      user: `u${k % 10}`,
      item: `i${(k * 7) % 12}`,
      timestamp: k,
    }));
    const log = InteractionLog.fromRows(rows);
    const dataset = createDataset({
      name: 'made up',
      log,
      catalog: new Catalog({ items: log.items, text: { title: [...log.items] } }),
      licence: 'MIT',
      source: 'made up',
    });
    const { train, test: held } = leaveOneOut(log, { validation: false });
    const retriever = await PopularityRetriever.fit(withLog(dataset, train));
    const dead: LanguageModel = {
      id: 'test',
      generate: async (requests) => requests.map(() => ({ ok: false as const, error: rateLimited })),
    };
    const palr = new Pipeline(retriever, [new LlmRanker({ model: dead, catalog: dataset.catalog })], {
      candidates: 5,
    });
    const result = await evaluateRanking(palr, { history: train, test: held }, { metrics: ['ndcg@5'] });
    expect(result.outcomes?.[0]).toMatchObject({ causes: { 'rate-limited': result.outcomes?.[0]?.asked } });
    expect(() => checkTrust(result)).toThrow(/fallback.*rate-limited.*slow down please/s);
  });

  it('takes token limit and temperature', async () => {
    const seen: (number | undefined)[] = [];
    const model = answering((_, request) => {
      seen.push(request.maxTokens, request.temperature);
      return '[1]';
    });
    await new LlmRanker({ model, catalog, maxTokens: 2000, temperature: 0.6 }).rank([{}], given, 3);
    expect(seen).toEqual([2000, 0.6]);
  });

  // Candidates in this order: Toy Story, Big, Amélie, Heat, Alien.
  test.each([
    ['numbers as strings', '{"ranking": ["4", "1"]}'],
    ['a bare array', '[4, 1]'],
    ['a bare array after reasoning', '<think>[2, 3]?</think>[4, 1]'],
    ['numbers in a row', '4, 1'],
    ['numbers in order', 'Ranking: 4 > 1'],
    ['titles', '{"ranking": ["Heat", "Toy Story"]}'],
    ['titles in lines', 'Heat\nToy Story'],
    ['a numbered list of titles', '1. Heat\n2. Toy Story'],
    [
      'a numbered list of titles with genres and reasons',
      'Here you go:\n1. **Heat** - war film\n2. Toy Story: for children',
    ],
    ['candidates’ numbers before titles', '4. Heat\n1. Toy Story'],
    ['a numbered list of numbers', '1. 4\n2. 1'],
    ['numbers in brackets before titles', '[4] Heat\n[1] Toy Story'],
    ['candidates by word', '- Candidate 4\n- Candidate 1'],
    ['objects', '[{"number": 4, "why": "war"}, {"number": 1, "why": "toys"}]'],
    ['objects with titles', '{"recommendations": [{"title": "Heat"}, {"title": "Toy Story"}]}'],
  ])('reads %s', async (_, text) => {
    const ranker = new LlmRanker({ model: answering(() => text), catalog, order: 'given' });
    const [list] = await ranker.rank([{}], given2, 2);
    expect(list?.map(({ item }) => item)).toEqual([1, 7]);
    expect(ranker.outcomes).toMatchObject({ asked: 1, fellBack: 0 });
  });

  it('takes no other film of nearly the same name for a candidate', async () => {
    const ranker = new LlmRanker({
      model: answering(() => '1. Aliens\n2. Toy Story 3\n3. Heat'),
      catalog,
      order: 'given',
    });
    const [list] = await ranker.rank([{}], given2, 2);
    expect(list?.map(({ item }) => item)).toEqual([1, 7]);
    expect(ranker.outcomes.causes).toEqual({ 'entry that is no candidate': 2 });
    expect(ranker.counts).toMatchObject({ entries: 3, invented: 2, filled: 1 });
  });
});

const given2 = [[7, 3, 9, 1, 5].map((item, k) => ({ item, score: 5 - k }))];

describe('profiles', () => {
  it('are no reasoning and no refusal, and keep words before a colon', () => {
    const keywords = (answer: string) => profileTemplate.clean?.(answer).facts?.keywords;
    expect(keywords('<think>war?</think>slow cinema, heists')).toEqual(['slow cinema', 'heists']);
    expect(keywords('great acting, heists')).toEqual(['great acting', 'heists']);
    expect(keywords('["slow cinema", "heists"]')).toEqual(['slow cinema', 'heists']);
    expect(() => profileTemplate.clean?.("I'm sorry, I cannot help with that.")).toThrow(/refusal/);
    expect(() => profileTemplate.clean?.('<think>slow cinema, hei')).toThrow();
  });
});
