import { afterAll, describe, expect, test } from 'vitest';
import { findPostgres, startPostgres } from '../../../../packages/postgres/test/postgres-server.js';
import { type ServerProcess, shopFolder, startServer } from './server-process.js';

const found = await findPostgres();
const why = 'missing' in found ? `: ${found.missing}` : '';
const API = '/api/v1';

describe.skipIf('missing' in found)(`several servers on one database${why}`, () => {
  const running: ServerProcess[] = [];
  afterAll(() => {
    for (const { child } of running) child.kill('SIGKILL');
  });

  test('see what the others were told, each event once, also after one of them was fitted again', async () => {
    const database = await startPostgres('bin' in found ? found.bin : '');
    try {
      const data = await shopFolder();
      const start = () => startServer(data, ['--feedback', database.url]);
      // The first makes the models, which the second reads.
      const servers = [await start(), await start()];
      running.push(...servers);
      const [first, second] = servers as [ServerProcess, ServerProcess];
      const { items } = (await (await first.ask(`${API}/items?limit=8`)).json()) as {
        items: { id: string }[];
      };
      const give = async (server: ServerProcess, user: string, item: string): Promise<void> => {
        const event = { user, item, kind: 'like' };
        expect((await server.ask(`${API}/feedback`, { events: [event] })).status).toBe(200);
      };
      const chosen = async (server: ServerProcess, user: string): Promise<string[]> => {
        const response = await server.ask(`${API}/users/${user}`);
        if (response.status === 404) return [];
        const { history } = (await response.json()) as { history: { item: string }[] };
        return history.map(({ item }) => item);
      };
      const bothSee = async (users: readonly string[], count: number): Promise<void> => {
        for (
          const latest = Date.now() + 300_000;
          ;
          await new Promise((resolve) => setTimeout(resolve, 100))
        ) {
          const all = await Promise.all(
            servers.flatMap((server) => users.map((user) => chosen(server, user))),
          );
          if (all.every((each) => each.length === count)) break;
          if (Date.now() > latest) throw new Error(`they see ${JSON.stringify(all)}`);
        }
      };
      const added = await Promise.all(
        servers.map((server, k) =>
          server.ask(`${API}/items`, { items: [{ id: `new-${k}`, text: { title: `Novelty ${k}` } }] }),
        ),
      );
      expect(added.map(({ status }) => status)).toEqual([200, 200]);
      const users = ['anna', 'bo', 'cy'];
      await Promise.all(
        items.flatMap(({ id }, k) => users.map((user) => give(k % 2 === 0 ? first : second, user, id))),
      );
      await bothSee(users, items.length);
      // One sequence: the same events in the same order.
      for (const user of users) expect(await chosen(first, user)).toEqual(await chosen(second, user));
      const { id } = (await (await first.ask(`${API}/refit`, {})).json()) as { id: string };
      const [last = ''] = items.map((item) => item.id);
      await give(second, 'anna', last);
      expect(await (await first.ask(`${API}/jobs/${id}/events`)).text()).toContain('"state":"done"');
      await give(second, 'bo', last);
      await give(first, 'cy', last);
      await bothSee(users, items.length + 1);
      // What was fitted goes by its times.
      for (const user of users)
        expect((await chosen(first, user)).sort()).toEqual((await chosen(second, user)).sort());
      for (const server of servers) {
        for (const k of [0, 1]) expect((await server.ask(`${API}/items/new-${k}`)).status).toBe(200);
        expect(await server.end('SIGTERM')).toBe(0);
      }
    } finally {
      await database.stop();
    }
  });
});
