import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { palate } from '../cli.js';
import { type ServerProcess, shopFolder, startServer } from './server-process.js';

let server: ServerProcess;
let key: string;
let keys: string;

beforeAll(async () => {
  keys = join(await mkdtemp(join(tmpdir(), 'palate-keys-')), 'keys');
  key = (await palate(['api-key', 'shop', '--api-keys', keys])).stdout.trim();
  server = await startServer(await shopFolder(), [
    '--api-keys',
    keys,
    '--origins',
    'https://shop.example',
    '--concurrency',
    '4',
    '--rate',
    '200',
  ]);
});
afterAll(() => {
  server?.child.kill('SIGKILL');
});

test('only who holds a key may ask, and the file holds none', async () => {
  expect(key).toMatch(/^palate_[\w-]{43}$/);
  expect(await readFile(keys, 'utf8')).toMatch(/^shop sha256:[0-9a-f]{64}\n$/);
  const status = async (headers: Readonly<Record<string, string>>): Promise<number> =>
    (await server.ask('/api/v1/status', undefined, headers)).status;
  expect(await status({})).toBe(401);
  expect(await status({ authorization: `Bearer ${key}x` })).toBe(401);
  expect(await status({ authorization: `Bearer ${key}` })).toBe(200);
  expect((await server.ask('/metrics')).status).toBe(401);
  expect((await server.ask('/health')).status).toBe(200);
  expect(server.errors()).not.toContain(key);
});

test('a page of a listed origin may ask from a browser, and no other', async () => {
  const allowed = async (origin: string): Promise<string | null> => {
    const response = await fetch(`${server.url}/api/v1/recommend`, {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': 'POST' },
    });
    return response.headers.get('access-control-allow-origin');
  };
  expect(await allowed('https://shop.example')).toBe('https://shop.example');
  expect(await allowed('https://elsewhere.example')).toBeNull();
});

test('what is too much is refused at once with 429, and the rest answered', async () => {
  const headers = { authorization: `Bearer ${key}` };
  const batch = { requests: Array.from({ length: 4 }, () => ({ k: 50, explain: true })) };
  const responses = await Promise.all(
    Array.from({ length: 40 }, () => server.ask('/api/v1/recommend/batch', batch, headers)),
  );
  const statuses = new Set(responses.map(({ status }) => status));
  expect(statuses).toEqual(new Set([200, 429]));
  const refused = responses.find(({ status }) => status === 429);
  expect(refused?.headers.get('retry-after')).toBe('1');
  expect(await refused?.json()).toMatchObject({ error: { code: 'overloaded' } });
  expect((await server.ask('/api/v1/recommend', { k: 1 }, headers)).status).toBe(200);
});

test('more than the rate of one client is refused', async () => {
  const headers = { authorization: `Bearer ${key}` };
  const responses = await Promise.all(
    Array.from({ length: 500 }, () => server.ask('/api/v1/jobs', undefined, headers)),
  );
  const refused = responses.filter(({ status }) => status === 429);
  expect(refused.length).toBeGreaterThan(0);
  expect(await refused[0]?.json()).toMatchObject({ error: { code: 'too-many-requests' } });
});
