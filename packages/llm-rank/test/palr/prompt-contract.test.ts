import { Catalog, createDataset, type Dataset, IdMap, InteractionLog } from '@palate/core';
import { openaiModel } from '@palate/llm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startServer, type TestServer } from '../../../llm/test/server/start-server.js';
import {
  fineTuningLines,
  type InstructionSample,
  instructionData,
  LlmRanker,
  LlmRater,
  promptCompletions,
  type RankingExample,
  ratingFineTuningLines,
  readRecommendations,
} from '../../src/index.js';
import { answering } from '../answering-model.js';

interface Line {
  readonly messages: readonly { readonly role: string; readonly content: string }[];
}

const items = new IdMap(Array.from({ length: 30 }, (_, k) => `i${k}`));
const catalog = new Catalog({
  items,
  text: { title: Array.from({ length: 30 }, (_, k) => `Film number ${String.fromCharCode(65 + k)}`) },
  attributes: { genres: Array.from({ length: 30 }, (_, k) => [k % 2 === 0 ? 'Drama' : 'War']) },
});

function films(): Dataset {
  const rows = Array.from({ length: 480 }, (_, row) => ({ user: Math.floor(row / 12), k: row % 12 }));
  const log = new InteractionLog({
    users: new IdMap(
      Array.from({ length: 40 }, (_, user) => `u${user}`),
      'user',
    ),
    items,
    user: Int32Array.from(rows, ({ user }) => user),
    item: Int32Array.from(rows, ({ user, k }) => (user * 7 + k * 11) % 30),
    timestamp: Float64Array.from(rows, ({ k }) => k),
  });
  return createDataset({ name: 'films', log, catalog, licence: 'none', source: 'test' });
}

let server: TestServer;
let samples: readonly InstructionSample[];
beforeAll(async () => {
  server = await startServer();
  ({ samples } = await instructionData(films(), {
    userShare: 1,
    tasks: ['recommend-retrieval'],
    perUser: 1,
    candidateLength: 12,
    leastHistory: 0,
    seed: 3,
  }));
});
afterAll(() => server.close());

const profile = (): string => 'quiet drama';
const examplesOf = (some: readonly InstructionSample[]): RankingExample[] =>
  some.map(({ history, candidates, labels }) => ({ history, candidates, labels, profile: profile() }));

let runs = 0;

describe('a model tuned on the export is served by LlmRanker as it is', () => {
  test.each([
    ['as JSON', {}],
    ['by numbers', { answer: 'numbers' }],
    ['without a system role', { systemRole: false }],
    [
      'by numbers without a system role, after two examples',
      { answer: 'numbers', systemRole: false, shots: 2 },
    ],
    ['as JSON after an example', { shots: 1 }],
  ] as const)('%s: it is asked the very messages of the line, and its answer is read', async (_, form) => {
    const [sample, ...others] = samples as [InstructionSample, ...InstructionSample[]];
    const options = { catalog, ...form, examples: examplesOf(others.slice(0, 2)) };
    const [line = ''] = fineTuningLines([sample], { ...options, profile });
    const { messages } = JSON.parse(line) as Line;
    const name = `tuned-${++runs}`;
    await server.control.script(name, [{ kind: 'answer', text: messages.at(-1)?.content ?? '' }]);
    const ranker = new LlmRanker({
      ...options,
      profile,
      order: 'given',
      listLength: sample.labels.length,
      model: openaiModel({ model: name, baseURL: server.baseURL, apiKey: 'k' }),
    });
    const given = sample.candidates.map((item, at) => ({ item, score: -at }));
    const [list] = await ranker.rank([{ history: sample.history }], [given], sample.labels.length);
    expect(list?.map(({ item }) => item)).toEqual([...sample.labels]);
    const { requests } = await server.control.seen(name);
    expect(requests).toHaveLength(1);
    expect(requests[0]?.body.messages).toEqual(messages.slice(0, -1));
    expect(requests[0]?.body.temperature).toBe(0);
    const roles = messages.map(({ role }) => role);
    expect(roles.includes('system')).toBe(!('systemRole' in form));
    expect(ranker.counts).toMatchObject({ failed: 0, invented: 0, repeated: 0, filled: 0 });
  });

  test('pairs of prompt and completion hold the same words', () => {
    const [sample] = samples as [InstructionSample];
    const [pair] = promptCompletions([sample], { catalog, answer: 'numbers' });
    const { messages } = JSON.parse(
      fineTuningLines([sample], { catalog, answer: 'numbers' })[0] ?? '',
    ) as Line;
    expect(pair?.prompt).toBe(`${messages[0]?.content}\n\n${messages[1]?.content}\n\n`);
    expect(pair?.completion).toBe(messages[2]?.content);
  });

  test('fewer examples than shots, and options that are none, are refused', () => {
    const [sample] = samples as [InstructionSample];
    expect(() => fineTuningLines([sample], { catalog, shots: 1 })).toThrow(/examples for 1 shots/);
    const model = answering(() => '');
    expect(() => new LlmRanker({ model, catalog, shots: 1, examples: [] })).toThrow(/examples for 1 shots/);
    expect(() => fineTuningLines([sample], { catalog, shot: 1 } as never)).toThrow(/"shot"/);
  });
});

