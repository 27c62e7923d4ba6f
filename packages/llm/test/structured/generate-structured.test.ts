import type { GenerateRequest } from '@palate/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { type OpenAIModelOptions, openaiModel } from '../../src/models/openai.js';
import { generateStructured, InvalidStructureError } from '../../src/structured/generate-structured.js';
import { structureSchema } from '../../src/structured/structure-schema.js';
import type { Behaviour } from '../server/behaviour.js';
import { startServer, type TestServer } from '../server/start-server.js';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.close());

let names = 0;
async function answering(
  script: readonly (string | Behaviour)[],
  options: Partial<OpenAIModelOptions> = {},
): Promise<{
  model: ReturnType<typeof openaiModel>;
  bodies: () => Promise<Readonly<Record<string, unknown>>[]>;
}> {
  const name = `structured-${++names}`;
  await server.control.script(
    name,
    script.map((step) => (typeof step === 'string' ? { kind: 'answer', text: step } : step)),
  );
  return {
    model: openaiModel({ model: name, baseURL: server.baseURL, apiKey: 'k', concurrency: 1, ...options }),
    bodies: async () => (await server.control.seen(name)).requests.map((one) => one.body),
  };
}

const ask: GenerateRequest = { messages: [{ role: 'user', content: 'Rate it.' }] };
const Rating = z.object({ stars: z.number().min(1).max(5), why: z.string().optional() });

describe('structured output', () => {
  test('is a value of the schema', async () => {
    const { model, bodies } = await answering(['{"stars":4}']);
    const [outcome] = await generateStructured(model, [ask], Rating, { name: 'rating' });
    expect(outcome).toMatchObject({ ok: true, value: { stars: 4 } });
    expect((await bodies())[0]?.response_format).toMatchObject({
      json_schema: {
        name: 'rating',
        schema: { properties: { stars: { type: 'number', minimum: 1, maximum: 5 } } },
      },
    });
  });

  test('is found in fences and words, whatever the server promised', async () => {
    const { model } = await answering(['Sure:\n```json\n{"stars":4}\n```']);
    expect((await generateStructured(model, [ask], Rating))[0]).toMatchObject({
      ok: true,
      value: { stars: 4 },
    });
  });

  test('an answer that misses the schema is sent back with what is wrong with it', async () => {
    const { model, bodies } = await answering(['{"stars":9}', '{"stars":5}']);
    const [outcome] = await generateStructured(model, [ask], Rating);
    expect(outcome).toMatchObject({ ok: true, value: { stars: 5 } });
    const [first, second] = await bodies();
    const messages = second?.messages as { role: string; content: string }[];
    expect(messages.map((message) => message.role)).toEqual(['user', 'assistant', 'user']);
    expect(messages[1]?.content).toBe('{"stars":9}');
    expect(messages[2]?.content).toMatch(/stars/);
    expect(messages[2]?.content).toMatch(/5/);
    expect(second?.response_format).toEqual(first?.response_format);
    // Both answers are accounted for: one word each, two words read first.
    expect(outcome?.usage.outputTokens).toBe(2);
    expect(outcome?.usage.inputTokens).toBeGreaterThan(4);
  });

  test('after one more failure it is a typed error with the last answer; the others of the batch stand', async () => {
    const { model, bodies } = await answering([
      'no',
      '{"stars":1}',
      { kind: 'status', status: 401 },
      'still no',
    ]);
    const outcomes = await generateStructured(model, [ask, ask, ask], Rating);
    expect(outcomes.map((one) => (one.ok ? one.value : one.error.code))).toEqual([
      'invalid-structure',
      { stars: 1 },
      'not-authorised',
    ]);
    const [bad] = outcomes;
    expect(bad?.ok === false && bad.error).toBeInstanceOf(InvalidStructureError);
    expect(bad?.ok === false && (bad.error as InvalidStructureError).text).toBe('still no');
    expect(await bodies()).toHaveLength(4);
  });

  test('tells when maxTokens cut the answer off', async () => {
    const cut: Behaviour = { kind: 'answer', text: '{"stars":', finishReason: 'length' };
    const { model } = await answering([cut]);
    const [outcome] = await generateStructured(model, [ask], Rating, { reAsks: 0 });
    expect(outcome?.ok === false && outcome.error.message).toMatch(/Raise maxTokens/);
  });

  test('goes from json_schema to json_object to the prompt with servers that know neither', async () => {
    const refuse: Behaviour = {
      kind: 'refuse-format',
      types: ['json_schema', 'json_object'],
      text: 'Of course! {"stars": 2,}',
    };
    const { model, bodies } = await answering([refuse, refuse, refuse]);
    expect((await generateStructured(model, [ask], Rating))[0]).toMatchObject({
      ok: true,
      value: { stars: 2 },
    });
    expect(await bodies()).toHaveLength(3);
  });

  test('applies defaults and transforms of the schema, and survives a check that throws', async () => {
    const Year = z.object({
      year: z.string().transform((text) => {
        if (text === 'never') throw new Error('no such year');
        return Number(text);
      }),
      tags: z.array(z.string()).default([]),
    });
    const { model } = await answering(['{"year":"1999"}', '{"year":"never"}']);
    const outcomes = await generateStructured(model, [ask, ask], Year, { reAsks: 0 });
    expect(outcomes.map((one) => (one.ok ? one.value : one.error.code))).toEqual([
      { year: 1999, tags: [] },
      'invalid-structure',
    ]);
  });

  test('refuses a schema that JSON schema cannot express', async () => {
    const { model } = await answering([]);
    await expect(generateStructured(model, [ask], z.object({ when: z.date() }))).rejects.toMatchObject({
      code: 'invalid-input',
    });
  });
});

test('the JSON schema closes objects that do not say otherwise', () => {
  const schema = z.object({
    a: z.array(z.object({ b: z.string() })),
    c: z.looseObject({}),
    d: z.record(z.string(), z.number()),
  });
  expect(structureSchema(schema)).toMatchObject({
    additionalProperties: false,
    properties: {
      a: { items: { additionalProperties: false } },
      c: { additionalProperties: {} },
      d: { additionalProperties: { type: 'number' } },
    },
  });
});
