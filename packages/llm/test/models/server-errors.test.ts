import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Behaviour } from '../server/behaviour.js';
import { startServer, type TestServer } from '../server/start-server.js';
import { ask, failureOf, scriptedAt } from './scripted.js';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.close());

const scripted = (script: readonly Behaviour[]) => scriptedAt(server, script);
const failure = async (script: readonly Behaviour[]) => failureOf((await scripted(script)).model);

/** Servers' error bodies as they send them, the words that must reach the caller, and what they mean. */
const BODIES: readonly [string, number, unknown, string, string, boolean][] = [
  [
    'vLLM',
    400,
    {
      error: {
        message: 'This model has a maximum context length of 64 tokens.',
        type: 'BadRequestError',
        code: 400,
      },
    },
    'maximum context length of 64',
    'request-refused',
    false,
  ],
  [
    'older vLLM',
    404,
    {
      object: 'error',
      message: 'The model `x` does not exist.',
      type: 'NotFoundError',
      param: null,
      code: 404,
    },
    'The model `x` does not exist',
    'request-refused',
    false,
  ],
  ['FastAPI', 403, { detail: 'Not enough permissions' }, 'Not enough permissions', 'not-authorised', false],
  [
    'FastAPI with fields',
    422,
    { detail: [{ type: 'missing', loc: ['body', 'prompt'], msg: 'Field required', input: {} }] },
    'body.prompt: Field required',
    'request-refused',
    false,
  ],
  [
    'Text Embeddings Inference, input',
    413,
    { error: '`inputs` must have less than 512 tokens. Given: 740', error_type: 'Validation' },
    'Given: 740',
    'request-refused',
    false,
  ],
  [
    'Text Embeddings Inference, load',
    429,
    { error: 'Model is overloaded', error_type: 'Overloaded' },
    'Model is overloaded',
    'rate-limited',
    true,
  ],
  [
    'Text Embeddings Inference, back end',
    424,
    { error: 'inference failed', error_type: 'Backend' },
    'inference failed',
    'server-failed',
    true,
  ],
  [
    'Gemini',
    400,
    [
      {
        error: {
          code: 400,
          message: 'API key not valid. Please pass a valid API key.',
          status: 'INVALID_ARGUMENT',
        },
      },
    ],
    'API key not valid',
    'not-authorised',
    false,
  ],
  [
    'Mistral',
    422,
    {
      object: 'error',
      message: { detail: [{ loc: ['body', 'messages', 0, 'role'], msg: 'Input should be user' }] },
      type: 'invalid_request_error',
      param: null,
      code: null,
    },
    'Input should be user',
    'request-refused',
    false,
  ],
  [
    'Cohere',
    400,
    { id: 'a-b', message: 'invalid request: all elements in history must have a message' },
    'all elements in history',
    'request-refused',
    false,
  ],
  [
    'Ollama',
    404,
    { error: 'model "llama9" not found, try pulling it first' },
    'try pulling it first',
    'request-refused',
    false,
  ],
  [
    'OpenAI without money',
    429,
    {
      error: {
        message: 'You exceeded your current quota.',
        type: 'insufficient_quota',
        code: 'insufficient_quota',
      },
    },
    'exceeded your current quota',
    'rate-limited',
    false,
  ],
  [
    'a gateway',
    502,
    {
      error: {
        message: 'Provider returned error',
        code: 502,
        metadata: { raw: '{"detail":"CUDA out of memory"}' },
      },
    },
    'CUDA out of memory',
    'server-failed',
    true,
  ],
  [
    'a proxy',
    503,
    '<html><head><title>503</title></head><body>No server is <b>available</b></body></html>',
    'No server is available',
    'server-failed',
    true,
  ],
  [
    'llama.cpp, too long',
    500,
    { error: { code: 500, message: 'the request exceeds the available context size', type: 'server_error' } },
    'available context size',
    'request-refused',
    false,
  ],
  [
    'an unpaid account',
    402,
    { error: { message: 'Insufficient Balance' } },
    'Insufficient Balance',
    'not-authorised',
    false,
  ],
];

