import { inspect } from 'node:util';
import type { GenerateRequest } from '@palate/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ScoredGenerateResult } from '../../src/models/chat-format.js';
import type { ModelCallError } from '../../src/models/model-error.js';
import { type OpenAIModelOptions, openaiModel } from '../../src/models/openai.js';
import type { Behaviour, Dialect } from '../server/behaviour.js';
import { startServer, type TestServer } from '../server/start-server.js';
import { ask, failureOf, scriptedAt } from './scripted.js';

const KEY = 'sk-test-4711-do-not-tell';
let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.close());

const scripted = (script: readonly Behaviour[], options: Partial<OpenAIModelOptions> = {}) =>
  scriptedAt(server, script, { apiKey: KEY, ...options });

describe('chat', () => {
  test('answers in the order of the requests, with usage and the id of provider and model', async () => {
    const { model, name } = await scripted([]);
    expect(model.id).toBe(`openai:${name}`);
    const outcomes = await model.generate(['a', 'b c', 'd'].map((text) => ask(text)));
    expect(outcomes).toEqual(
      [
        ['a', 1],
        ['b c', 2],
        ['d', 1],
      ].map(([text, words]) => ({
        ok: true,
        result: {
          text: `answer to: ${text}`,
          usage: { inputTokens: words, outputTokens: 2 + Number(words) },
          finishReason: 'stop',
          model: name,
        },
      })),
    );
  });

  test('puts every parameter into the body under its name at the server', async () => {
    const { model, name } = await scripted([]);
    await model.generate([
      ask('x', { maxTokens: 7, temperature: 0, topP: 0.5, stop: ['\n'], seed: 3, promptVersion: '2' }),
    ]);
    const [request] = (await server.control.seen(name)).requests;
    expect(request?.body).toEqual({
      model: name,
      messages: [{ role: 'user', content: 'x' }],
      max_tokens: 7,
      temperature: 0,
      top_p: 0.5,
      stop: ['\n'],
      seed: 3,
    });
    expect(request?.headers.authorization).toBe(`Bearer ${KEY}`);
  });

  test.each<[Dialect, string | undefined]>([
    ['openai', undefined],
    ['llama.cpp', '/models/tiny.gguf'],
    ['ollama', undefined],
    ['vllm', undefined],
  ])('reads the body and the stream of %s', async (dialect, modelName) => {
    const behaviour: Behaviour = { kind: 'answer', dialect, text: 'one two three', finishReason: 'length' };
    const { model, name } = await scripted([behaviour, behaviour]);
    const expected = {
      text: 'one two three',
      usage: { inputTokens: 2, outputTokens: 3 },
      finishReason: 'length',
      model: modelName ?? name,
    };
    expect(await model.generate([ask('count up')])).toEqual([{ ok: true, result: expected }]);
    const stream = model.stream(ask('count up'));
    const pieces: string[] = [];
    for await (const piece of stream) pieces.push(piece);
    expect(pieces).toEqual(['one', ' two', ' three']);
    expect(await stream.result).toEqual(expected);
  });

  test('estimates the usage that a server does not tell', async () => {
    const { model } = await scripted([{ kind: 'answer', text: 'twelve bytes', withoutUsage: true }]);
    const [outcome] = await model.generate([ask('eight by')]);
    expect(outcome?.ok && outcome.result.usage).toEqual({ inputTokens: 2, outputTokens: 3 });
  });

  test('gives log-probabilities where the server gives them, whole and streamed', async () => {
    const { model } = await scripted(
      [
        { kind: 'answer', text: 'yes' },
        { kind: 'answer', text: 'yes sir' },
      ],
      {
        topLogProbabilities: 2,
      },
    );
    const [outcome] = await model.generate([ask('well?')]);
    const yes = { token: 'yes', logProbability: -0.1 };
    const no = { token: 'no', logProbability: -5 };
    expect(outcome?.ok && (outcome.result as ScoredGenerateResult).logProbabilities).toEqual([
      { ...yes, alternatives: [yes, no] },
    ]);
    const result = (await model.stream(ask('well?')).result) as ScoredGenerateResult;
    expect(result.logProbabilities.map((one) => one.logProbability)).toEqual([-0.1, -0.2]);
  });

  test('scores a continuation by the echoed prompt, in code points', async () => {
    const { model } = await scripted([], { likelihood: 'echo' });
    // Tokens of the server are words; the n-th has -(n + 1) / 10.
    const results = await model.logLikelihood?.([
      { prompt: 'the film is', continuation: ' very good' },
      { prompt: '🎬 rated', continuation: ' 🌟🌟 here' },
      // A token across the border counts as continuation.
      { prompt: 'a goo', continuation: 'd film' },
    ]);
    expect(results?.map(({ tokens }) => tokens)).toEqual([2, 2, 2]);
    for (const [n, sum] of [-0.9, -0.7, -0.5].entries())
      expect(results?.[n]?.logLikelihood).toBeCloseTo(sum, 12);
    const { model: chatOnly } = await scripted([]);
    expect(chatOnly.logLikelihood).toBeUndefined();
  });

  test('keeps at most `concurrency` requests in flight, whoever asks', async () => {
    const name = 'model-asked-at-once';
    await server.control.script(name, [{ kind: 'answer', delayMs: 30 }], { stay: true });
    const model = openaiModel({ model: name, baseURL: server.baseURL, apiKey: KEY, concurrency: 3 });
    const batch = Array.from({ length: 8 }, (_, n) => ask(String(n)));
    await Promise.all([model.generate(batch), model.generate(batch)]);
    const seen = await server.control.seen(name);
    expect(seen.requests).toHaveLength(16);
    expect(seen.mostAtOnce).toBe(3);
  });
});

