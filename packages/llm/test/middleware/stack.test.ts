import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import {
  AnswerCache,
  Budget,
  generateStructured,
  openaiModel,
  withBudget,
  withCache,
  withLimits,
  withRetry,
} from '../../src/index.js';
import type { Behaviour } from '../server/behaviour.js';
import { whileTimePasses } from '../server/passing-time.js';
import { startServer, type TestServer } from '../server/start-server.js';

let server: TestServer;
let dir: string;
beforeAll(async () => {
  server = await startServer();
  dir = await mkdtemp(join(tmpdir(), 'palate-stack-'));
});
afterAll(async () => {
  await server.close();
  await rm(dir, { recursive: true, force: true });
});

test('forty structured requests through the whole stack at a server that misbehaves all the way', async () => {
  const bad: Behaviour[] = [
    { kind: 'status', status: 429, retryAfter: '0.05' },
    { kind: 'status', status: 500 },
    { kind: 'hang' },
    { kind: 'cut' },
    { kind: 'invalid-json' },
    { kind: 'error-in-200' },
    { kind: 'answer', text: 'I had rather not say.' },
    { kind: 'answer', text: '{"stars":"many"}', dialect: 'ollama' },
    { kind: 'drip', everyMs: 20 },
  ];
  const good: Behaviour[] = (['openai', 'llama.cpp', 'ollama', 'vllm'] as const).map((dialect) => ({
    kind: 'answer',
    text: '{"stars":4}',
    dialect,
  }));
  const script = bad.flatMap((one, n) => [one, ...good.slice(n % 4)]);
  await server.control.script('stack', [...script, { kind: 'answer', text: '{"stars":4}' }], { stay: true });

  const cache = await AnswerCache.open(dir);
  const budget = new Budget({ maxTokens: 1_000_000 });
  const plain = openaiModel({
    model: 'stack',
    baseURL: server.baseURL,
    apiKey: 'sk-stack-1',
  });
  const model = withCache(
    withRetry(withBudget(withLimits(plain, { concurrency: 5 }), { budget }), {
      baseSeconds: 0.01,
      maxAttempts: 8,
    }),
    { cache },
  );
  const requests = Array.from({ length: 40 }, (_, n) => ({
    messages: [{ role: 'user' as const, content: `Rate film ${n}.` }],
    maxTokens: 20,
  }));
  const Rating = z.object({ stars: z.number() });
  const outcomes = await whileTimePasses(server, () => generateStructured(model, requests, Rating));
  expect(outcomes.map((one) => (one.ok ? one.value.stars : one.error.message))).toEqual(Array(40).fill(4));

  const seen = await server.control.seen('stack');
  // Each request once, seven passing failures, two answers that missed the schema.
  expect(seen.requests).toHaveLength(40 + 7 + 2);
  // The server may notice late that the two which ran out of time were let go.
  expect(seen.mostAtOnce).toBeLessThanOrEqual(5 + 2);
  // What answers used, and at worst 20 for each failure after which something may have been generated.
  expect(budget.spent.outputTokens).toBeGreaterThan(40);

  // A second run costs nothing, the re-asked answers included.
  const { spent } = budget;
  expect(await generateStructured(model, requests, Rating)).toEqual(outcomes);
  expect((await server.control.seen('stack')).requests).toHaveLength(49);
  expect(budget.spent).toEqual(spent);
  await cache.close();
});
