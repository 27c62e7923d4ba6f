import type { GenerateRequest } from '@palate/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type OpenAIModelOptions, openaiModel } from '../../src/index.js';
import type { Behaviour } from '../server/behaviour.js';
import { startServer, type TestServer } from '../server/start-server.js';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.close());

let names = 0;
/** A model whose server keeps to the last behaviour. */
async function stubborn(
  script: readonly Behaviour[],
  options: Partial<OpenAIModelOptions> = {},
): Promise<{
  model: ReturnType<typeof openaiModel>;
  bodies: () => Promise<readonly Readonly<Record<string, unknown>>[]>;
}> {
  const name = `refusals-${++names}`;
  await server.control.script(name, script, { stay: true });
  return {
    model: openaiModel({ model: name, baseURL: server.baseURL, apiKey: 'k', ...options }),
    bodies: async () => (await server.control.seen(name)).requests.map((one) => one.body),
  };
}

const ask: GenerateRequest = {
  messages: [
    { role: 'system', content: 'Be brief.' },
    { role: 'user', content: 'hello' },
  ],
  temperature: 0,
  maxTokens: 9,
  seed: 1,
};

/** Refusals as servers word them: what is refused, status, body, and what is left out. */
const REFUSALS: readonly [string, number, unknown, string][] = [
  [
    'temperature',
    400,
    {
      error: {
        message:
          "Unsupported value: 'temperature' does not support 0 with this model. Only the default (1) value is supported.",
        type: 'invalid_request_error',
        param: 'temperature',
        code: 'unsupported_value',
      },
    },
    'temperature',
  ],
  [
    'temperature',
    422,
    { error: 'Input validation error: `temperature` must be strictly positive', error_type: 'validation' },
    'temperature 0',
  ],
  [
    'seed',
    422,
    { detail: [{ type: 'extra_forbidden', loc: ['body', 'seed'], msg: 'Extra inputs are not permitted' }] },
    'seed',
  ],
  ['temperature', 400, { error: { message: 'temperature must be in (0, 1]' } }, 'temperature 0'],
  ['temperature', 400, { error: { message: 'temperature must be between 0.01 and 1' } }, 'temperature 0'],
  ['seed', 500, { detail: "create() got an unexpected keyword argument 'seed'" }, 'seed'],
];

