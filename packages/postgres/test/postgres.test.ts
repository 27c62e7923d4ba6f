import type { AddedItemStore } from '@palate/core';
import { addedItemsConformance, feedbackStoreConformance } from '@palate/core/testing';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  openFeedbackStore,
  openListTable,
  openPalateDatabase,
  type PalateDatabase,
  type SqlFeedbackStore,
} from '../src/index.js';
import { type OpenedDatabase, openDatabase } from '../src/open-database.js';
import { relationalFacts, vectorContract, vectorFacts } from './database-facts.js';
import { findPostgres, type PostgresServer, startPostgres } from './postgres-server.js';

const found = await findPostgres();
const why = 'missing' in found ? `: ${found.missing}` : '';

test('refuses a URL that is none, and says nothing of its password', async () => {
  const error = await openFeedbackStore('postgres://user:s3cret@[broken').catch((caught) => caught);
  expect(error).toMatchObject({ code: 'invalid-input' });
  expect(String(error.message)).not.toContain('s3cret');
});

describe.skipIf('missing' in found)(`a store on a PostgreSQL server${why}`, () => {
  let server: PostgresServer;
  let databases = 0;
  const urls = new WeakMap<object, string>();
  const stores = new WeakMap<AddedItemStore, SqlFeedbackStore>();
  const itemsOf = (store: SqlFeedbackStore): AddedItemStore => {
    stores.set(store.items, store);
    return store.items;
  };

  beforeAll(async () => {
    server = await startPostgres('bin' in found ? found.bin : '');
  });
  afterAll(() => server.stop());

  async function query(url: string, text: string): Promise<Record<string, unknown>[]> {
    const client = new pg.Client(url);
    await client.connect();
    try {
      return (await client.query(text)).rows;
    } finally {
      await client.end();
    }
  }

  async function newUrl(): Promise<string> {
    const name = `store_${databases++}`;
    await query(server.url, `create database ${name}`);
    return server.url.replace(/postgres$/, name);
  }

  async function open(url: string): Promise<SqlFeedbackStore> {
    const store = await openFeedbackStore(url, { connections: 2, seconds: 20 });
    urls.set(store, url);
    return store;
  }

  for (const { name, run } of feedbackStoreConformance({
    create: async () => open(await newUrl()),
    reopen: (closed) => open(urls.get(closed) ?? ''),
  }))
    test(name, run);

  for (const { name, run } of addedItemsConformance({
    create: async () => itemsOf(await open(await newUrl())),
    beside: async (items) => itemsOf(await open(urls.get(stores.get(items) ?? {}) ?? '')),
  }))
    test(name, run);

  test('makes its tables once, however many open it at the same time', async () => {
    const url = await newUrl();
    const stores = await Promise.all(Array.from({ length: 4 }, () => open(url)));
    await Promise.all(stores.map((store) => store.close()));
    expect(await query(url, 'select version from palate_migrations order by version')).toEqual([
      { version: 1 },
      { version: 2 },
      { version: 3 },
      { version: 4 },
      { version: 5 },
      { version: 6 },
    ]);
  });

  test('refuses tables of a newer version', async () => {
    const url = await newUrl();
    await (await open(url)).close();
    await query(url, 'insert into palate_migrations (version) values (99)');
    await expect(open(url)).rejects.toThrow(/version 99.*A newer version/);
  });

  test('takes lists block by block, keeps what a run before wrote, and replaces each user’s list as a whole', async () => {
    const url = await newUrl();
    const plan = { identity: 'a', blocks: 2 };
    const rows = () => query(url, 'select user_id, rank, item_id from palate_lists order by user_id, rank');
    const list = (user: string, ...ids: string[]) => ({ user, items: ids.map((id) => ({ id, score: 1 })) });
    const killed = await openListTable(url);
    expect([...(await killed.begin(plan))]).toEqual([]);
    await killed.write(0, [list('ann', 'x', 'y'), list('bob', 'y')]);
    await killed.close();
    const next = await openListTable(url);
    expect([...(await next.begin(plan))]).toEqual([0]);
    await next.write(1, [list('cid', 'z')]);
    await next.write(1, [list('cid', 'z')]);
    await next.finish();
    const later = await openListTable(url);
    expect([...(await later.begin(plan))]).toEqual([]);
    await later.write(0, [list('ann', 'z'), list('bob')]);
    await later.close();
    expect(await rows()).toEqual([
      { user_id: 'ann', rank: 1, item_id: 'z' },
      { user_id: 'cid', rank: 1, item_id: 'z' },
    ]);
  });

  test('hides nothing from a reader who goes on from a number, while several write', async () => {
    const url = await newUrl();
    const stores = await Promise.all([open(url), open(url)]);
    const [reader = await open(url)] = [await open(url)];
    const seen: string[] = [];
    let last = 0;
    const readOn = async (): Promise<void> => {
      for await (const { id, sequence } of reader.read(last)) {
        seen.push(id);
        last = sequence;
      }
    };
    let isWriting = true;
    const reading = (async () => {
      while (isWriting) await readOn();
      await readOn();
    })();
    await Promise.all(
      stores.map(async (store, writer) => {
        for (let n = 0; n < 60; n++)
          await store.append([{ id: `${writer}-${n}`, user: 'u', item: 'i', time: n, kind: 'view' }]);
      }),
    );
    isWriting = false;
    await reading;
    expect(new Set(seen).size).toBe(120);
    expect(seen).toHaveLength(120);
    await Promise.all([...stores, reader].map((store) => store.close()));
  });

  test('says that a server is gone, without the password, and goes on once it is back', async () => {
    const store = await open(server.url);
    await store.append([{ id: 'before', user: 'u', item: 'i', time: 1, kind: 'view' }]);
    await server.crash();
    const event = { id: 'meanwhile', user: 'u', item: 'i', time: 2, kind: 'view' } as const;
    const error = await store.append([event]).catch((caught) => caught);
    expect(error).toMatchObject({ code: 'store-failed', isRetryable: true });
    expect(String(error.message)).not.toContain('s3cret');
    await server.start();
    expect(await store.append([event])).toEqual({ stored: 1 });
    const ids: string[] = [];
    for await (const { id } of store.read()) ids.push(id);
    expect(ids).toEqual(['before', 'meanwhile']);
    await store.close();
  });

  describe('all tables', () => {
    let database: OpenedDatabase;
    beforeAll(async () => {
      database = await openDatabase(await newUrl(), { connections: 3 });
    });
    afterAll(() => database.connection.close());
    relationalFacts(() => database);

    test('vectors work where the server has pgvector; where not, an error names it, and all else goes on', async () => {
      const url = await newUrl();
      const own = await openPalateDatabase(url);
      const [offered] = await query(url, "select 1 from pg_available_extensions where name = 'vector'");
      if (offered) expect((await own.vectors('a', { width: 2 })).size).toBe(0);
      else
        await expect(own.vectors('a', { width: 2 })).rejects.toMatchObject({
          code: 'missing-dependency',
          message: expect.stringMatching(/extension vector \(pgvector\).*create extension vector/),
        });
      expect(await own.vectorNames()).toEqual(offered ? ['a'] : []);
      await own.feedback.append([{ id: 'e', user: 'u', item: 'i', time: 1, kind: 'view' }]);
      await own.close();
    });
  });

  test('keeps all that was acknowledged when the server dies under load, and says that it may pass', async () => {
    const url = await newUrl();
    const databases = await Promise.all(
      [0, 1].map(() => openPalateDatabase(url, { connections: 2, seconds: 20 })),
    );
    const kept = { feedback: new Set<string>(), knowledge: new Set<string>() };
    const failures: unknown[] = [];
    let isOver = false;
    const key = { entityType: 'item', kind: 'k', promptVersion: '1', model: 'm' } as const;
    const work = async (writes: (n: number) => Promise<void>): Promise<void> => {
      for (let n = 0; !isOver; n++)
        await writes(n).catch(async (error: unknown) => {
          failures.push(error);
          await new Promise((resolve) => setTimeout(resolve, 20));
        });
    };
    const feedback = (store: PalateDatabase, writer: number) =>
      work(async (n) => {
        const id = `${writer}-${n}`;
        await store.feedback.append([{ id, user: 'u', item: 'i', time: n, kind: 'view' }]);
        kept.feedback.add(id);
      });
    const knowledge = (store: PalateDatabase, writer: number) =>
      work(async (n) => {
        // Every second entry is written by both.
        const entities = [`both ${n}`, `${writer} ${n}`];
        await store.knowledge.put(entities.map((entity) => ({ ...key, entity, text: entity, createdAt: n })));
        for (const entity of entities) kept.knowledge.add(entity);
      });
    const working = databases.flatMap((store, writer) => [feedback(store, writer), knowledge(store, writer)]);
    const until = async (holds: () => boolean): Promise<void> => {
      while (!holds()) await new Promise((resolve) => setTimeout(resolve, 10));
    };
    await until(() => kept.feedback.size > 20 && kept.knowledge.size > 20);
    await server.crash();
    await until(() => failures.length >= 4);
    await server.start();
    const before = { feedback: kept.feedback.size, knowledge: kept.knowledge.size };
    await until(
      () => kept.feedback.size > before.feedback + 20 && kept.knowledge.size > before.knowledge + 20,
    );
    isOver = true;
    await Promise.all(working);
    for (const failure of failures)
      expect(failure).toMatchObject({ code: 'store-failed', isRetryable: true });
    const reader = databases[0] as PalateDatabase;
    const ids = new Set<string>();
    for await (const { id } of reader.feedback.read()) ids.add(id);
    expect([...kept.feedback].filter((id) => !ids.has(id))).toEqual([]);
    const entities = new Set<string>();
    for await (const { entity } of reader.knowledge.list()) entities.add(entity);
    expect([...kept.knowledge].filter((entity) => !entities.has(entity))).toEqual([]);
    await Promise.all(databases.map((store) => store.close()));
  });
});

const url = process.env.DATABASE_URL;
describe.skipIf(url === undefined)('a database at DATABASE_URL', () => {
  let database: OpenedDatabase;
  beforeAll(async () => {
    database = await openDatabase(url ?? '');
  });
  afterAll(() => database.connection.close());
  vectorContract(
    () => database,
    [
      { search: 'exact', recall: 1 },
      { search: 'hnsw', recall: 0.95 },
    ],
  );
  vectorFacts(() => database);
});
