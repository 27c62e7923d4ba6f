import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { GenerateRequest } from '@palate/core';
import { languageModelConformance } from '@palate/core/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { StreamingLanguageModel } from '../../src/models/single-calls.js';
import { transformersModel } from '../../src/models/transformers.js';
import { NEXT, WORDS, writeBigramModel } from './bigram-model.js';

let folder: string;
let model: StreamingLanguageModel;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'palate-bigram-'));
  await writeBigramModel(join(folder, 'bigram'));
  model = await transformersModel({ model: join(folder, 'bigram') });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const ask = (content: string, more: Partial<GenerateRequest> = {}): GenerateRequest => ({
  messages: [{ role: 'user', content }],
  temperature: 0,
  ...more,
});
const id = (word: string): number => WORDS.indexOf(word as (typeof WORDS)[number]);
const next = (before: string, after: string): number => NEXT[id(before)]?.[id(after)] as number;

describe('a local causal language model', () => {
  for (const { name, run } of languageModelConformance({
    create: async () => model,
    long: Array(50).fill(ask('the')),
  }))
    test(name, run);

  test('writes the likeliest words until it ends, and tells its usage', async () => {
    expect(model.id).toMatch(/^transformers:bigram@[0-9a-f]{8}$/);
    const [outcome] = await model.generate([ask('the')]);
    expect(outcome?.ok && outcome.result).toMatchObject({
      text: 'film is good .',
      // The end token counts as written.
      usage: { inputTokens: 1, outputTokens: 5 },
      finishReason: 'stop',
    });
  });

  test('stops at maxTokens and before stop words', async () => {
    const outcomes = await model.generate([ask('the', { maxTokens: 2 }), ask('the', { stop: ['good'] })]);
    expect(outcomes.map((one) => one.ok && [one.result.text, one.result.finishReason])).toEqual([
      ['film is', 'length'],
      ['film is ', 'stop'],
    ]);
  });

  test('streams the same text, never what a stop word cuts off', async () => {
    const read = async (request: GenerateRequest): Promise<string[]> => {
      const pieces: string[] = [];
      for await (const piece of model.stream(request)) pieces.push(piece);
      return pieces;
    };
    const whole = await read(ask('the'));
    expect(whole.length).toBeGreaterThan(2);
    expect(whole.join('')).toBe('film is good .');
    expect((await read(ask('the', { stop: ['is good'] }))).join('')).toBe('film ');
  });

  test('scores continuations by the chain rule over the table', async () => {
    const results = await model.logLikelihood?.([
      { prompt: 'the film is', continuation: ' good' },
      { prompt: 'the film is', continuation: ' bad .' },
      // Without a prompt: after the end of another text.
      { prompt: '', continuation: 'the film' },
    ]);
    const expected = [
      [next('is', 'good')],
      [next('is', 'bad'), next('bad', '.')],
      [next('<end>', 'the'), next('the', 'film')],
    ];
    for (const [n, factors] of expected.entries()) {
      expect(results?.[n]?.tokens).toBe(factors.length);
      const sum = factors.reduce((total, factor) => total + Math.log(factor), 0);
      expect(results?.[n]?.logLikelihood).toBeCloseTo(sum, 5);
    }
  });

  test('samples from the distribution, by the seed', async () => {
    const draw = async (more: Partial<GenerateRequest>): Promise<string[]> => {
      const requests = Array.from({ length: 200 }, (_, seed) =>
        ask('is', { temperature: 1, maxTokens: 1, seed, ...more }),
      );
      return (await model.generate(requests)).map((one) => (one.ok ? one.result.text : one.error.message));
    };
    const share = (words: readonly string[], word: string): number =>
      words.filter((one) => one === word).length / words.length;
    const words = await draw({});
    // Four standard errors of a share of 0.6 among 200.
    expect(Math.abs(share(words, 'good') - 0.6)).toBeLessThan(0.14);
    expect(Math.abs(share(words, 'bad') - 0.29)).toBeLessThan(0.13);
    expect(await draw({})).toEqual(words);
    expect(new Set(await draw({ seed: 5 })).size).toBe(1);
    // 0.6 + 0.29 reach 0.8: nothing else is left.
    expect(new Set(await draw({ topP: 0.8 }))).toEqual(new Set(['good', 'bad']));
  });

  test('refuses what does not fit instead of cutting it, and goes on with the others', async () => {
    const outcomes = await model.generate(
      [ask('the '.repeat(39)), ask('the', { maxTokens: 3 })].map((r) => ({ maxTokens: 5, ...r })),
    );
    expect(outcomes.map((one) => (one.ok ? one.result.text : one.error.code))).toEqual([
      'request-refused',
      'film is good',
    ]);
  });

  test('reads conversations through its chat template', async () => {
    const dir = join(folder, 'chat');
    await writeBigramModel(dir, {
      chatTemplate:
        "{% for m in messages %}{{ m['content'] }} . {% endfor %}{% if add_generation_prompt %}the film{% endif %}",
    });
    const chat = await transformersModel({ model: dir });
    const [outcome] = await chat.generate([
      {
        ...ask('good', { maxTokens: 1 }),
        messages: [
          { role: 'system', content: 'bad' },
          { role: 'user', content: 'good' },
        ],
      },
    ]);
    expect(outcome?.ok && outcome.result).toMatchObject({
      text: 'is',
      usage: { inputTokens: 6, outputTokens: 1 },
    });
  });

  test('a folder without a model says what it lacks', async () => {
    await expect(transformersModel({ model: join(folder, 'none') })).rejects.toMatchObject({
      code: 'invalid-input',
    });
  });
});
