import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { GenerateRequest } from '@palate/core';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  Budget,
  languageModel,
  openaiModel,
  singleCalls,
  withBudget,
  withLimits,
  withRetry,
} from '../../src/index.js';
import { ModelCallError } from '../../src/models/model-error.js';

const request: GenerateRequest = { messages: [{ role: 'user', content: 'hi' }], maxTokens: 10 };
const SCHEMA = { name: 'answer', jsonSchema: { type: 'object', properties: { a: { type: 'number' } } } };

const refused = (isUnbilled: boolean): ModelCallError =>
  new ModelCallError('request-refused', { expected: '', received: '', hint: '', isUnbilled });

/** A model each of whose calls sends `requests` requests, of which all but the last are refused. */
function sending(requests: number, isUnbilled = true) {
  const starts: number[] = [];
  const zero = performance.now();
  const model = languageModel({
    id: 'plain:model',
    concurrency: 1,
    async generate(_, how) {
      for (let n = 1; n <= requests; n++) {
        starts.push(Math.floor((performance.now() - zero) / 1000));
        if (n < requests) await how.beforeFurther?.(refused(isUnbilled));
      }
      return { text: 'yes', usage: { inputTokens: 2, outputTokens: 1 }, finishReason: 'stop', model: 'm' };
    },
  });
  return { model, starts };
}

describe('requests that a call sends beyond its first', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test('count in the minute like the first, also behind a retry', async () => {
    const { model, starts } = sending(2);
    const limited = withRetry(withLimits(withRetry(model), { requestsPerMinute: 3 }));
    const work = limited.generate([request, request]);
    let done = false;
    void work.finally(() => {
      done = true;
    });
    while (!done) await vi.advanceTimersByTimeAsync(1000);
    // Three within the first minute, the fourth once the first of them is a minute old.
    expect(starts.slice(0, 3)).toEqual([0, 0, 0]);
    expect(starts[3]).toBeGreaterThanOrEqual(60);
  });
});

test('what a refused request may have cost is booked, unless nothing was generated', async () => {
  const spent = async (isUnbilled: boolean): Promise<number> => {
    const budget = new Budget({ maxTokens: 10_000 });
    const [outcome] = await withBudget(sending(3, isUnbilled).model, { budget }).generate([request]);
    expect(outcome?.ok).toBe(true);
    return budget.spent.outputTokens;
  };
  expect(await spent(true)).toBe(1);
  // Two of at most ten tokens each, and the one that was told.
  expect(await spent(false)).toBe(21);
});

test('a budget ends a call whose further requests it cannot bear', async () => {
  const { model, starts } = sending(5, false);
  const budget = new Budget({ maxOutputTokens: 25 });
  const [outcome] = await withBudget(model, { budget }).generate([request]);
  expect(outcome).toMatchObject({ ok: false, error: { code: 'budget-exceeded' } });
  expect(starts).toHaveLength(2);
  expect(budget.spent.outputTokens).toBe(20);
});

test('the OpenAI model tells each request that it sends again', async () => {
  let received = 0;
  const server = createServer((incoming: IncomingMessage, outgoing) => {
    let body = '';
    incoming.on('data', (piece) => {
      body += piece;
    });
    incoming.on('end', () => {
      received++;
      const asked = JSON.parse(body) as Readonly<Record<string, unknown>>;
      const parameter =
        asked.temperature !== undefined
          ? 'temperature'
          : asked.response_format !== undefined
            ? 'response_format'
            : undefined;
      outgoing.writeHead(parameter ? 400 : 200, { 'content-type': 'application/json' });
      outgoing.end(
        JSON.stringify(
          parameter
            ? { error: { message: `Unsupported parameter: ${parameter}`, param: parameter } }
            : {
                choices: [{ message: { content: '{"a": 1}' }, finish_reason: 'stop' }],
                usage: { prompt_tokens: 1, completion_tokens: 1 },
              },
        ),
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const { port } = server.address() as AddressInfo;
    const model = openaiModel({ baseURL: `http://127.0.0.1:${port}/v1`, model: 'm' });
    let further = 0;
    const result = await singleCalls(model).generate(
      { ...request, temperature: 0, schema: SCHEMA },
      {
        beforeFurther: async () => {
          further++;
        },
      },
    );
    expect(result.text).toContain('"a"');
    expect(received).toBeGreaterThan(2);
    expect(further).toBe(received - 1);
  } finally {
    server.close();
  }
});
