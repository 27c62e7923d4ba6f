import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { palate } from '../cli.js';
import { type ServerProcess, shopFolder, startServer } from './server-process.js';

let server: ServerProcess;
let key: string;
let keys: string;
let data: string;

beforeAll(async () => {
  keys = join(await mkdtemp(join(tmpdir(), 'palate-keys-')), 'keys');
  key = (await palate(['api-key', 'shop', '--api-keys', keys])).stdout.trim();
  data = await shopFolder();
  server = await startServer(data, [
    '--api-keys',
    keys,
    '--origins',
    'https://shop.example',
    '--concurrency',
    '4',
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
  const slow = await startServer(data, ['--rate', '1']);
  try {
    // Sixty at once are more than one a second, however slow the machine.
    const responses = await Promise.all(Array.from({ length: 60 }, () => slow.ask('/api/v1/jobs')));
    const refused = responses.filter(({ status }) => status === 429);
    expect(refused.length).toBeGreaterThan(0);
    expect(await refused[0]?.json()).toMatchObject({ error: { code: 'too-many-requests' } });
    expect((await slow.ask('/health')).status).toBe(200);
  } finally {
    slow.child.kill('SIGKILL');
  }
});

test('an address in use, data and keys that are not there are told in a line before anything is answered', async () => {
  const serve = (...more: readonly string[]) =>
    palate(['serve', '--feedback', 'memory', '--log-level', 'silent', ...more]);
  const { port } = new URL(server.url);
  const outcomes = await Promise.all([
    serve('--port', port),
    serve('--port', '0', '--data', 'nowhere'),
    serve('--port', '0', '--api-keys', `${keys}-missing`),
  ]);
  expect(outcomes.map(({ code }) => code)).toEqual([1, 1, 1]);
  const [taken, data, missing] = outcomes.map(({ stderr }) => stderr);
  expect(taken).toMatch(/^palate: .*to listen on 127.0.0.1, port \d+.*--port 0.*\[invalid-input\]\n$/);
  expect(data).toMatch(/^palate: .*a data set among bundled.*"nowhere".*\n$/);
  expect(missing).toMatch(/^palate: .*a file of API keys.*palate api-key.*\n$/);
});
