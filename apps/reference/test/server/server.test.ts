import { once } from 'node:events';
import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ENGINE_ROUTES } from '../../src/server/http/routes.js';
import { type ServerProcess, shopFolder, startServer } from './server-process.js';

let server: ServerProcess;
let data: string;
const API = '/api/v1';

beforeAll(async () => {
  data = await shopFolder();
  server = await startServer(data);
});
afterAll(async () => {
  server?.child.kill('SIGKILL');
});

/** The answer of a call, checked against what the description says of it. */
async function answer(method: 'get' | 'post', path: string, route: string, body?: unknown): Promise<never> {
  const response = await server.ask(API + path, body);
  const given = await response.json();
  expect(response.status, JSON.stringify(given)).toBe(200);
  const described = ENGINE_ROUTES.find((each) => each.method === method && each.path === route);
  const { success, error } = described?.answer.safeParse(given) ?? { success: false };
  expect(success, `${route}: ${error?.message}`).toBe(true);
  return given as never;
}

interface Listed {
  readonly items: readonly { readonly id: string; readonly title: string; readonly reason?: string }[];
  readonly total: number;
  readonly version: string;
}

async function failure(
  path: string,
  body?: unknown,
  headers?: Readonly<Record<string, string>>,
): Promise<{ status: number; code: string; message: string }> {
  const response = await server.ask(path, body, headers);
  const { error } = (await response.json()) as { error: { code: string; message: string } };
  return { status: response.status, ...error };
}