describe('structured output', () => {
  const schema = {
    name: 'film',
    jsonSchema: {
      type: 'object',
      properties: { year: { type: 'number' } },
      required: ['year'],
      additionalProperties: false,
    },
  };
  const format = (body: Readonly<Record<string, unknown>> | undefined): string | undefined =>
    (body?.response_format as { type: string } | undefined)?.type;

  test('sends the schema as the response format, strict where OpenAI would take it', async () => {
    const { model, name } = await scripted([{ kind: 'answer', text: '{"year":1999}' }]);
    await model.generate([ask('x', { schema })]);
    await model.generate([
      ask('x', { schema: { name: 'a b', jsonSchema: { type: 'object', properties: { y: {} } } } }),
    ]);
    const { requests } = await server.control.seen(name);
    expect(requests[0]?.body.response_format).toEqual({
      type: 'json_schema',
      json_schema: { name: 'film', schema: schema.jsonSchema, strict: true },
    });
    expect(requests[1]?.body.response_format).toMatchObject({ json_schema: { name: 'a_b', strict: false } });
  });

  test.each([
    [['json_schema'], ['json_schema', 'json_object', 'json_object']],
    [
      ['json_schema', 'json_object'],
      ['json_schema', 'json_object', undefined, undefined],
    ],
  ])('where the server refuses %j it goes on to the next format and remembers it', async (types, formats) => {
    const refuse: Behaviour = { kind: 'refuse-format', types, text: '{"year":1999}' };
    const { model, name } = await scripted([refuse, refuse, refuse, refuse]);
    for (let n = 0; n < 2; n++) {
      const [outcome] = await model.generate([ask('x', { schema })]);
      expect(outcome?.ok && outcome.result.text).toBe('{"year":1999}');
    }
    const { requests } = await server.control.seen(name);
    expect(requests.map(({ body }) => format(body))).toEqual(formats);
    const messages = requests.at(-1)?.body.messages as { role: string; content: string }[];
    // A request without a system message gets none: its model may know no such role.
    expect(messages[0]?.role).toBe('user');
    expect(messages[0]?.content).toContain(JSON.stringify(schema.jsonSchema));
  });

  test('does not lay a refusal of the request itself on the format', async () => {
    const refuse: Behaviour = { kind: 'status', status: 400, message: 'context too long' };
    const { model } = await scripted([refuse, refuse, refuse]);
    const error = await failureOf(model, ask('x', { schema }));
    expect(error.code).toBe('request-refused');
    expect(error.message).toContain('context too long');
  });
});

