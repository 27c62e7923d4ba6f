import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openaiEncoder } from '../../src/index.js';
import { startServer, type TestServer } from '../server/start-server.js';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.close());

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

  it('fails with a typed error that keeps the key to itself', async () => {
    await server.control.script('embed-c', [{ kind: 'status', status: 500 }], { stay: true });
    const error: unknown = await openaiEncoder({
      baseURL: server.baseURL,
      model: 'embed-c',
      apiKey: KEY,
    }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'server-failed', isRetryable: true });
    expect(`${inspect(error, { depth: 9 })}${JSON.stringify(error)}`).not.toContain(KEY);
  });
});
