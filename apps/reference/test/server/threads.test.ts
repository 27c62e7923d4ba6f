import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { type ServerProcess, shopFolder, startServer } from './server-process.js';

const API = '/api/v1';
let server: ServerProcess | undefined;
afterEach(() => {
  server?.child.kill('SIGKILL');
});

/** Waits until something holds. */
const until = (holds: () => Promise<boolean>): Promise<boolean> =>
  vi.waitUntil(holds, { timeout: 300_000, interval: 25 });

/** Blocks the thread of an engine while a file is there, and then throws in it. */
const FAULT = `
const { isMainThread, workerData } = require('node:worker_threads');
const { existsSync, writeFileSync } = require('node:fs');
const path = process.env.PALATE_TEST_FAULT;
if (!isMainThread && workerData?.effort)
  setInterval(() => {
    if (!existsSync(path)) return;
    writeFileSync(path + '.seen', '');
    while (existsSync(path)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    throw new Error('a fault that a test made');
  }, 10).unref();
`;

test('a thread that ends by itself is started again; what it was asked is answered by 503, and counted', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'palate-fault-'));
  const preload = join(folder, 'fault.cjs');
  const fault = join(folder, 'now');
  await writeFile(preload, FAULT);
  const running = await startServer(await shopFolder(), [], {
    NODE_OPTIONS: `--require=${preload}`,
    PALATE_TEST_FAULT: fault,
  });
  server = running;
  await writeFile(fault, '');
  await until(() =>
    stat(`${fault}.seen`).then(
      () => true,
      () => false,
    ),
  );
  // The thread stands still now: it ends once these wait for it.
  const refused = Array.from({ length: 3 }, () => running.ask(`${API}/recommend`, { k: 1 }));
  await until(async () =>
    /^palate_engine_pending_requests 3$/m.test(await (await running.ask('/metrics')).text()),
  );
  await rm(fault);
  for (const response of await Promise.all(refused)) {
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('1');
    expect(await response.json()).toMatchObject({ error: { code: 'engine-stopped' } });
  }
  expect((await running.ask('/health')).status).toBe(200);
  const statuses = new Set<number>();
  await until(async () => {
    const { status } = await running.ask(`${API}/recommend`, { k: 1 });
    statuses.add(status);
    return status === 200;
  });
  expect([...statuses].filter((status) => status !== 200 && status !== 503)).toEqual([]);
  expect((await running.ask('/ready')).status).toBe(200);
  expect(await (await running.ask('/metrics')).text()).toMatch(/^palate_engine_restarts_total 1$/m);
  expect(await running.end('SIGTERM')).toBe(0);
});

test('a refit computes beside the answers: none is refused, none is lost, and the new models answer from then on', async () => {
  const data = await shopFolder();
  const running = await startServer(data);
  server = running;
  const status = async (): Promise<{ version: string; data: { users: number }; refit: { state: string } }> =>
    (await (await running.ask(`${API}/status`)).json()) as never;
  const { items } = (await (await running.ask(`${API}/items?limit=3`)).json()) as {
    items: readonly { id: string }[];
  };
  const [a = '', b = ''] = items.map(({ id }) => id);
  const give = async (user: string, item: string): Promise<void> => {
    const response = await running.ask(`${API}/feedback`, { events: [{ user, item, kind: 'like' }] });
    expect(response.status).toBe(200);
  };
  await give('before the refit', a);
  await running.ask(`${API}/fit`, { system: 'item-knn' }).then((response) => response.text());
  await until(async () => {
    const { jobs } = (await (await running.ask(`${API}/jobs`)).json()) as { jobs: { state: string }[] };
    return jobs.every(({ state }) => state === 'done');
  });
  const before = await status();
  const { id } = (await (await running.ask(`${API}/refit`, {})).json()) as { id: string };
  let isOver = false;
  const given: string[] = [];
  const statuses = new Set<number>();
  const asking = (async () => {
    for (let k = 0; !isOver; k++) {
      const user = `during ${k}`;
      await give(user, b);
      given.push(user);
      statuses.add((await running.ask(`${API}/recommend`, { user, k: 2 })).status);
      statuses.add((await running.ask(`${API}/recommend`, { history: [a], system: 'item-knn' })).status);
    }
  })();
  const events = await (await running.ask(`${API}/jobs/${id}/events`)).text();
  isOver = true;
  await asking;
  expect(events.trim().split('\n').at(-1)).toContain('"state":"done"');
  expect([...statuses]).toEqual([200]);
  const after = await status();
  expect(after.version).not.toBe(before.version);
  expect(after.data.users).toBeGreaterThanOrEqual(before.data.users + 1);
  for (const user of given) {
    const { history } = (await (await running.ask(`${API}/users/${encodeURIComponent(user)}`)).json()) as {
      history: readonly { item: string }[];
    };
    expect(history.map(({ item }) => item)).toEqual([b]);
  }
  // Systems that were fitted beside the pipeline are ready, too; the models of before are gone.
  expect((await running.ask(`${API}/recommend`, { history: [a], system: 'item-knn' })).status).toBe(200);
  const kept = (await readdir(`${data}-engine`, { recursive: true })).filter((name) =>
    /(ease|item-knn)-[0-9a-f]{16}$/.test(name),
  );
  expect(kept).toHaveLength(2);
  expect(await (await running.ask('/metrics')).text()).toMatch(/^palate_engine_restarts_total 0$/m);
  expect(await running.end('SIGTERM')).toBe(0);
});

test('a job is cancelled by an empty object, and by nothing else', async () => {
  const running = await startServer(await shopFolder());
  server = running;
  const { jobs } = (await (await running.ask(`${API}/jobs`)).json()) as { jobs: { id: string }[] };
  const path = `${API}/jobs/${jobs[0]?.id}/cancel`;
  expect((await running.ask(path, { now: true })).status).toBe(400);
  expect((await running.ask(path, {})).status).toBe(200);
});