describe('every call answers as the description says', () => {
  let ids: readonly string[];
  beforeAll(async () => {
    const page: Listed = await answer('get', '/items?limit=5', '/items');
    ids = page.items.map(({ id }) => id);
    expect(ids).toHaveLength(5);
  });

  test('lists, batches, ranks, likenesses, searches and reasons', async () => {
    const [a = '', b = '', c = ''] = ids;
    const list: Listed = await answer('post', '/recommend', '/recommend', {
      history: [a],
      k: 3,
      explain: true,
    });
    expect(list.items).toHaveLength(3);
    expect(list.items.every(({ id, reason }) => id !== a && (reason ?? '').length > 5)).toBe(true);
    const { answers } = (await answer('post', '/recommend/batch', '/recommend/batch', {
      requests: [{ history: [a], k: 3, explain: true }, { k: 1 }],
    })) as { answers: Listed[] };
    expect(answers[0]?.items).toEqual(list.items);
    const ranked: Listed = await answer('post', '/rank', '/rank', { history: [a], candidates: [b, c] });
    expect(ranked.items.map(({ id }) => id).sort()).toEqual([b, c].sort());
    const like: Listed = await answer('post', '/similar', '/similar', { item: a, k: 2, by: 'use' });
    expect(like.items.some(({ id }) => id === a)).toBe(false);
    const known = (await answer('get', `/items/${encodeURIComponent(a)}`, '/items/{id}')) as {
      title: string;
    };
    const found: Listed = await answer('post', '/search', '/search', { words: known.title, k: 1 });
    expect(found.items[0]?.id).toBe(a);
    const titles: Listed = await answer(
      'get',
      `/items?query=${encodeURIComponent(known.title)}&limit=1`,
      '/items',
    );
    expect(titles.items[0]?.id).toBe(a);
    const reason = (await answer('post', '/explain', '/explain', { history: [a], item: b })) as {
      item: string;
    };
    expect(reason.item).toBe(b);
    await answer('get', '/systems', '/systems');
    await answer('get', '/status', '/status');
  });

  test('feedback is in the user and the next list at once, and counts once', async () => {
    const [a = '', b = ''] = ids;
    const event = { user: 'somebody new', item: a, kind: 'like', id: 'event-1' };
    const other = { user: 'somebody new', item: b, kind: 'dislike' };
    expect(await answer('post', '/feedback', '/feedback', { events: [event, other] })).toEqual({
      accepted: 2,
    });
    expect(await answer('post', '/feedback', '/feedback', { events: [event] })).toEqual({ accepted: 0 });
    const user = (await answer('get', '/users/somebody%20new', '/users/{id}')) as {
      history: { item: string; isFeedback: boolean }[];
      dislikes: string[];
    };
    expect(user.history).toMatchObject([{ item: a, isFeedback: true }]);
    expect(user.dislikes).toEqual([b]);
    const list: Listed = await answer('post', '/recommend', '/recommend', { user: 'somebody new', k: 30 });
    const given = list.items.map(({ id }) => id);
    expect(given).not.toContain(a);
    expect(given).not.toContain(b);
  });

  test('an item that is added is found by its words', async () => {
    expect(
      await answer('post', '/items', '/items', {
        items: [{ id: 'new-1', text: { title: 'Zirconium teapot' } }],
      }),
    ).toEqual({ added: 1, updated: 0 });
    const found: Listed = await answer('post', '/search', '/search', { words: 'zirconium', k: 1 });
    expect(found.items[0]?.id).toBe('new-1');
  });

  test('a reason is streamed in the same words', async () => {
    const [a = '', b = ''] = ids;
    const body = { history: [a], item: b };
    const { text } = (await answer('post', '/explain', '/explain', body)) as { text: string };
    const response = await server.ask(`${API}/explain`, body, { accept: 'text/event-stream' });
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    const events = await response.text();
    expect(
      events
        .split('\n')
        .filter((line) => line.startsWith('data: '))
        .map((line) => line.slice('data: '.length))
        .join(''),
    ).toBe(text);
    const failed = await server.ask(
      `${API}/explain`,
      { item: 'nobody-knows' },
      { accept: 'text/event-stream' },
    );
    expect(await failed.text()).toMatch(/event: error\ndata: .*"code":"invalid-input"/);
  });

  test('a refit is a job that streams its progress and ends; answers have another version', async () => {
    const before: Listed = await answer('post', '/recommend', '/recommend', { k: 1 });
    const started = await server.ask(`${API}/refit`, {});
    expect(started.status).toBe(202);
    const { id } = (await started.json()) as { id: string };
    const events = await (await server.ask(`${API}/jobs/${id}/events`)).text();
    const states = [...events.matchAll(/^data: (.*)$/gm)].map(([, json]) => JSON.parse(json ?? ''));
    expect(states.at(-1)).toMatchObject({ id, kind: 'refit', state: 'done' });
    const { jobs } = (await (await server.ask(`${API}/jobs`)).json()) as { jobs: { id: string }[] };
    expect(jobs.map((job) => job.id)).toContain(id);
    const after: Listed = await answer('post', '/recommend', '/recommend', { k: 1 });
    expect(after.version).not.toBe(before.version);
  });

  test('committed benchmark tables are told', async () => {
    const { tables } = (await (await server.ask(`${API}/benchmarks`)).json()) as {
      tables: { title: string }[];
    };
    expect(tables.length).toBeGreaterThan(5);
  });
});

