import type { GenerateRequest } from '@palate/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RetryOptions, withRetry } from '../../src/middleware/retry.js';
import { openaiModel } from '../../src/models/openai.js';
import type { StreamingLanguageModel } from '../../src/models/single-calls.js';
import type { Behaviour } from '../server/behaviour.js';
import { whileTimePasses } from '../server/passing-time.js';
import { startServer, type TestServer } from '../server/start-server.js';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.close());

const ask: GenerateRequest = { messages: [{ role: 'user', content: 'hi' }] };
let names = 0;

interface Tried {
  readonly model: StreamingLanguageModel;
  readonly waits: number[];
  readonly asked: () => Promise<number>;
  readonly times: () => Promise<number[]>;
}

async function retrying(script: readonly Behaviour[], options: RetryOptions = {}): Promise<Tried> {
  const name = `retried-${++names}`;
  await server.control.script(name, script);
  const waits: number[] = [];
  const model = withRetry(
    openaiModel({
      model: name,
      baseURL: server.baseURL,
      apiKey: 'k',
      likelihood: 'echo',
    }),
    { baseSeconds: 0.01, ...options, onRetry: ({ waitSeconds }) => waits.push(waitSeconds) },
  );
  const times = async (): Promise<number[]> =>
    (await server.control.seen(name)).requests.map((one) => one.time);
  return { model, waits, times, asked: async () => (await times()).length };
}

const status = (code: number, more: object = {}): Behaviour => ({ kind: 'status', status: code, ...more });

describe('retries', () => {
  test('every passing failure, until an answer comes', async () => {
    const { model, asked } = await retrying(
      [status(429), status(500), status(503), { kind: 'hang' }, { kind: 'cut' }, { kind: 'invalid-json' }],
      { maxAttempts: 7 },
    );
    const [outcome] = await whileTimePasses(server, () => model.generate([ask]));
    expect(outcome?.ok).toBe(true);
    expect(await asked()).toBe(7);
  });

  test('one failed request of a batch, not the others', async () => {
    const { model, asked } = await retrying([{ kind: 'answer' }, status(500), { kind: 'answer' }]);
    const outcomes = await model.generate([ask, ask, ask]);
    expect(outcomes.every((one) => one.ok)).toBe(true);
    expect(await asked()).toBe(4);
  });

  test('log-likelihoods too', async () => {
    const { model, asked } = await retrying([status(500)]);
    expect(await model.logLikelihood?.([{ prompt: 'a', continuation: ' b' }])).toHaveLength(1);
    expect(await asked()).toBe(2);
  });

  test.each([400, 401, 404])('not status %i', async (code) => {
    const { model, asked } = await retrying([status(code), status(code)]);
    expect((await model.generate([ask]))[0]?.ok).toBe(false);
    expect(await asked()).toBe(1);
  });

  test('at most maxAttempts times, then gives the last error', async () => {
    const { model, asked } = await retrying([status(500), status(500), status(503)], { maxAttempts: 3 });
    const [outcome] = await model.generate([ask]);
    expect(outcome?.ok === false && outcome.error).toMatchObject({ code: 'server-failed', status: 503 });
    expect(await asked()).toBe(3);
  });

  test('no sooner than Retry-After', async () => {
    const { model, times, waits } = await retrying([status(429, { retryAfter: '0.5' })]);
    expect((await model.generate([ask]))[0]?.ok).toBe(true);
    const [first, second] = await times();
    expect(Number(second) - Number(first)).toBeGreaterThanOrEqual(500);
    expect(waits[0]).toBeGreaterThanOrEqual(0.5);
  });

  test('gives up at once where Retry-After would pass the deadline', async () => {
    const { model, asked, waits } = await retrying([status(429, { retryAfter: '3600' })], {
      deadlineSeconds: 60,
    });
    const [outcome] = await model.generate([ask]);
    expect(outcome?.ok === false && outcome.error.code).toBe('rate-limited');
    expect([await asked(), waits]).toEqual([1, []]);
  });

  test('waits where a month is asked for and the deadline allows it', async () => {
    const month = 31 * 86_400;
    const { model, asked, waits } = await retrying([status(429, { retryAfter: String(month) })], {
      deadlineSeconds: 10 * month,
    });
    const stop = new AbortController();
    const answer = model.generate([ask], { signal: stop.signal });
    while (waits.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(waits[0]).toBeGreaterThanOrEqual(month);
    expect([await asked(), waits.length]).toEqual([1, 1]);
    stop.abort();
    await expect(answer).rejects.toMatchObject({ code: 'cancelled' });
  });

  test('the deadline ends an attempt in flight', async () => {
    const { model, asked } = await retrying([status(500), { kind: 'hang' }], { deadlineSeconds: 60 });
    const [outcome] = await whileTimePasses(server, () => model.generate([ask]));
    expect(await asked()).toBe(2);
    expect(outcome?.ok === false && outcome.error).toMatchObject({ code: 'timed-out', isRetryable: false });
    expect(outcome?.ok === false && outcome.error.cause).toMatchObject({ code: 'server-failed' });
  });

  test('full jitter: waits lie between 0 and the doubling bound, and come from the seed', async () => {
    const failing = Array.from({ length: 7 }, () => status(500));
    const options = { maxAttempts: 8, baseSeconds: 0.01, maxWaitSeconds: 0.1 };
    const waitsOf = async (seed: number): Promise<number[]> => {
      const { model, waits } = await retrying(failing, { ...options, seed });
      await model.generate([ask]);
      return waits;
    };
    const waits = await waitsOf(1);
    expect(waits).toHaveLength(7);
    for (const [n, wait] of waits.entries()) {
      expect(wait).toBeGreaterThanOrEqual(0);
      expect(wait).toBeLessThan(Math.min(0.1, 0.01 * 2 ** n));
    }
    expect(await waitsOf(1)).toEqual(waits);
    expect(await waitsOf(2)).not.toEqual(waits);
  });

  test('a stream that has given nothing yet, but none that has given text', async () => {
    const early = await retrying([status(500)]);
    let text = '';
    for await (const piece of early.model.stream(ask)) text += piece;
    expect(text).toBe('answer to: hi');
    const late = await retrying([{ kind: 'cut', clean: true }]);
    await expect(late.model.stream(ask).result).rejects.toMatchObject({ code: 'stream-cut' });
    expect(await late.asked()).toBe(1);
  });

  test('cancelling ends a wait', async () => {
    const { model, asked, waits } = await retrying([status(429, { retryAfter: '100' })]);
    const stop = new AbortController();
    const answer = model.generate([ask], { signal: stop.signal });
    while (waits.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    stop.abort();
    await expect(answer).rejects.toMatchObject({ code: 'cancelled' });
    expect(await asked()).toBe(1);
  });
});