describe('a refused parameter', () => {
  test.each(REFUSALS)('%s (%i) is left out, remembered and told', async (has, status, body, leftOut) => {
    const { model, bodies } = await stubborn([{ kind: 'refuse', has, status, body }]);
    for (let n = 0; n < 2; n++) {
      const [outcome] = await model.generate([ask]);
      expect(outcome?.ok && outcome.result).toMatchObject({ text: 'answer to: hello', ignored: [leftOut] });
    }
    expect((await bodies()).map((one) => one[has] !== undefined)).toEqual([true, false, false]);
    expect(model.leftOut).toMatchObject([
      { parameter: leftOut, because: expect.stringContaining(`status ${status}`) },
    ]);
  });

  test('a positive temperature is sent where only 0 is refused', async () => {
    const [, refusal] = REFUSALS;
    const { model, bodies } = await stubborn([
      { kind: 'refuse', has: 'temperature', status: 422, body: refusal?.[2] },
      { kind: 'answer' },
    ]);
    await model.generate([ask]);
    const [outcome] = await model.generate([{ ...ask, temperature: 0.5 }]);
    expect(outcome?.ok && outcome.result.ignored).toBeUndefined();
    expect((await bodies()).at(-1)?.temperature).toBe(0.5);
  });

  test('of two that exclude each other one is left out', async () => {
    const message = '`temperature` and `top_p` cannot both be specified for this model.';
    const { model, bodies } = await stubborn([
      { kind: 'refuse', has: 'top_p', status: 400, body: { error: { message } } },
    ]);
    const [outcome] = await model.generate([{ ...ask, topP: 0.9 }]);
    expect(outcome?.ok && outcome.result.ignored).toEqual(['topP']);
    expect((await bodies()).at(-1)).toMatchObject({ temperature: 0 });
  });

  test('developer instructions that are not enabled go into the first message', async () => {
    const error = { code: 400, message: 'Developer instruction is not enabled for models/gemma-3' };
    const { model } = await stubborn([
      { kind: 'refuse', has: 'system role', status: 400, body: [{ error }] },
    ]);
    expect(await model.generate([ask])).toMatchObject([{ ok: true }]);
    expect(model.leftOut).toMatchObject([{ parameter: 'system role' }]);
  });

  test('the limit goes by its other name, and only then not at all', async () => {
    const body = {
      error: {
        message:
          "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
        param: 'max_tokens',
      },
    };
    const renamed = await stubborn([{ kind: 'refuse', has: 'max_tokens', status: 400, body }]);
    const [outcome] = await renamed.model.generate([ask]);
    expect(outcome?.ok && outcome.result.ignored).toBeUndefined();
    expect((await renamed.bodies()).at(-1)).toMatchObject({ max_completion_tokens: 9 });
    expect(renamed.model.leftOut).toEqual([]);
  });

  test('a limit that is too large is the request’s own fault', async () => {
    const message = "'max_tokens' is too large: 9. This model's maximum context length is 8 tokens.";
    const { model, bodies } = await stubborn([
      { kind: 'refuse', has: 'max_tokens', status: 400, body: { message } },
    ]);
    const [outcome] = await model.generate([ask]);
    expect(outcome?.ok === false && outcome.error.message).toContain(message);
    expect(await bodies()).toHaveLength(1);
  });

  test('a model without a system role reads it at the head of the user’s message', async () => {
    const body = {
      object: 'error',
      message: 'System role not supported',
      type: 'BadRequestError',
      code: 400,
    };
    const { model, bodies } = await stubborn([{ kind: 'refuse', has: 'system role', status: 400, body }]);
    const [outcome] = await model.generate([ask]);
    expect(outcome?.ok).toBe(true);
    expect((await bodies()).at(-1)?.messages).toEqual([{ role: 'user', content: 'Be brief.\n\nhello' }]);
    expect(model.leftOut.map((one) => one.parameter)).toEqual(['system role']);
  });

  test('a server without stream_options streams all the same', async () => {
    const body = { detail: [{ loc: ['body', 'stream_options'], msg: 'Extra inputs are not permitted' }] };
    const { model, bodies } = await stubborn([{ kind: 'refuse', has: 'stream_options', status: 422, body }]);
    for (let n = 0; n < 2; n++) expect((await model.stream(ask).result).text).toBe('answer to: hello');
    expect((await bodies()).map((one) => one.stream_options !== undefined)).toEqual([true, false, false]);
  });

  test('an empty answer is not sent back as a message of the assistant', async () => {
    const body = { error: { message: 'messages: text content blocks must be non-empty' } };
    const { model, bodies } = await stubborn([{ kind: 'refuse', has: 'empty assistant', status: 400, body }]);
    const messages = [
      { role: 'user', content: 'hello' },
      { role: 'assistant', content: '' },
      { role: 'user', content: 'again' },
    ] as const;
    const [outcome] = await model.generate([{ messages }]);
    expect(outcome?.ok).toBe(true);
    expect((await bodies())[0]?.messages).toEqual([{ role: 'user', content: 'hello\n\nagain' }]);
  });

  test('what cannot be left out is told and asked once', async () => {
    const { model, bodies } = await stubborn([
      { kind: 'refuse', has: 'messages', status: 400, body: { detail: 'unsupported parameter: n' } },
    ]);
    const [outcome] = await model.generate([ask]);
    expect(outcome?.ok === false && outcome.error.message).toContain('unsupported parameter: n');
    expect(await bodies()).toHaveLength(1);
  });
});

describe('response formats', () => {
  const object = {
    type: 'object',
    properties: { y: { type: 'number' } },
    required: ['y'],
    additionalProperties: false,
  };
  const list = { type: 'array', items: { type: 'string' } };
  const formatOf = (body: Readonly<Record<string, unknown>>): unknown =>
    (body.response_format as { type: string } | undefined)?.type;

  test('the schema is told in words whatever the format: servers may not enforce it', async () => {
    const { model, bodies } = await stubborn([{ kind: 'answer', text: '{"y": 1}' }]);
    await model.generate([{ ...ask, schema: { name: 's', jsonSchema: object } }]);
    const [body] = await bodies();
    expect(formatOf(body ?? {})).toBe('json_schema');
    expect(body?.messages).toMatchObject([
      { role: 'system', content: expect.stringContaining(JSON.stringify(object)) },
      { role: 'user' },
    ]);
  });

  test.each([404, 500, 501])(
    'status %i on a schema falls back, and is believed the second time',
    async (status) => {
      const body = { error: 'guided decoding failed' };
      const { model, bodies } = await stubborn([
        { kind: 'refuse', has: 'response_format', status, body, text: '{"y": 1}' },
      ]);
      for (let n = 0; n < 3; n++)
        expect((await model.generate([{ ...ask, schema: { name: 's', jsonSchema: object } }]))[0]?.ok).toBe(
          true,
        );
      const tries = ['json_schema', 'json_object', undefined];
      expect((await bodies()).map(formatOf)).toEqual(
        status === 501 ? [...tries, undefined, undefined] : [...tries, ...tries, undefined],
      );
    },
  );

  test('a list goes as the property of an object, and comes back as a list', async () => {
    const { model, bodies } = await stubborn([{ kind: 'answer', text: '{"value": ["a", "b"]}' }]);
    const request = { ...ask, schema: { name: 's', jsonSchema: list } };
    const [outcome] = await model.generate([request]);
    expect(outcome?.ok && JSON.parse(outcome.result.text)).toEqual(['a', 'b']);
    expect((await bodies())[0]?.response_format).toMatchObject({
      json_schema: {
        strict: true,
        schema: { type: 'object', properties: { value: list }, required: ['value'] },
      },
    });
    let streamed = '';
    for await (const piece of model.stream(request)) streamed += piece;
    expect(JSON.parse(streamed)).toEqual(['a', 'b']);
  });

  test('a bare list, and words around it, stay as they came', async () => {
    const { model } = await stubborn([{ kind: 'answer', text: 'Sure: ["a"]' }]);
    const [outcome] = await model.generate([{ ...ask, schema: { name: 's', jsonSchema: list } }]);
    expect(outcome?.ok && outcome.result.text).toBe('Sure: ["a"]');
  });
});

