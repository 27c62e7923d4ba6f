import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EncodingError, openaiEncoder } from '../../src/index.js';
import type { Behaviour } from '../server/behaviour.js';
import { startServer, type TestServer } from '../server/start-server.js';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.close());

let names = 0;
const KEY = 'sk-secret-of-the-test-0123456789';

describe('openaiEncoder', () => {
  it('gives each text its vector, alone and among others, in whatever order the server answers', async () => {
    const encoder = await openaiEncoder({
      baseURL: server.baseURL,
      model: 'embed-a',
      batchSize: 3,
      apiKey: KEY,
    });
    expect(encoder.width).toBe(16);
    const texts = ['heat', 'alien', '', 'heat', 'jaws', 'a longer text than the others'];
    const straight = await encoder.encode(texts);
    await server.control.script('embed-a', [{ kind: 'shuffled' }], { stay: true });
    expect(await encoder.encode(texts)).toEqual(straight);
    const alone = await encoder.encode(['jaws']);
    for (let k = 0; k < 16; k++) expect(alone.data[k]).toBeCloseTo(straight.data[4 * 16 + k] as number, 5);
    expect(straight.data.slice(0, 16)).toEqual(straight.data.slice(48, 64));
  });

  it('cuts what is too long and counts it, and asks for a width', async () => {
    const encoder = await openaiEncoder({
      baseURL: server.baseURL,
      model: 'embed-b',
      dimensions: 8,
      maxCharacters: 10,
      apiKey: KEY,
    });
    expect(encoder.width).toBe(8);
    expect((await encoder.encode(['short', 'much longer than ten'])).truncated).toBe(1);
  });

  it('sends again what a busy server refuses for a while, unless told not to', async () => {
    const options = { baseURL: server.baseURL, apiKey: KEY, retry: { baseSeconds: 0 } } as const;
    const encoder = await openaiEncoder({ ...options, model: 'embed-busy' });
    const straight = await encoder.encode(['heat']);
    const busy: Behaviour[] = [
      { kind: 'status', status: 429 },
      { kind: 'status', status: 503 },
    ];
    await server.control.script('embed-busy', busy);
    expect(await encoder.encode(['heat'])).toEqual(straight);
    const once = await openaiEncoder({ ...options, model: 'embed-busy', retry: false });
    await server.control.script('embed-busy', busy);
    await expect(once.encode(['heat'])).rejects.toMatchObject({ code: 'rate-limited' });
  });

  it('fails with a typed error that keeps the key to itself', async () => {
    await server.control.script('embed-c', [{ kind: 'status', status: 500 }], { stay: true });
    const error: unknown = await openaiEncoder({
      baseURL: server.baseURL,
      model: 'embed-c',
      apiKey: KEY,
      retry: { maxAttempts: 2, baseSeconds: 0 },
    }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'server-failed', isRetryable: true });
    expect(`${inspect(error, { depth: 9 })}${JSON.stringify(error)}`).not.toContain(KEY);
  });

  it.each<[string, Behaviour]>([
    ['null in place of a number', { kind: 'poisoned', vector: [0.5, null, ...Array(14).fill(0.1)] }],
    ['nothing but null', { kind: 'poisoned', vector: Array(16).fill(null) }],
    ['null', { kind: 'poisoned', vector: null }],
    ['an empty vector', { kind: 'poisoned', vector: [] }],
    ['zeros', { kind: 'poisoned', vector: Array(16).fill(0) }],
    ['not-a-number as no JSON', { kind: 'poisoned', vector: 0, whole: 'nan-literal' }],
    ['a failure for the whole batch', { kind: 'poisoned', vector: 0, whole: 'status-500' }],
  ])('names the one text of a batch that gets %s, and keeps the others', async (_, behaviour) => {
    const model = `embed-poisoned-${++names}`;
    await server.control.script(model, [{ kind: 'answer' }, behaviour], { stay: true });
    const cacheDir = mkdtempSync(join(tmpdir(), 'palate-poisoned-'));
    const encoder = await openaiEncoder({ baseURL: server.baseURL, model, apiKey: KEY, cacheDir });
    const texts = ['heat', 'alien', 'POISON pill', 'jaws', 'POISON pill', 'up', 'big'];
    const error: unknown = await encoder.encode(texts).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(EncodingError);
    const { failed, encoded, message } = error as EncodingError;
    expect(failed).toEqual([2, 4].map((row) => ({ row, text: 'POISON pill' })));
    expect(message).toContain('text 2 ("POISON pill")');
    const asked = (await server.control.seen(model)).requests.length;
    const good = texts.filter((text) => !text.startsWith('POISON'));
    const { data } = await encoder.encode(good);
    expect((await server.control.seen(model)).requests).toHaveLength(asked);
    expect(encoded.data.slice(3 * 16, 4 * 16)).toEqual(data.slice(2 * 16, 3 * 16));
    await encoder.close();
  });

  it('refuses a vector of another width, and names its text', async () => {
    const behaviour: Behaviour = { kind: 'poisoned', vector: Array(15).fill(0.1) };
    await server.control.script('embed-width', [{ kind: 'answer' }, behaviour], { stay: true });
    const encoder = await openaiEncoder({ baseURL: server.baseURL, model: 'embed-width', apiKey: KEY });
    await expect(encoder.encode(['heat', 'POISON'])).rejects.toMatchObject({
      code: 'bad-answer',
      received: '15 numbers for "POISON"',
    });
  });

  it('refuses a server that ignores the width asked for', async () => {
    const embedding = Array(16).fill(0.1);
    await server.control.script('embed-ignores', [
      { kind: 'raw', body: { data: [{ index: 0, embedding }] } },
    ]);
    await expect(
      openaiEncoder({ baseURL: server.baseURL, model: 'embed-ignores', apiKey: KEY, dimensions: 8 }),
    ).rejects.toMatchObject({ code: 'bad-answer', hint: expect.stringContaining('ignores dimensions') });
  });

  it('reads vectors that come as base64', async () => {
    const bytes = Buffer.from(Float32Array.of(3, 4).buffer).toString('base64');
    const raw: Behaviour = { kind: 'raw', body: { data: [{ index: 0, embedding: bytes }] } };
    await server.control.script('embed-base64', [raw, raw]);
    const encoder = await openaiEncoder({ baseURL: server.baseURL, model: 'embed-base64', apiKey: KEY });
    const { data } = await encoder.encode(['heat']);
    expect([data[0], data[1]]).toEqual([Math.fround(0.6), Math.fround(0.8)]);
  });

  it.each([
    [
      { error: 'Input validation error', error_type: 'Validation' },
      'Input validation error',
      'request-refused',
    ],
    [{ data: null }, 'without data', 'bad-answer'],
    [{ data: [{ index: 0, embedding: [] }] }, 'without a vector', 'bad-answer'],
    [{ data: [{ index: 7, embedding: [1] }] }, 'bad index', 'bad-answer'],
  ])('tells what is no embedding: %j', async (body, words, code) => {
    await server.control.script('embed-none', [{ kind: 'raw', body }]);
    await expect(
      openaiEncoder({ baseURL: server.baseURL, model: 'embed-none', apiKey: KEY, retry: false }),
    ).rejects.toMatchObject({ code, received: expect.stringContaining(words) });
  });
});