describe('what cannot be used is refused', () => {
  test('with what was expected, at the door', async () => {
    const recommend = `${API}/recommend`;
    expect(await failure(recommend, '{"k": 3')).toMatchObject({ status: 400, code: 'invalid-json' });
    expect(await failure(recommend, { kk: 3 })).toMatchObject({
      status: 400,
      code: 'invalid-input',
      message: expect.stringContaining('kk'),
    });
    expect(await failure(recommend, { k: 100_000 })).toMatchObject({
      status: 400,
      message: expect.stringContaining('body.k'),
    });
    expect(await failure(recommend, { history: ['nobody-knows'] })).toMatchObject({
      status: 400,
      code: 'invalid-input',
      message: expect.stringContaining('nobody-knows'),
    });
    expect(await failure(recommend, '{}', { 'content-type': 'text/plain' })).toMatchObject({ status: 415 });
    expect(await failure(recommend, { text: 'x'.repeat(1 << 21) })).toMatchObject({
      status: 413,
      code: 'body-too-large',
    });
    expect(await failure(`${API}/items?limit=no`)).toMatchObject({ status: 400 });
    expect(await failure(`${API}/items/nobody-knows`)).toMatchObject({ status: 404, code: 'unknown-id' });
    expect(await failure(`${API}/jobs/none`)).toMatchObject({ status: 404 });
    expect(await failure(`${API}/nothing`)).toMatchObject({ status: 404, code: 'not-found' });
    expect(await failure(`${API}/recommend`)).toMatchObject({ status: 404 });
    expect(await failure(recommend, { system: 'sasrec', k: 1 })).toMatchObject({
      status: 409,
      code: 'not-fitted',
      message: expect.stringContaining('/api/v1/fit'),
    });
    expect(await failure(recommend, { system: 'sasrek', k: 1 })).toMatchObject({
      status: 400,
      message: expect.stringContaining('sasrec'),
    });
  });

  test('also a page of the web whose name leads here', async () => {
    const status = await new Promise((resolve, reject) => {
      request(`${server.url}/health`, { headers: { host: 'elsewhere.example' } }, ({ statusCode }) =>
        resolve(statusCode),
      )
        .on('error', reject)
        .end();
    });
    expect(status).toBe(403);
    const response = await server.ask(`${API}/status`, undefined, { origin: 'https://elsewhere.example' });
    expect(response.headers.get('access-control-allow-origin')).toBeNull();
    expect(response.headers.get('content-security-policy')).toContain("default-src 'self'");
  });
});

test('health, readiness, metrics, description and reference are there', async () => {
  expect((await server.ask('/health')).status).toBe(200);
  expect((await server.ask('/ready')).status).toBe(200);
  const metrics = await (await server.ask('/metrics')).text();
  expect(metrics).toMatch(/palate_http_request_seconds_count\{.*route="\/api\/v1\/recommend".*\} \d+/);
  expect(metrics).toMatch(/palate_feedback_events_total \d+/);
  const description = (await (await server.ask('/openapi.json')).json()) as { openapi: string };
  expect(description.openapi).toBe('3.1.0');
  const reference = await (await server.ask('/reference')).text();
  expect(reference).toContain('/api/v1/recommend');
  // The page loads nothing from elsewhere.
  expect(reference).not.toMatch(/(src|href)="(https?:)?\/\//);
});

test('the log holds no texts, users or items', async () => {
  await server.ask(`${API}/recommend`, { user: 'private-user', text: 'a private wish', k: 1 });
  await server.ask(`${API}/users/private-user`);
  await server.ask(`${API}/items?query=private-search`);
  await server.ask('/metrics');
  expect(server.errors()).toContain('"route":"/api/v1/users/:id"');
  expect(server.errors()).not.toMatch(/private/);
});

test('what was accepted is answered when the server is told to end, and it ends with status 0', async () => {
  const own = await startServer(data);
  const body = JSON.stringify({ k: 20, explain: true });
  const sent: Promise<unknown>[] = [];
  const asked = Array.from({ length: 30 }, () => {
    const client = request(`${own.url}${API}/recommend`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'content-length': String(body.length) },
    });
    sent.push(
      once(client, 'finish'),
      once(client, 'socket').then(([socket]) => once(socket, 'connect')),
    );
    client.end(body);
    return once(client, 'response').then(async ([response]) => {
      const length = (await response.toArray()).join('').length;
      return [response.statusCode, length > 1000];
    });
  });
  await Promise.all(sent);
  const ended = own.end('SIGTERM');
  expect(await Promise.all(asked)).toEqual(Array(30).fill([200, true]));
  expect(await ended).toBe(0);
  expect(own.errors()).not.toMatch(/"level":50/);
  await expect(own.ask('/health')).rejects.toThrow();
});