describe('a ranking by numbers', () => {
  const given = [4, 9, 2, 7].map((item, at) => ({ item, score: 4 - at }));

  test('that was cut loses its last number, which may be the beginning of another', async () => {
    const cut = answering(() => '2, 4, 1');
    const model = {
      ...cut,
      generate: async (...call: Parameters<typeof cut.generate>) =>
        (await cut.generate(...call)).map((each) =>
          each.ok ? { ...each, result: { ...each.result, finishReason: 'length' as const } } : each,
        ),
    };
    const ranker = new LlmRanker({ model, catalog, answer: 'numbers', order: 'given' });
    const [list] = await ranker.rank([{}], [given], 4);
    expect(list?.map(({ item }) => item)).toEqual([9, 7, 4, 2]);
    expect(ranker.counts.entries).toBe(2);
  });

  test('that names nothing is counted with its text, and the retriever’s order stands in', async () => {
    const ranker = new LlmRanker({ model: answering(() => 'Sorry, no.'), catalog, answer: 'numbers' });
    const [list] = await ranker.rank([{}], [given], 4);
    expect(list?.map(({ item }) => item)).toEqual([4, 9, 2, 7]);
    expect(ranker.outcomes.fellBack).toBe(1);
    expect(Object.values(ranker.outcomes.examples ?? {}).join()).toContain('Sorry');
  });
});

test('candidates keep their place in a prompt, whatever batch a query stands in and however they were ordered', async () => {
  const model = answering(() => '{"ranking": [1]}');
  const ranker = new LlmRanker({ model, catalog });
  const list = (of: readonly number[]) => of.map((item, at) => ({ item, score: -at }));
  const asked = { history: [1, 2, 3] };
  const own = [20, 21, 22, 23, 24, 25, 26, 27];
  await ranker.rank([asked], [list(own)], 3, { seed: 5 });
  const alone = model.asked.at(-1);
  await ranker.rank([{ history: [9] }, asked], [list([3, 4]), list([...own].reverse())], 3, { seed: 5 });
  expect(model.asked.at(-1)).toBe(alone);
  // Another seed, or another person, is shown another order.
  await ranker.rank([asked], [list(own)], 3, { seed: 6 });
  expect(model.asked.at(-1)).not.toBe(alone);
  const order = (prompt = ''): string => prompt.slice(prompt.indexOf('Candidates:'));
  await ranker.rank([{ history: [4] }], [list(own)], 3, { seed: 5 });
  expect(order(model.asked.at(-1))).not.toBe(order(alone));
});

test('titles in lines are read into items, each once, and lines that name none are counted', () => {
  const read = readRecommendations('1. Film number C\nFilm number A\n- Film number C\nSomething else', {
    catalog,
    fields: undefined,
  });
  expect(read).toEqual({ items: [2, 0], unknown: 1 });
});

test.each([{}, { systemRole: false }])(
  'a model tuned on ratings is asked the very messages of its lines: %o',
  async (form) => {
    const rows = {
      user: Int32Array.of(0),
      item: Int32Array.of(2),
      rating: Float32Array.of(3.7),
      history: [Int32Array.of(0, 1)],
      historyRatings: [Float32Array.of(4, 5)],
    };
    const scale = { min: 1, max: 5 };
    const [line = ''] = ratingFineTuningLines(rows, { catalog, scale, ...form });
    const { messages } = JSON.parse(line) as Line;
    const name = `tuned-${++runs}`;
    await server.control.script(name, [{ kind: 'answer', text: messages.at(-1)?.content ?? '' }]);
    const model = openaiModel({ model: name, baseURL: server.baseURL, apiKey: 'k' });
    const rater = new LlmRater({ dataset: films(), train: rows, scale }, { model, ...form });
    expect((await rater.predict(rows))[0]).toBeCloseTo(3.7, 5);
    const { requests } = await server.control.seen(name);
    expect(requests[0]?.body.messages).toEqual(messages.slice(0, -1));
  },
);