describe('failures', () => {
  test.each<[string, Behaviour, string, boolean, Partial<ModelCallError>]>([
    [
      '429 with Retry-After',
      { kind: 'status', status: 429, retryAfter: '7' },
      'rate-limited',
      true,
      { retryAfterSeconds: 7, status: 429 },
    ],
    [
      '429 without',
      { kind: 'status', status: 429 },
      'rate-limited',
      true,
      { retryAfterSeconds: undefined, isUnbilled: true },
    ],
    ['500', { kind: 'status', status: 500 }, 'server-failed', true, { status: 500, isUnbilled: false }],
    [
      '503',
      { kind: 'status', status: 503, retryAfter: '2' },
      'server-failed',
      true,
      { retryAfterSeconds: 2 },
    ],
    ['401', { kind: 'status', status: 401 }, 'not-authorised', false, {}],
    ['404', { kind: 'status', status: 404 }, 'request-refused', false, {}],
    ['invalid JSON', { kind: 'invalid-json' }, 'bad-answer', true, {}],
    ['another content type', { kind: 'html' }, 'bad-answer', false, {}],
    ['200 with an error body', { kind: 'error-in-200' }, 'bad-answer', true, {}],
    [
      '200 with an error body that has a status',
      { kind: 'error-in-200', code: 429 },
      'rate-limited',
      true,
      {},
    ],
    ['a cut body', { kind: 'cut' }, 'connection-failed', true, { isUnbilled: false }],
  ])('%s', async (_, behaviour, code, isRetryable, more) => {
    const { model } = await scripted([behaviour]);
    const error = await failureOf(model);
    expect(error).toMatchObject({ code, isRetryable, ...more });
  });

  test('an HTTP date as Retry-After counts from now', async () => {
    const { model } = await scripted([
      { kind: 'status', status: 429, retryAfter: new Date(Date.now() + 3_600_000).toUTCString() },
    ]);
    const { retryAfterSeconds } = await failureOf(model);
    expect(retryAfterSeconds).toBeGreaterThan(3000);
    expect(retryAfterSeconds).toBeLessThanOrEqual(3600);
  });

  test('a hung socket and a slow drip run into the deadline', async () => {
    const { model } = await scripted([{ kind: 'hang' }, { kind: 'drip', everyMs: 20 }], {
      timeoutSeconds: 0.3,
    });
    for (let n = 0; n < 2; n++)
      expect(await failureOf(model)).toMatchObject({ code: 'timed-out', isRetryable: true });
  });

  test('nobody there', async () => {
    const gone = await startServer();
    await gone.close();
    const model = openaiModel({ model: 'x', baseURL: gone.baseURL, apiKey: KEY });
    expect(await failureOf(model)).toMatchObject({
      code: 'connection-failed',
      isRetryable: true,
      isUnbilled: true,
    });
  });

  test('one failure of a batch leaves the others', async () => {
    const { model } = await scripted(
      [{ kind: 'answer' }, { kind: 'status', status: 500 }, { kind: 'answer' }],
      {
        concurrency: 1,
      },
    );
    const outcomes = await model.generate([ask('a'), ask('b'), ask('c')]);
    expect(outcomes.map((one) => one.ok)).toEqual([true, false, true]);
  });

  test('cancelling rejects the batch and lets go of the server', async () => {
    const { model } = await scripted([{ kind: 'hang' }, { kind: 'hang' }]);
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 50);
    await expect(model.generate([ask('a'), ask('b')], { signal: stop.signal })).rejects.toMatchObject({
      code: 'cancelled',
    });
  });

  test('refuses bad requests and options at the door', async () => {
    const { model, name } = await scripted([]);
    const bad = [{ messages: [] }, ask('x', { maxTokens: 0 }), { ...ask('x'), maxtokens: 3 }];
    for (const request of bad)
      await expect(model.generate([ask('fine'), request as GenerateRequest])).rejects.toMatchObject({
        code: 'invalid-input',
      });
    expect((await server.control.seen(name)).requests).toEqual([]);
    expect(() => openaiModel({ model: 'x', baseUrl: 'y' } as never)).toThrow(/"baseUrl"/);
    expect(() => openaiModel({ model: 'x', baseURL: 'http://h/v1', topLogProbabilities: 21 })).toThrow(
      /0 to 20/,
    );
  });

  test('a key in the environment is for OpenAI, or the server that the environment names', async () => {
    const { name } = await scripted([]);
    const before = { ...process.env };
    Object.assign(process.env, {
      OPENAI_API_KEY: KEY,
      OPENAI_ORG_ID: 'org-secret',
      OPENAI_PROJECT_ID: 'proj-secret',
    });
    try {
      await openaiModel({ model: name, baseURL: server.baseURL }).generate([ask('x')]);
      process.env.OPENAI_BASE_URL = server.baseURL;
      await openaiModel({ model: name }).generate([ask('x')]);
    } finally {
      for (const variable of ['OPENAI_API_KEY', 'OPENAI_ORG_ID', 'OPENAI_PROJECT_ID', 'OPENAI_BASE_URL'])
        if (before[variable] === undefined) delete process.env[variable];
        else process.env[variable] = before[variable];
    }
    const [foreign, own] = (await server.control.seen(name)).requests;
    expect(foreign?.headers.authorization).toBe('Bearer none');
    expect(JSON.stringify(foreign?.headers)).not.toContain('secret');
    // A server that the environment itself names may have the environment's key.
    expect(own?.headers.authorization).toBe(`Bearer ${KEY}`);
  });
});

