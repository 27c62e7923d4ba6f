import type { AddedItemStore } from '@palate/core';
import { addedItemsConformance, feedbackStoreConformance } from '@palate/core/testing';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openFeedbackStore, openListTable, type SqlFeedbackStore } from '../src/index.js';
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
});
