// Writes everybody's list of tonight to a table, in batches. Interrupted or killed, it goes on where it was.
import { fileURLToPath } from 'node:url';
import { PGlite } from '@electric-sql/pglite';
import { lockFolder } from '@palate/core';
import { importDataset } from '@palate/datasets';
import { Engine } from '@palate/engine';
import pg from 'pg';

const night = process.env.NIGHT ?? new Date().toISOString().slice(0, 10);
const { DATABASE_URL: url, LISTS = './lists' } = process.env;
const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());

const file = (name: string) => fileURLToPath(new URL(`../shop/${name}`, import.meta.url));
const { dataset } = await importDataset({ interactions: file('orders.csv'), items: file('products.jsonl') });
await using engine = await Engine.open({ dataset });

/** PostgreSQL where `DATABASE_URL` names one, else PGlite in a folder, which takes one process at a time. */
async function openDatabase() {
  if (url !== undefined) {
    const client = new pg.Client(url);
    await client.connect();
    return {
      query: (text: string, values: unknown[]) => client.query(text, values),
      close: () => client.end(),
    };
  }
  const lock = await lockFolder(LISTS, 'the lists');
  const lite = new PGlite(`${LISTS}/database`);
  return {
    query: (text: string, values: unknown[]) => lite.query<Record<string, unknown>>(text, values),
    close: () => lite.close().then(() => lock.release()),
  };
}

const database = await openDatabase();
try {
  await database.query(
    `create table if not exists recommendations (
       night date, customer text, items jsonb not null, made_at timestamptz not null default now(),
       primary key (night, customer))`,
    [],
  );
  const { rows } = await database.query('select customer from recommendations where night = $1', [night]);
  const there = new Set(rows.map(({ customer }) => customer));
  const missing = [...dataset.log.users].filter((customer) => !there.has(customer));
  console.log(`${night}: ${there.size} lists are there, ${missing.length} to make`);
  for (let start = 0; start < missing.length && !stop.signal.aborted; start += 100) {
    const customers = missing.slice(start, start + 100);
    const answers = await engine.recommendBatch(customers.map((user) => ({ user, k: 10, explain: true })));
    const lists = answers.map(({ items }, k) => ({
      customer: customers[k],
      items: items.map(({ id, score, reason }) => ({ id, score, reason })),
    }));
    // One statement: a batch is there as a whole or not at all.
    await database.query(
      `insert into recommendations (night, customer, items)
       select $1, customer, items from jsonb_to_recordset($2) as list (customer text, items jsonb)
       on conflict do nothing`,
      [night, JSON.stringify(lists)],
    );
    console.log(`${start + customers.length} of ${missing.length}`);
  }
  if (stop.signal.aborted) console.log('stopped; the next run goes on from here');
} finally {
  await database.close();
}
