import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { GenerateRequest } from '@palate/core';
import { languageModelConformance } from '@palate/core/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { type LlamaCppModel, llamaCppModel } from '../../src/models/llama-cpp.js';
import { generateStructured } from '../../src/structured/generate-structured.js';
import { structureSchema } from '../../src/structured/structure-schema.js';
import { NEXT, writeBigramGguf } from './bigram-gguf.js';

let folder: string;
let model: LlamaCppModel;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'palate-gguf-'));
  await writeBigramGguf(join(folder, 'bigram.gguf'));
  model = await llamaCppModel({ model: join(folder, 'bigram.gguf'), gpu: 'none', threads: 1 });
});
afterAll(async () => {
  await model?.dispose();
  await rm(folder, { recursive: true, force: true });
});

const ask = (content: string, more: Partial<GenerateRequest> = {}): GenerateRequest => ({
  messages: [{ role: 'user', content }],
  temperature: 0,
  maxTokens: 8,
  ...more,
});
const chance = (from: string, to: string): number => NEXT[from]?.[to] as number;

describe('a model in a GGUF file', () => {
  for (const { name, run } of languageModelConformance({
    create: async () => model,
    long: Array(30).fill(ask('a')),
  }))
    test(name, run);

  test('writes the likeliest tokens until it ends, at most maxTokens, and up to a stop word', async () => {
    // Answers are cached by the id: a file of other weights under the same name is another model.
    const bytes = await readFile(join(folder, 'bigram.gguf'));
    const hash = createHash('sha256').update(bytes).digest('hex').slice(0, 8);
    expect(model.id).toBe(`llama-cpp:bigram.gguf@${hash}`);
    const outcomes = await model.generate([ask('a'), ask('a', { maxTokens: 1 }), ask('a', { stop: ['c'] })]);
    expect(outcomes.map((one) => one.ok && [one.result.text, one.result.finishReason])).toEqual([
      ['bc', 'stop'],
      ['b', 'length'],
      ['b', 'stop'],
    ]);
    // The token that begins every text, and the character.
    expect(outcomes[0]?.ok && outcomes[0].result.usage.inputTokens).toBe(2);
  });

  test('scores continuations by the chain rule over the table', async () => {
    const results = await model.logLikelihood?.([
      { prompt: 'a', continuation: 'b' },
      { prompt: 'ba', continuation: 'bc' },
      { prompt: '', continuation: 'ab' },
    ]);
    const expected = [[chance('a', 'b')], [chance('a', 'b'), chance('b', 'c')], [0.5, chance('a', 'b')]];
    for (const [k, factors] of expected.entries()) {
      expect(results?.[k]?.tokens).toBe(factors.length);
      const sum = factors.reduce((total, factor) => total + Math.log(factor), 0);
      expect(results?.[k]?.logLikelihood).toBeCloseTo(sum, 4);
    }
  });

  test('samples from the distribution, by the seed', async () => {
    const requests = Array.from({ length: 120 }, (_, seed) =>
      ask('a', { temperature: 1, maxTokens: 1, seed }),
    );
    const draw = async (more: Partial<GenerateRequest> = {}): Promise<string[]> =>
      (await model.generate(requests.map((each) => ({ ...each, ...more })))).map((one) =>
        one.ok ? one.result.text : one.error.message,
      );
    const texts = await draw();
    const share = texts.filter((each) => each === 'b').length / texts.length;
    // Four standard errors of a share of 0.7 among 120.
    expect(Math.abs(share - chance('a', 'b'))).toBeLessThan(0.17);
    expect(await draw()).toEqual(texts);
    expect(new Set(await draw({ seed: 5 })).size).toBe(1);
    expect(new Set(await draw({ topP: 0.8 }))).toEqual(new Set(['b', 'c']));
  });

  test('streams what it answers', async () => {
    const pieces: string[] = [];
    for await (const piece of model.stream(ask('a'))) pieces.push(piece);
    expect(pieces.join('')).toBe('bc');
  });

  test('is held to a schema by a grammar, bounds of whole numbers included', async () => {
    const schema = z.object({
      n: z.int().min(7).max(9),
      a: z
        .array(z.enum(['ab', 'cd']))
        .min(2)
        .max(3),
      b: z.union([z.literal('d'), z.null()]),
    });
    const [held] = await model.generate([
      ask('a', { maxTokens: 120, schema: { name: 'n', jsonSchema: structureSchema(schema) } }),
    ]);
    expect(schema.safeParse(JSON.parse(held?.ok ? held.result.text : 'null'))).toMatchObject({
      success: true,
    });
    const [structured] = await generateStructured(model, [ask('a', { maxTokens: 120 })], schema);
    expect(structured?.ok && structured.value.n).toBeGreaterThanOrEqual(7);
    // Words alone do not hold this model to anything.
    const free = await llamaCppModel({
      model: join(folder, 'bigram.gguf'),
      gpu: 'none',
      threads: 1,
      grammar: false,
    });
    const [outcome] = await free.generate([
      ask('a', { schema: { name: 'n', jsonSchema: structureSchema(schema) } }),
    ]);
    expect(outcome?.ok && outcome.result.text.includes('{')).toBe(false);
    await free.dispose();
  });

  test('refuses what does not fit instead of cutting it, and goes on with the others', async () => {
    const outcomes = await model.generate([ask('a'.repeat(1020)), ask('a', { maxTokens: 1 })]);
    expect(outcomes.map((one) => (one.ok ? one.result.text : one.error.code))).toEqual([
      'request-refused',
      'b',
    ]);
  });

  test('reads conversations through the chat template of its file', async () => {
    const path = join(folder, 'chat.gguf');
    await writeBigramGguf(path, {
      chatTemplate:
        "{{ bos_token }}{% for m in messages %}{% if m['role'] == 'assistant' %}a{{ m['content'] }}{% else %}{{ m['content'] }}.{% endif %}{% endfor %}{% if add_generation_prompt %}a{% endif %}",
    });
    const chat = await llamaCppModel({ model: path, gpu: 'none', threads: 1 });
    const [outcome] = await chat.generate([
      {
        messages: [
          { role: 'system', content: 'd' },
          { role: 'user', content: 'c' },
        ],
        maxTokens: 4,
      },
    ]);
    // After "c" alone the model would end; the template begins an answer with "a".
    expect(outcome?.ok && outcome.result.text).toBe('bc');
    await chat.dispose();
  });

  test('says what is wrong with a file that is none, cut, or not there', async () => {
    const whole = await readFile(join(folder, 'bigram.gguf'));
    const bad = async (name: string, bytes: Buffer): Promise<unknown> => {
      await writeFile(join(folder, name), bytes);
      return llamaCppModel({ model: join(folder, name), gpu: 'none' }).then(
        () => 'loaded',
        (error: unknown) => error,
      );
    };
    for (const found of [
      await bad('text.gguf', Buffer.from('no model at all, but some words')),
      await bad('cut.gguf', whole.subarray(0, 40_000)),
      await llamaCppModel({ model: join(folder, 'none.gguf') }).catch((error: unknown) => error),
    ])
      expect(found).toMatchObject({ code: 'invalid-input', expected: expect.stringContaining('.gguf') });
  });
});