describe('errors by their own words', () => {
  test.each(BODIES)('%s', async (_, status, body, words, code, isRetryable) => {
    const error = await failure([{ kind: 'raw', status, body }]);
    expect(error.received).toContain(words);
    expect(error).toMatchObject({ code, isRetryable, status });
  });

  test('asks to wait as long as Gemini says in the body', async () => {
    const details = [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '34.5s' }];
    const body = [
      {
        error: {
          code: 429,
          message: 'You exceeded your current quota',
          status: 'RESOURCE_EXHAUSTED',
          details,
        },
      },
    ];
    const error = await failure([{ kind: 'raw', status: 429, body }]);
    expect(error).toMatchObject({ code: 'rate-limited', isRetryable: true, retryAfterSeconds: 34.5 });
  });

  test.each<[string, unknown, string, string, boolean]>([
    [
      'a bad key',
      { error: { message: 'no such key', type: 'authentication_error' } },
      'no such key',
      'not-authorised',
      false,
    ],
    [
      'a rate',
      { error: { message: 'slow down', type: 'rate_limit_error' } },
      'slow down',
      'rate-limited',
      true,
    ],
    [
      'a refusal',
      { detail: 'Unsupported model', type: 'invalid_request_error' },
      'Unsupported model',
      'request-refused',
      false,
    ],
    ['a failure', { error: 'CUDA error' }, 'CUDA error', 'bad-answer', true],
    [
      'vLLM',
      { object: 'error', message: 'engine died', type: 'InternalServerError', code: 500 },
      'engine died',
      'server-failed',
      true,
    ],
    ['a blocked prompt', { promptFeedback: { blockReason: 'SAFETY' } }, 'SAFETY', 'bad-answer', true],
    ['Zhipu', { code: 1302, msg: 'rate limited', success: false }, 'rate limited', 'rate-limited', true],
    [
      'Baidu',
      { error_code: 17, error_msg: 'daily limit reached' },
      'daily limit reached',
      'bad-answer',
      true,
    ],
    [
      'MiniMax',
      { choices: null, base_resp: { status_code: 1004, status_msg: 'login fail' } },
      'login fail',
      'bad-answer',
      true,
    ],
    ['a login', { detail: 'Not authenticated' }, 'Not authenticated', 'not-authorised', false],
    ['no such model', { message: 'model x not found' }, 'not found', 'request-refused', false],
    ['JSON in a text', { error: '{"message":"slow","code":429}' }, 'slow', 'rate-limited', true],
    [
      'an error beside half an answer',
      {
        choices: [{ message: { content: 'half' }, finish_reason: null }],
        error: { message: 'Provider returned error', code: 502 },
      },
      'Provider returned error',
      'server-failed',
      true,
    ],
    ['no choices', { choices: [] }, 'without choices', 'bad-answer', true],
    ['a choice that is none', { choices: [7] }, 'without choices', 'bad-answer', true],
  ])('with status 200: %s', async (_, body, words, code, isRetryable) => {
    const error = await failure([{ kind: 'raw', body }]);
    expect(error.received).toContain(words);
    expect(error).toMatchObject({ code, isRetryable });
  });
});

test('what the content type hides is read as the JSON that it is', async () => {
  const raw = (body: unknown): Behaviour => ({
    kind: 'raw',
    contentType: 'text/plain',
    body: JSON.stringify(body),
  });
  const error = await failure([raw({ error: { message: 'wrong key', code: 401 } })]);
  expect(error).toMatchObject({ code: 'not-authorised', isRetryable: false });
  expect(error.received).toContain('wrong key');
  const { model } = await scripted([
    raw({ choices: [{ message: { content: 'four' }, finish_reason: 'stop' }] }),
  ]);
  expect(await model.generate([ask('hello')])).toMatchObject([{ ok: true, result: { text: 'four' } }]);
});

test('a used-up balance is no fault of the request', async () => {
  const message = 'Your credit balance is too low to access the API.';
  const error = await failure([{ kind: 'raw', status: 400, body: { error: { message } } }]);
  expect(error).toMatchObject({ code: 'not-authorised', isRetryable: false });
  expect(error.hint).toContain('quota');
});

describe('finish reasons', () => {
  test.each([
    ['max_tokens', 'length'],
    ['MAX_TOKENS', 'length'],
    ['model_length', 'length'],
    ['SAFETY', 'filter'],
    ['content_filter', 'filter'],
    ['PROHIBITED_CONTENT', 'filter'],
    ['', 'stop'],
    ['eos_token', 'stop'],
    ['COMPLETE', 'stop'],
  ])('%j is %s', async (finishReason, expected) => {
    const answer: Behaviour = { kind: 'answer', text: 'a b', finishReason };
    const { model } = await scripted([answer, answer]);
    const [outcome] = await model.generate([ask('hello')]);
    expect(outcome?.ok && outcome.result.finishReason).toBe(expected);
    expect((await model.stream(ask('hello')).result).finishReason).toBe(expected);
  });

  test.each(['error', 'abort', 'ERROR', 'insufficient_system_resource'])(
    '%j is a failure that may pass, whole and streamed',
    async (finishReason) => {
      const answer: Behaviour = { kind: 'answer', text: 'half an', finishReason };
      const error = await failure([answer]);
      expect(error).toMatchObject({ code: 'server-failed', isRetryable: true });
      expect(error.received).toContain(finishReason);
      const { model } = await scripted([answer]);
      await expect(model.stream(ask('hello')).result).rejects.toMatchObject({
        code: 'server-failed',
        isRetryable: true,
      });
    },
  );

  test('an error beside the choice is told', async () => {
    const choice = {
      index: 0,
      message: { role: 'assistant', content: 'half' },
      finish_reason: 'error',
      error: { code: 502, message: 'upstream closed' },
    };
    expect((await failure([{ kind: 'raw', body: { choices: [choice] } }])).received).toContain(
      'upstream closed',
    );
  });
});
