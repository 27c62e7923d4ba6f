import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { languageModelConformance } from '@palate/core/testing';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { z } from 'zod';
import {
  aiSdkEncoder,
  aiSdkModel,
  generateStructured,
  ModelCallError,
  openaiModel,
} from '../../src/index.js';
import type { Behaviour } from '../server/behaviour.js';
import { startServer, type TestServer } from '../server/start-server.js';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.close());

const KEY = 'sk-secret-of-the-test-0123456789';
let names = 0;
const provider = () => createOpenAICompatible({ name: 'loopback', baseURL: server.baseURL, apiKey: KEY });

async function scripted(script: readonly Behaviour[], options: { timeoutSeconds?: number } = {}) {
  const name = `sdk-${++names}`;
  await server.control.script(name, script);
  return { name, model: aiSdkModel({ model: provider()(name), ...options }) };
}
const ask = { messages: [{ role: 'user' as const, content: 'hello' }] };

describe('a model of the AI SDK', () => {
  for (const { name, run } of languageModelConformance({
    create: async () => (await scripted([])).model,
    failing: async () =>
      (await scripted([{ kind: 'answer' }, { kind: 'status', status: 400, message: 'no such thing' }])).model,
  }))
    test(name, run);

  it('sends what a request says, the schema in words as every provider puts it', async () => {
    const { name, model } = await scripted([]);
    const request = {
      messages: [
        { role: 'system' as const, content: 'You are brief.' },
        { role: 'user' as const, content: 'Rate it.' },
        { role: 'assistant' as const, content: '{"stars": 9}' },
        { role: 'user' as const, content: 'From 1 to 5.' },
      ],
      temperature: 0,
      maxTokens: 20,
      topP: 0.9,
      seed: 3,
      stop: ['end'],
      schema: { name: 'stars', jsonSchema: { type: 'object', properties: { stars: { type: 'number' } } } },
    };
    await model.generate([request]);
    const own = `${name}-own`;
    await openaiModel({ model: own, baseURL: server.baseURL, apiKey: KEY }).generate([request]);
    const [sent] = (await server.control.seen(name)).requests;
    const [direct] = (await server.control.seen(own)).requests;
    expect(sent?.body.messages).toEqual(direct?.body.messages);
    for (const field of ['temperature', 'max_tokens', 'top_p', 'seed', 'stop'])
      expect([field, sent?.body[field]]).toEqual([field, direct?.body[field]]);
    expect(sent?.headers.authorization).toBe(`Bearer ${KEY}`);
  });

  it('gives values of a schema, also of a list at its root', async () => {
    const { model } = await scripted([{ kind: 'answer', text: '{"value": [3, 1, 2]}' }]);
    const [outcome] = await generateStructured(model, [ask], z.array(z.number()));
    expect(outcome?.ok && outcome.value).toEqual([3, 1, 2]);
  });

  const FAILURES: readonly [string, Behaviour, string, boolean][] = [
    ['a rate limit', { kind: 'status', status: 429, retryAfter: '7' }, 'rate-limited', true],
    ['an overloaded server', { kind: 'status', status: 503 }, 'server-failed', true],
    ['a wrong key', { kind: 'status', status: 401, echoKey: false }, 'not-authorised', false],
    [
      'a refused request',
      { kind: 'status', status: 400, message: 'maximum context length' },
      'request-refused',
      false,
    ],
    ['half a body', { kind: 'invalid-json' }, 'bad-answer', true],
    ['a page', { kind: 'html' }, 'bad-answer', true],
    ['a cut connection', { kind: 'cut' }, 'connection-failed', true],
    ['silence', { kind: 'hang' }, 'timed-out', true],
  ];
  it.each(FAILURES)('%s is an error of this package', async (_, behaviour, code, isRetryable) => {
    const { model } = await scripted([behaviour, { kind: 'answer', text: 'fine' }], {
      timeoutSeconds: behaviour.kind === 'hang' ? 0.3 : 20,
    });
    const [failed] = await model.generate([ask]);
    if (failed?.ok !== false) throw new Error('it did not fail');
    expect(failed.error).toBeInstanceOf(ModelCallError);
    expect([failed.error.code, failed.error.isRetryable]).toEqual([code, isRetryable]);
    if (behaviour.kind === 'status' && behaviour.retryAfter)
      expect((failed.error as ModelCallError).retryAfterSeconds).toBe(7);
    const [next] = await model.generate([ask]);
    expect(next?.ok && next.result.text).toBe('fine');
  });

  it('keeps keys of requests out of its errors', async () => {
    const { model } = await scripted([{ kind: 'status', status: 401 }]);
    const [failed] = await model.generate([ask]);
    const told = failed?.ok === false ? `${failed.error.stack} ${JSON.stringify(failed.error)}` : '';
    expect(told).not.toContain(KEY);
  });

  it('reads usage, ends and warnings of both versions of the specification', async () => {
    const v2 = {
      specificationVersion: 'v2',
      provider: 'old',
      modelId: 'm',
      doGenerate: async () => ({
        content: [
          { type: 'reasoning', text: 'hm' },
          { type: 'text', text: 'a' },
          { type: 'text', text: 'b' },
        ],
        finishReason: 'length',
        usage: { inputTokens: 5, outputTokens: 2 },
        warnings: [{ type: 'unsupported-setting', setting: 'seed' }],
      }),
    };
    const [outcome] = await aiSdkModel({ model: v2 }).generate([ask]);
    expect(outcome).toMatchObject({
      ok: true,
      result: {
        text: 'ab',
        finishReason: 'length',
        usage: { inputTokens: 5, outputTokens: 2 },
        ignored: ['seed'],
        model: 'old m',
      },
    });
  });

  it('refuses a name in place of a model', () => {
    expect(() => aiSdkModel({ model: 'openai/gpt-4o' as never })).toThrow(
      /model of the AI SDK.*"openai\/gpt-4o"/,
    );
  });
});

describe('an embedding model of the AI SDK', () => {
  it('gives each text its vector, cuts what is too long, and sends again what failed for a while', async () => {
    const model = provider().textEmbeddingModel('sdk-embed');
    const encoder = await aiSdkEncoder({ model, batchSize: 2, maxCharacters: 10, retry: { baseSeconds: 0 } });
    expect(encoder.width).toBe(16);
    // Vectors are kept by the id: those of other cuts are others.
    expect(encoder.id).toBe(`${(await aiSdkEncoder({ model })).id}:10-characters`);
    const { data, truncated } = await encoder.encode(['heat', 'alien', 'heat', 'much longer than ten']);
    expect(truncated).toBe(1);
    expect(data.slice(0, 16)).toEqual(data.slice(32, 48));
    await server.control.script('sdk-embed', [{ kind: 'status', status: 503 }]);
    expect((await encoder.encode(['heat'])).data).toEqual(data.slice(0, 16));
  });

  it('tells which text failed, and refuses what is no embedding model', async () => {
    const model = provider().textEmbeddingModel('sdk-poison');
    const encoder = await aiSdkEncoder({ model, retry: false });
    await server.control.script('sdk-poison', [{ kind: 'poisoned', vector: [], whole: 'status-500' }], {
      stay: true,
    });
    await expect(encoder.encode(['fine', 'POISON'])).rejects.toThrow(/POISON/);
    await expect(aiSdkEncoder({ model: {} as never })).rejects.toThrow(/model of the AI SDK, with doEmbed/);
  });
});