test('no key in any error: message, stack, causes, JSON or inspection', async () => {
  const header = 'header-secret-815';
  const behaviours: Behaviour[] = [
    ...[400, 401, 404, 429, 500].map((status): Behaviour => ({ kind: 'status', status, echoKey: true })),
    { kind: 'error-in-200', message: `bad key ${KEY} and ${header}` },
    { kind: 'error-in-200', code: 401, message: `bad key ${KEY}` },
    { kind: 'invalid-json' },
    { kind: 'html' },
    { kind: 'cut' },
    { kind: 'hang' },
  ];
  const printed: string[] = [];
  const log = { ...console };
  for (const name of ['log', 'info', 'warn', 'error', 'debug'] as const)
    console[name] = (...parts: unknown[]) => printed.push(inspect(parts, { depth: 8 }));
  const before = process.env.OPENAI_LOG;
  process.env.OPENAI_LOG = 'debug';
  const texts: string[] = [];
  try {
    for (const streaming of [false, true])
      for (const behaviour of behaviours) {
        const { model } = await scripted([behaviour], {
          timeoutSeconds: 0.3,
          headers: { 'x-gateway-key': header },
        });
        texts.push(JSON.stringify(model), inspect(model, { depth: 8, showHidden: true }));
        const error: unknown = streaming
          ? await model.stream(ask('x')).result.catch((reason: unknown) => reason)
          : await failureOf(model);
        for (let e = error; e instanceof Error; e = e.cause)
          texts.push(
            String(e),
            e.message,
            e.stack ?? '',
            JSON.stringify(e),
            inspect(e, { depth: 8, showHidden: true }),
          );
      }
  } finally {
    Object.assign(console, log);
    if (before === undefined) delete process.env.OPENAI_LOG;
    else process.env.OPENAI_LOG = before;
  }
  const all = [...texts, ...printed].join('\n');
  expect(all).toContain('[redacted]');
  expect(all).not.toContain(KEY);
  expect(all).not.toContain(header);
});