describe('log-probabilities', () => {
  const pair = { prompt: 'the film is', continuation: ' very good' };
  const echo = async (script: readonly Behaviour[]): Promise<ReturnType<typeof stubborn>> =>
    stubborn(script, { likelihood: 'echo' });
  const logprobs = (values: readonly unknown[]): Behaviour => ({
    kind: 'raw',
    body: {
      choices: [
        {
          text: 'the film is very good',
          logprobs: {
            text_offset: [0, 3, 8, 11, 16],
            tokens: ['the', ' film', ' is', ' very', ' good'],
            token_logprobs: values,
          },
        },
      ],
    },
  });

  test('are summed over the continuation', async () => {
    const { model } = await echo([logprobs([null, -1, -2, -0.25, -0.5])]);
    expect(await model.logLikelihood?.([pair])).toEqual([{ logLikelihood: -0.75, tokens: 2 }]);
  });

  test.each<[string, Behaviour]>([
    ['null within the continuation', logprobs([null, -1, -2, null, -0.5])],
    ['a text', logprobs([null, -1, -2, '-0.25', -0.5])],
    ['a positive one', logprobs([null, -1, -2, 3, -0.5])],
    ['those of what was generated', { kind: 'no-echo' }],
    ['none', { kind: 'raw', body: { choices: [{ text: 'the film is very good', logprobs: null }] } }],
    ['fewer than tokens', logprobs([null, -1, -2])],
  ])('%s: a failure, never the best candidate', async (_, behaviour) => {
    const { model } = await echo([behaviour]);
    await expect(model.logLikelihood?.([pair])).rejects.toMatchObject({
      code: 'bad-answer',
      isRetryable: false,
    });
  });

  test('offsets that end before the continuation does are a failure', async () => {
    const short = {
      text: 'the film is very good',
      logprobs: { text_offset: [0, 3], tokens: ['the', ' film'], token_logprobs: [null, -1] },
    };
    const { model } = await echo([{ kind: 'raw', body: { choices: [short] } }]);
    await expect(model.logLikelihood?.([pair])).rejects.toMatchObject({ code: 'bad-answer' });
  });

  test('a server that refuses to write nothing writes a token that does not count', async () => {
    const refusal = { object: 'error', message: 'max_tokens must be at least 1, got 0.', code: 400 };
    const { model, bodies } = await echo([{ kind: 'raw', status: 400, body: refusal }, { kind: 'answer' }]);
    for (let n = 0; n < 2; n++) expect((await model.logLikelihood?.([pair]))?.[0]?.tokens).toBe(2);
    expect((await bodies()).map((one) => one.max_tokens)).toEqual([0, 1, 1]);
  });

  test('of a chat that are missing or null are none', async () => {
    for (const content of [
      null,
      [{ token: 'a', logprob: null }],
      [{ token: 'a', logprob: -1 }, { token: 'b' }],
    ]) {
      const choice = { message: { content: 'a b' }, finish_reason: 'stop', logprobs: { content } };
      const { model } = await stubborn([{ kind: 'raw', body: { choices: [choice] } }], {
        topLogProbabilities: 0,
      });
      const [outcome] = await model.generate([ask]);
      expect(outcome?.ok && outcome.result).toMatchObject({ text: 'a b', logProbabilities: [] });
    }
  });
});
