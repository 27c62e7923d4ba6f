import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { GenerateRequest } from '@palate/core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { generateByBatch, OpenAIBatch, type OpenAIBatchOptions } from '../../src/models/openai-batch.js';
import { startServer, type TestServer } from '../server/start-server.js';

const KEY = 'sk-batch-0815-do-not-tell';
let server: TestServer;
let dir: string;
let before: number;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.close());
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'palate-batch-'));
  for (const path of ['POST files', 'GET files', 'POST batches', 'GET batches'])
    await server.control.script(path, []);
  before = await batchCount();
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const asks = (...texts: string[]): GenerateRequest[] =>
  texts.map((content) => ({ messages: [{ role: 'user', content }] }));
const options = (more: Partial<OpenAIBatchOptions> = {}): OpenAIBatchOptions => ({
  model: 'tiny',
  baseURL: server.baseURL,
  apiKey: KEY,
  dir,
  ...more,
});

async function batchCount(): Promise<number> {
  const response = await fetch(`${server.baseURL}/batches`);
  return ((await response.json()) as { data: unknown[] }).data.length;
}

/** Batches that the server has made in this test. */
const made = async (): Promise<number> => (await batchCount()) - before;

describe('a job by the Batch API', () => {
  test('answers in the order of the requests; failed and lost ones are outcomes of their own', async () => {
    const seen: number[] = [];
    const outcomes = await generateByBatch(asks('a', 'FAIL b', 'c', 'LOSE d', 'e'), {
      ...options(),
      pollSeconds: 0,
      onProgress: ({ done }) => seen.push(done),
    });
    expect(
      outcomes.map((one) => (one.ok ? one.result.text : [one.error.code, one.error.isRetryable])),
    ).toEqual([
      'answer to: a',
      ['request-refused', false],
      'answer to: c',
      ['bad-answer', true],
      'answer to: e',
    ]);
    expect(seen).toEqual([0, 0, 5]);
  });

  test('what has expired may be asked again', async () => {
    const outcomes = await generateByBatch(asks('a', 'EXPIRE b'), { ...options(), pollSeconds: 0 });
    expect(outcomes.map((one) => (one.ok ? one.result.text : one.error.code))).toEqual([
      'answer to: a',
      'timed-out',
    ]);
  });

  test('a batch that fails validation fails its requests and no others', async () => {
    const outcomes = await generateByBatch(asks('INVALID a', 'b', 'c'), {
      ...options({ maxRequestsPerBatch: 2 }),
      pollSeconds: 0,
    });
    expect(outcomes.map((one) => (one.ok ? one.result.text : one.error.message))).toEqual([
      expect.stringContaining('line 1 is invalid'),
      expect.stringContaining('line 1 is invalid'),
      'answer to: c',
    ]);
    expect(await made()).toBe(2);
  });

  test('splits by bytes as well as by requests', async () => {
    await (await OpenAIBatch.open(asks('a', 'b', 'c'), options({ maxBytesPerBatch: 10 }))).submit();
    expect(await made()).toBe(3);
  });

  test('is taken up where it was left and makes no batch twice', async () => {
    const requests = asks('a', 'b', 'c');
    const parts = { maxRequestsPerBatch: 1 };
    // The upload of the second part fails for good: the first is under way by then.
    await server.control.script('POST files', [{ kind: 'answer' }, { kind: 'status', status: 400 }]);
    await expect((await OpenAIBatch.open(requests, options(parts))).submit()).rejects.toMatchObject({
      code: 'request-refused',
    });
    expect(await made()).toBe(1);
    const outcomes = await generateByBatch(requests, { ...options(parts), pollSeconds: 0 });
    expect(outcomes.map((one) => one.ok)).toEqual([true, true, true]);
    expect(await made()).toBe(3);
    // Collected answers lie in the folder: the server is not needed any more.
    await server.control.script('GET files', [{ kind: 'status', status: 400 }], { stay: true });
    expect(await generateByBatch(requests, { ...options(parts), pollSeconds: 0 })).toEqual(outcomes);
  });

  test('finds the batch whose making was not noted', async () => {
    const requests = asks('a');
    await (await OpenAIBatch.open(requests, options())).submit();
    const path = join(dir, 'state.json');
    const state = JSON.parse(await readFile(path, 'utf8'));
    expect(state.parts[0].batchId).toMatch(/^batch_/);
    // The state as it stands between making and noting.
    delete state.parts[0].batchId;
    delete state.parts[0].status;
    await writeFile(path, JSON.stringify(state));
    await (await OpenAIBatch.open(requests, options())).submit();
    expect(await made()).toBe(1);
  });

  test('bears failing looks and refuses the folder of another job', async () => {
    await server.control.script('GET batches', [
      { kind: 'status', status: 500 },
      { kind: 'status', status: 503 },
    ]);
    const outcomes = await generateByBatch(asks('a'), { ...options(), pollSeconds: 0 });
    expect(outcomes[0]?.ok).toBe(true);
    await expect(OpenAIBatch.open(asks('b'), options())).rejects.toMatchObject({ code: 'artifact' });
    await expect(OpenAIBatch.open(asks('a'), options({ model: 'other' }))).rejects.toMatchObject({
      code: 'artifact',
    });
  });

  test('cancelling stops waiting and leaves a job to take up', async () => {
    const stop = new AbortController();
    const waiting = generateByBatch(asks('a'), {
      ...options(),
      pollSeconds: 60,
      signal: stop.signal,
      onProgress: () => stop.abort(),
    });
    await expect(waiting).rejects.toMatchObject({ code: 'cancelled' });
    expect((await generateByBatch(asks('a'), { ...options(), pollSeconds: 0 }))[0]?.ok).toBe(true);
    expect(await made()).toBe(1);
  });

  test('no key in its folder', async () => {
    await generateByBatch(asks('a', `FAIL ${KEY.length}`), { ...options(), pollSeconds: 0 });
    const names = await readdir(dir);
    expect(names.sort()).toEqual(['error-0.jsonl', 'output-0.jsonl', 'requests-0.jsonl', 'state.json']);
    for (const name of names) expect(await readFile(join(dir, name), 'utf8')).not.toContain(KEY);
  });
});
