import type { GenerateRequest, GenerateResult, LanguageModel } from '@palate/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Budget } from '../../src/middleware/budget.js';
import { withLimits } from '../../src/middleware/limits.js';
import { withBudget } from '../../src/middleware/with-budget.js';
import { languageModel, singleCalls } from '../../src/models/single-calls.js';

const ask = (content: string): GenerateRequest => ({ messages: [{ role: 'user', content }], maxTokens: 1 });
const echo = (text: string): GenerateResult => ({
  text,
  usage: { inputTokens: 1, outputTokens: 1 },
  finishReason: 'stop',
  model: 'echo',
});
const pause = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const warnings: string[] = [];
const note = (warning: Error): void => {
  warnings.push(warning.name);
};
beforeAll(() => {
  process.on('warning', note);
});
afterAll(() => {
  process.off('warning', note);
});

/** Any implementation of the contract: batches only, knowing nothing of this package. */
const foreign: LanguageModel = {
  id: 'foreign:echo',
  async generate(requests) {
    await pause();
    return requests.map((request) => ({ ok: true, result: echo(request.messages[0]?.content ?? '') }));
  },
};

describe('single calls', () => {
  test('a model that knows only batches gets streams, and composes', async () => {
    const limited = withLimits(foreign, { concurrency: 2 });
    expect(limited.id).toBe('foreign:echo');
    expect(limited.logLikelihood).toBeUndefined();
    let text = '';
    for await (const piece of limited.stream(ask('a'))) text += piece;
    expect(text).toBe('a');
    expect(singleCalls(limited).concurrency).toBe(2);
  });

  test('hundreds of calls that wait on one signal warn of no leak', async () => {
    const { signal } = new AbortController();
    // At worst 34 tokens a call, in truth 2: the more is spent, the fewer of sixteen calls fit at once.
    const budget = new Budget({ maxTokens: 680 });
    const model = withBudget(foreign, { budget });
    const outcomes = await model.generate(Array(300).fill(ask('a')), { signal });
    expect(outcomes.every((one) => one.ok)).toBe(true);
    expect(outcomes).toHaveLength(300);
    await pause();
    expect(warnings).toEqual([]);
  });

  test('an error that is no PalateError is a defect: it rejects the batch and stops the other calls', async () => {
    let begun = 0;
    const broken = languageModel({
      id: 'broken:model',
      concurrency: 2,
      async generate(_, { signal }) {
        if (begun++ === 0) throw new RangeError('a defect');
        await new Promise((resolve) => signal?.addEventListener('abort', resolve));
        return echo('late');
      },
    });
    await expect(broken.generate(['a', 'b', 'c', 'd'].map(ask))).rejects.toThrow(RangeError);
    expect(begun).toBe(2);
  });

  test('progress ends with all done; an empty batch is answered', async () => {
    const seen: number[] = [];
    const model = withLimits(foreign, { concurrency: 4 });
    await model.generate(Array(9).fill(ask('a')), { onProgress: ({ done }) => seen.push(done) });
    expect(seen.at(-1)).toBe(9);
    expect(await model.generate([])).toEqual([]);
  });
});

test('a model that says no concurrency is refused, since nothing would be asked', () => {
  for (const concurrency of [undefined, 0, Number.NaN, -1])
    expect(() =>
      languageModel({
        id: 'idle',
        concurrency: concurrency as number,
        generate: async () => echo('never asked'),
      }),
    ).toThrow(/concurrency of idle to be at least 1/);
});

test('a log-likelihood that is no number fails, and so does a call without a result, by the name of the model', async () => {
  for (const value of [Number.NaN, Number.NEGATIVE_INFINITY]) {
    const model = languageModel({
      id: 'overflown',
      concurrency: 1,
      generate: async () => echo('x'),
      logLikelihood: async () => ({ logLikelihood: value, tokens: 1 }),
    });
    await expect(model.logLikelihood?.([{ prompt: 'a', continuation: 'b' }])).rejects.toMatchObject({
      code: 'bad-answer',
      received: `${value} for "b"`,
    });
  }
  const silent = withLimits({ id: 'silent', generate: async () => [] }, { concurrency: 1 });
  expect(await silent.generate([ask('a')])).toMatchObject([{ ok: false, error: { code: 'bad-answer' } }]);
});
