import { afterAll, expect, test } from 'vitest';
import { type ServerProcess, shopFolder, startServer } from './server-process.js';

const started: ServerProcess[] = [];
afterAll(() => {
  for (const { child } of started) child.kill('SIGKILL');
});

async function start(data: string): Promise<ServerProcess> {
  const server = await startServer(data, ['--feedback', `${data}-feedback`]);
  started.push(server);
  return server;
}

test('kill -9 under load loses no feedback that was acknowledged', async () => {
  const data = await shopFolder();
  const server = await start(data);
  const page = (await (await server.ask('/api/v1/items?limit=20')).json()) as { items: { id: string }[] };
  const ids = page.items.map(({ id }) => id);
  const acknowledged: { user: string; item: string }[] = [];
  let isKilled = false;
  const client = async (name: string): Promise<void> => {
    for (let n = 0; n < ids.length && !isKilled; n++) {
      const event = { user: name, item: ids[n] ?? '', kind: 'like' };
      try {
        const response = await server.ask('/api/v1/feedback', { events: [event] });
        if (response.status === 200 && ((await response.json()) as { accepted: number }).accepted === 1)
          acknowledged.push(event);
      } catch (error) {
        if (!isKilled) throw error;
      }
    }
  };
  const clients = Array.from({ length: 8 }, (_, c) => client(`client-${c}`));
  while (acknowledged.length < 40) await new Promise((resolve) => setTimeout(resolve, 5));
  isKilled = true;
  await Promise.all([server.end('SIGKILL'), ...clients]);

  const again = await start(data);
  for (const name of new Set(acknowledged.map(({ user }) => user))) {
    const user = (await (await again.ask(`/api/v1/users/${name}`)).json()) as { history: { item: string }[] };
    const kept = user.history.map(({ item }) => item);
    for (const { user: holder, item } of acknowledged) if (holder === name) expect(kept).toContain(item);
  }
  expect(acknowledged.length).toBeGreaterThanOrEqual(40);
  expect(await again.end('SIGTERM')).toBe(0);
});
