import { inspect } from 'node:util';
import type { GenerateRequest } from '@palate/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  Budget,
  languageModel,
  type OpenAIModelOptions,
  openaiModel,
  withBudget,
  withLimits,
} from '../../src/index.js';
import { sleep } from '../../src/models/sleep.js';
import type { Behaviour } from '../server/behaviour.js';
import { startServer, type TestServer } from '../server/start-server.js';

const KEY = 'sk-limits-4711-do-not-tell';
let server: TestServer;
let other: TestServer;
beforeAll(async () => {
  [server, other] = await Promise.all([startServer(), startServer()]);
});
afterAll(() => Promise.all([server.close(), other.close()]));

let names = 0;
async function scripted(
  script: readonly Behaviour[],
  options: Partial<OpenAIModelOptions> = {},
): Promise<{ name: string; model: ReturnType<typeof openaiModel> }> {
  const name = `limits-${++names}`;
  await server.control.script(name, script, { stay: true });
  return { name, model: openaiModel({ model: name, baseURL: server.baseURL, apiKey: KEY, ...options }) };
}
const ask: GenerateRequest = { messages: [{ role: 'user', content: 'hello' }], maxTokens: 10 };

describe('redirects', () => {
  test.each([301, 302, 307, 308])('%i to another host is told, and nothing is sent there', async (status) => {
    const { model, name } = await scripted(
      [{ kind: 'redirect', status, to: `${other.baseURL}/chat/completions?token=1` }],
      { headers: { 'x-api-key': 'header-secret-815' } },
    );
    const [outcome] = await model.generate([ask]);
    const error = outcome?.ok === false ? outcome.error : undefined;
    expect(error).toMatchObject({ code: 'request-refused', isRetryable: false });
    expect(error?.message).toContain(`${other.baseURL}/chat/completions`);
    expect((await other.control.seen(name)).requests).toEqual([]);
  });

  test('within the host a request is repeated as it is', async () => {
    const name = `limits-${++names}`;
    await server.control.script(name, [
      { kind: 'redirect', status: 308, to: `${server.baseURL}/chat/completions` },
    ]);
    const model = openaiModel({ model: name, baseURL: server.baseURL, apiKey: KEY });
    expect((await model.generate([ask]))[0]?.ok).toBe(true);
    const { requests } = await server.control.seen(name);
    expect(requests.map((one) => one.headers.authorization)).toEqual([`Bearer ${KEY}`, `Bearer ${KEY}`]);
  });

  test('a circle comes to an end', async () => {
    const { model, name } = await scripted([
      { kind: 'redirect', status: 307, to: `${server.baseURL}/chat/completions` },
    ]);
    const [outcome] = await model.generate([ask]);
    expect(outcome?.ok === false && outcome.error.code).toBe('request-refused');
    expect((await server.control.seen(name)).requests).toHaveLength(6);
  });
});

describe('sizes', () => {
  test.each(['json', 'events', 'line'] as const)('an answer without end (%s) is left', async (as) => {
    const { model } = await scripted([{ kind: 'endless', as }], { maxAnswerBytes: 8_000_000 });
    const error =
      as === 'json'
        ? await model.generate([ask]).then(([outcome]) => (outcome?.ok === false ? outcome.error : undefined))
        : await model.stream(ask).result.catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'bad-answer', isRetryable: false });
    expect(String(error)).toMatch(/8000000 bytes|one event/);
  });

  test('an error without end keeps its status', async () => {
    const { model } = await scripted([{ kind: 'endless', as: 'error' }]);
    const [outcome] = await model.generate([ask]);
    expect(outcome?.ok === false && outcome.error).toMatchObject({ code: 'server-failed', status: 500 });
    expect(outcome?.ok === false && outcome.error.message.length).toBeLessThan(1000);
  });

  test('an announced size is refused before it is read', async () => {
    const { model } = await scripted([{ kind: 'raw', body: { choices: [], note: 'x'.repeat(5000) } }], {
      maxAnswerBytes: 1000,
    });
    const [outcome] = await model.generate([ask]);
    expect(outcome?.ok === false && outcome.error.message).toMatch(/\d{4} bytes/);
  });
});

