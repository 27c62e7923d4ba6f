import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';

let server: ChildProcess;
let address: URL;
beforeAll(async () => {
  // Conditions of this process, such as those that lead to sources, hold for the server too.
  const conditions = process.execArgv.filter((each, k, all) => [each, all[k - 1]].includes('--conditions'));
  server = spawn(process.execPath, [...conditions, '--import=tsx', 'server.ts'], {
    cwd: fileURLToPath(new URL('.', import.meta.url)),
    env: { ...process.env, PORT: '0', XDG_CACHE_HOME: await mkdtemp(join(tmpdir(), 'palate-express-')) },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (!server.stdout) throw new Error('the server has no output');
  const [line] = await once(createInterface(server.stdout), 'line');
  address = new URL(line);
});
afterAll(async () => {
  server.kill('SIGTERM');
  const [code] = await once(server, 'exit');
  expect(code).toBe(0);
});

interface Body {
  readonly items: readonly { readonly id: string; readonly title: string; readonly reason: string }[];
  readonly received: string;
}

const ask = async (path: string, body?: unknown) => {
  const response = await fetch(new URL(path, address), {
    ...(body === undefined
      ? {}
      : { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as Body };
};

test('a user gets five products with reasons, within a price', async () => {
  const { status, body } = await ask('/recommendations/C109');
  expect(status).toBe(200);
  expect(body.items).toHaveLength(5);
  for (const { title, reason } of body.items) expect([title, reason]).not.toContain('');
  const cheap = await ask('/recommendations/C109?price=6');
  expect(cheap.body.items).toHaveLength(5);
  const products = (await readFile(new URL('../shop/products.jsonl', import.meta.url), 'utf8')).split('\n');
  for (const { id } of cheap.body.items) {
    const product = products.find((line) => line.includes(`"${id}"`));
    expect(JSON.parse(product ?? '{}').price).toBeLessThanOrEqual(6);
  }
});

test('what was bought is not recommended again', async () => {
  const [first] = (await ask('/recommendations/C109')).body.items;
  const id = first?.id ?? '';
  expect(await ask('/feedback', [{ user: 'C109', item: id, kind: 'purchase' }])).toEqual({
    status: 202,
    body: { accepted: 1 },
  });
  const { items } = (await ask('/recommendations/C109')).body;
  expect(items).toHaveLength(5);
  expect(items.map((item) => item.id)).not.toContain(id);
});

test('a product that nobody knows is refused with what was expected', async () => {
  const { status, body } = await ask('/similar/NO-SUCH');
  expect(status).toBe(400);
  expect(body.received).toContain('NO-SUCH');
  expect((await ask('/similar/TE-01')).body.items).toHaveLength(5);
});