describe('numbers', () => {
  const answer = (usage: string): Behaviour => ({
    kind: 'raw',
    body: `{"choices": [{"message": {"content": "four"}, "finish_reason": "stop"}], "usage": ${usage}}`,
  });

  test.each([
    '{"prompt_tokens": 1e400, "completion_tokens": 1e400}',
    '{"prompt_tokens": -5}',
    '{"prompt_tokens": 1e300}',
    '"many"',
    '{"prompt_tokens": "7", "completion_tokens": 0.5}',
  ])('a usage of %s is estimated', async (usage) => {
    const { model } = await scripted([answer(usage)]);
    const budget = new Budget({ maxTokens: 10_000 });
    const [outcome] = await withLimits(withBudget(model, { budget }), { tokensPerMinute: 10_000 }).generate([
      ask,
    ]);
    expect(outcome?.ok && outcome.result.usage).toEqual({ inputTokens: 2, outputTokens: 1 });
    expect(budget.spent).toMatchObject({ inputTokens: 2, outputTokens: 1 });
  });

  test('of other models too: what is no count is booked as the worst', async () => {
    const odd = languageModel({
      id: 'odd:numbers',
      concurrency: 1,
      generate: async () => ({
        text: 'x',
        usage: { inputTokens: Number.POSITIVE_INFINITY, outputTokens: Number.NaN },
        finishReason: 'stop',
        model: 'odd',
      }),
    });
    const budget = new Budget({ maxTokens: 1000 });
    const model = withBudget(withLimits(odd, { tokensPerMinute: 1000 }), { budget });
    expect((await model.generate([ask, ask])).every((one) => one.ok)).toBe(true);
    expect(budget.spent.outputTokens).toBe(20);
    expect(Number.isFinite(budget.spent.inputTokens)).toBe(true);
  });

  test('a wait of months is waited for', async () => {
    const month = 31 * 86_400_000;
    const stop = new AbortController();
    const ended = sleep(month, stop.signal).then(
      () => 'over',
      () => 'cancelled',
    );
    expect(await Promise.race([ended, sleep(30).then(() => 'waiting')])).toBe('waiting');
    stop.abort();
    expect(await ended).toBe('cancelled');
  });
});

describe('secrets', () => {
  test('a key that the server echoes is taken out of answers, whole and in pieces', async () => {
    const { model } = await scripted([{ kind: 'echo-headers' }], {
      headers: { 'x-gateway': 'header-secret-815' },
    });
    const [outcome] = await model.generate([ask]);
    const pieces: string[] = [];
    const stream = model.stream(ask);
    for await (const piece of stream) pieces.push(piece);
    const texts = [outcome?.ok ? outcome.result.text : '', pieces.join(''), (await stream.result).text];
    for (const text of texts) {
      expect(text).toContain('"authorization":"Bearer [redacted]"');
      expect(text).toContain('"connection":"keep-alive"');
      expect(text).not.toContain(KEY);
      expect(text).not.toContain('header-secret-815');
    }
  });

  test('a name and password in the URL are sent as basic authentication, and told nobody', async () => {
    const name = `limits-${++names}`;
    const baseURL = server.baseURL.replace('http://', 'http://user:pass%20word-1@');
    const model = openaiModel({ model: name, baseURL });
    expect((await model.generate([ask]))[0]?.ok).toBe(true);
    const { requests } = await server.control.seen(name);
    const basic = Buffer.from('user:pass word-1').toString('base64');
    expect(requests[0]?.headers.authorization).toBe(`Basic ${basic}`);
    await server.control.script(name, [{ kind: 'status', status: 401, echoKey: true }]);
    const [outcome] = await model.generate([ask]);
    const told = inspect(outcome, { depth: 9 });
    expect(told).toContain('not-authorised');
    for (const secret of [basic, 'pass word-1', 'pass%20word-1']) expect(told).not.toContain(secret);
    expect(() => openaiModel({ model: 'x', baseURL, apiKey: KEY })).toThrow(/one way to authenticate/);
  });

  test('what cannot be sent as a header is refused at the door, by name', () => {
    const bad = { model: 'x', baseURL: server.baseURL };
    expect(() => openaiModel({ ...bad, apiKey: 'sk-“quoted”' })).toThrow(/apiKey with something else/);
    expect(() => openaiModel({ ...bad, headers: { 'x-a': 'b\nc' } })).toThrow(/x-a with something else/);
    expect(() => openaiModel({ ...bad, baseURL: 'ftp://host/v1' })).toThrow(/http or https/);
  });
});

describe('what is reported as what', () => {
  test('a body of another form is no failed connection', async () => {
    for (const body of [
      { choices: [{ message: { content: 'x' } }], usage: 7 },
      { choices: 7 },
      [1],
      'text',
      null,
    ]) {
      const { model } = await scripted([{ kind: 'raw', body: JSON.stringify(body) }]);
      const [outcome] = await model.generate([ask]);
      expect(outcome?.ok === true ? 'fine' : outcome?.error.code).toMatch(/fine|bad-answer/);
    }
  });

  test('https towards a server of http is a failed connection that no repetition mends', async () => {
    const model = openaiModel({
      model: 'x',
      baseURL: server.baseURL.replace('http:', 'https:'),
      apiKey: KEY,
    });
    const [outcome] = await model.generate([ask]);
    expect(outcome?.ok === false && outcome.error).toMatchObject({
      code: 'connection-failed',
      isRetryable: false,
    });
  });
});
