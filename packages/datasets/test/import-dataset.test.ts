import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { importDataset, openDataset } from '../src/index.js';
import { parseNamedMonth, parseYearLast } from '../src/tables/times.js';
import { folderWith } from './files.js';

const ORDERS = `order_no,customer,customer_name,sku,product_title,day,stars,quantity
1,c1,Ann,s1,Green tea,2024-03-01,5,2
2,c2,Bob,s2,Teapot,2024-03-01,3,1
3,c1,Ann,s2,Teapot,2024-03-02,4,1
`;
const PRODUCTS = `${[
  {
    sku: 's2',
    name: 'Teapot',
    description: 'Holds a litre',
    category: 'Kitchen',
    price: 24.5,
    tags: ['pot', 'tea'],
  },
  {
    sku: 's1',
    name: 'Green tea',
    description: 'From Uji, "first" flush',
    category: 'Tea',
    price: 9,
    organic: true,
  },
  { sku: 's3', name: 'Cup', category: 'Kitchen', price: 4, tags: ['cup'] },
]
  .map((row) => JSON.stringify(row))
  .join('\n')}\n`;

describe('importDataset', () => {
  test('told nothing, it understands orders and products, and says what it guessed', async () => {
    const folder = await folderWith({ 'orders.csv': ORDERS, 'products.jsonl': PRODUCTS });
    const out = join(folder, 'shop');
    const { dataset, statistics, interactions, items } = await importDataset({
      interactions: join(folder, 'orders.csv'),
      items: join(folder, 'products.jsonl'),
      folder: out,
    });
    expect(interactions.columns).toEqual({
      user: 'customer',
      item: 'sku',
      rating: 'stars',
      timestamp: 'day',
    });
    expect(interactions.guessed).toEqual(['user', 'item', 'timestamp', 'rating']);
    expect(items?.columns).toEqual({
      id: 'sku',
      title: 'name',
      text: ['description', 'category'],
      attributes: ['price', 'tags', 'organic'],
    });
    expect(items).toMatchObject({ rows: 3, withoutRow: 0, withoutInteraction: 1 });
    expect(statistics).toMatchObject({ users: 2, items: 2, interactions: 3, meanRating: 4 });
    // The item that nobody bought stays, behind the others.
    expect([...dataset.log.items]).toEqual(['s1', 's2', 's3']);
    expect(dataset.catalog.itemText(2, ['title', 'category', 'tags'])).toBe('Cup. Kitchen. cup');
    expect(dataset.catalog.attributes).toEqual({
      price: [9, 24.5, 4],
      tags: [undefined, ['pot', 'tea'], ['cup']],
      organic: ['true', undefined, undefined],
    });
    const back = await openDataset(out);
    expect({ ...back, log: undefined, catalog: undefined }).toEqual({
      ...dataset,
      log: undefined,
      catalog: undefined,
    });
    expect(back.catalog.text).toEqual(dataset.catalog.text);
    expect(back.log.timestamp).toEqual(dataset.log.timestamp);
    expect(dataset.name).toBe('orders');
  });

  test('columns by name, a semicolon, users, and a product file in CSV', async () => {
    const folder = await folderWith({
      'log.txt': 'who;what;when it was\nann;7;2024-01-01T10:00:00Z\nbob;8;2024-01-02\nann;8;2024-01-03\n',
      'p.csv': 'code,Name,price,ean\n7,Alpha,1.5,0401\n8,Beta,NaN,0402\n',
      'u.csv': 'nick,age\nann,31\ncid,40\n',
    });
    const { dataset, users } = await importDataset({
      interactions: join(folder, 'log.txt'),
      columns: { user: 'who', item: 'what', timestamp: 'when it was' },
      items: join(folder, 'p.csv'),
      itemColumns: { title: 'Name', text: [] },
      users: join(folder, 'u.csv'),
      licence: 'ours',
    });
    expect(dataset.catalog.text).toEqual({ title: ['Alpha', 'Beta'] });
    // Codes with leading zeros are no numbers.
    expect(dataset.catalog.attributes).toEqual({ price: [1.5, undefined], ean: ['0401', '0402'] });
    expect(users).toMatchObject({
      columns: { id: 'nick', attributes: ['age'] },
      withoutRow: 1,
      withoutInteraction: 1,
    });
    expect(dataset.users?.attributes).toEqual({ age: [31, undefined] });
    expect(dataset.reading?.notes.join('\n')).toMatch(
      /1 of 2 users have no row.*\n.*1 users of .* have no interaction/,
    );
  });

  test('every fault names file, line and column, and nothing is written', async () => {
    const folder = await folderWith({
      'orders.csv': ORDERS,
      'twice.jsonl': `${PRODUCTS}{"sku":"s1","name":"again"}\n`,
      'short.csv': 'sku,name\ns1,Tea\ns2\n',
      'empty-id.csv': 'name,sku\nTea,s1\nPot,\n',
      'other.csv': 'sku,name\nx1,Tea\n',
      'named.csv': 'ref,name\ns1,Tea\n',
    });
    const out = join(folder, 'shop');
    const attempt = (items: string, itemColumns = {}) =>
      importDataset({
        interactions: join(folder, 'orders.csv'),
        items: join(folder, items),
        itemColumns,
        folder: out,
      });
    await expect(attempt('twice.jsonl')).rejects.toMatchObject({
      code: 'parse-error',
      position: { line: 4 },
      received: expect.stringMatching(/"s1".*line 2/),
    });
    await expect(attempt('short.csv')).rejects.toMatchObject({
      position: { line: 3 },
      expected: expect.stringMatching(/2 fields/),
    });
    await expect(attempt('empty-id.csv')).rejects.toMatchObject({
      position: { line: 3, column: 5 },
      expected: expect.stringMatching(/item id in "sku"/),
    });
    await expect(attempt('other.csv')).rejects.toMatchObject({
      code: 'invalid-input',
      expected: expect.stringMatching(/item ids.*"s1"/),
    });
    await expect(attempt('other.csv', { id: 'sku' })).rejects.toMatchObject({
      received: expect.stringMatching(/others alone, such as "x1"/),
    });
    await expect(attempt('named.csv', { title: 'nom' })).rejects.toMatchObject({ received: '"nom"' });
    await expect(attempt('nowhere.csv')).rejects.toMatchObject({ code: 'parse-error' });
    const wrong = await folderWith({ 'o.csv': 'customer,sku,day\nann,s1,2024-01-01\nbob,s1,soon\n' });
    await expect(importDataset({ interactions: join(wrong, 'o.csv'), folder: out })).rejects.toMatchObject({
      position: { line: 3, column: 8 },
    });
    expect(await readdir(folder)).not.toContain('shop');
    const kept = await attempt('twice.jsonl', {}).catch(() =>
      importDataset({
        interactions: join(folder, 'orders.csv'),
        items: join(folder, 'twice.jsonl'),
        skip: ['repeated-id'],
      }),
    );
    expect(kept.items?.repeated).toBe(1);
    expect(kept.dataset.catalog.itemText(0, ['title'])).toBe('Green tea');
  });

  test('a time in a form of its own is refused, never taken for no time', async () => {
    const folder = await folderWith({ 'o.csv': 'customer,sku,day\nann,s1,31.12.2023\nbob,s1,01.01.2024\n' });
    const interactions = join(folder, 'o.csv');
    await expect(importDataset({ interactions })).rejects.toMatchObject({
      received: expect.stringMatching(/"31.12.2023" in "day"/),
    });
    const { dataset } = await importDataset({ interactions, columns: { timestamp: false } });
    expect(dataset.log.timeUnit).toBe('position');
    const said = await importDataset({ interactions, timestampUnit: 'day-first' });
    expect(said.interactions).toMatchObject({
      columns: { timestamp: 'day' },
      guessed: ['user', 'item', 'timestamp'],
    });
    expect([...said.dataset.log.timestamp].map((each) => new Date(each * 1000).toISOString())).toEqual([
      '2023-12-31T00:00:00.000Z',
      '2024-01-01T00:00:00.000Z',
    ]);
    await expect(importDataset({ interactions, timestampUnit: 'month-first' })).rejects.toMatchObject({
      position: { line: 2, column: 8 },
      expected: 'a date such as 12/31/2023',
    });
  });

  test('columns that cannot be guessed are listed with examples', async () => {
    const folder = await folderWith({ 'o.csv': 'a,b\nx,y\n', 'n.csv': '1,2\n3,4\n' });
    await expect(importDataset({ interactions: join(folder, 'o.csv') })).rejects.toMatchObject({
      code: 'invalid-input',
      received: expect.stringMatching(/a \(x\), b \(y\)/),
    });
    const { dataset } = await importDataset({
      interactions: join(folder, 'n.csv'),
      columns: { user: 0, item: 1 },
    });
    expect([...dataset.log.users]).toEqual(['1', '3']);
  });

  test('an index that pandas wrote is a column without a name', async () => {
    const folder = await folderWith({
      'o.csv': ',member_id,article_id,ts\n0,7,70,1700000000\n1,8,70,1700000001\n',
    });
    const { interactions, dataset } = await importDataset({ interactions: join(folder, 'o.csv') });
    expect(interactions.columns).toEqual({ user: 'member_id', item: 'article_id', timestamp: 'ts' });
    expect(dataset.log.timestamp[0]).toBe(1_700_000_000);
  });
});

test('dates whose month is named are read without a word, beside ISO 8601; others once their order is said', async () => {
  const at = (text: string) => {
    const seconds = parseNamedMonth(text);
    return Number.isNaN(seconds) ? undefined : new Date(seconds * 1000).toISOString();
  };
  expect(at('Feb 12, 2026')).toBe('2026-02-12T00:00:00.000Z');
  expect(at('february 9 2026, 3:05 pm')).toBe('2026-02-09T15:05:00.000Z');
  expect(at('1 Sept. 2026 14:05:09')).toBe('2026-09-01T14:05:09.000Z');
  expect(at('29-Feb-2024')).toBe('2024-02-29T00:00:00.000Z');
  expect(at('3. May 2024')).toBe('2024-05-03T00:00:00.000Z');
  for (const text of ['29-Feb-2025', 'Feb 2026', 'Mai 3, 2024', 'Feb 12, 26', 'Feb 12, 2026 25:00', 'May'])
    expect(at(text)).toBeUndefined();
  const folder = await folderWith({
    'o.csv':
      'customer,sku,ordered_on\na,1,"Feb 12, 2026"\nb,1,2026-02-13\nc,2,14 February 2026\nd,2,15.02.2026\n',
  });
  const options = { interactions: join(folder, 'o.csv') };
  await expect(importDataset(options)).rejects.toThrow(
    /o\.csv:5:\d+: .*"15\.02\.2026".*'day-first' or 'month-first' \(--time-unit\)/,
  );
  const { dataset } = await importDataset({ ...options, timestampUnit: 'day-first' });
  const day = Date.UTC(2026, 1, 12) / 1000;
  expect([...dataset.log.timestamp]).toEqual([0, 1, 2, 3].map((k) => day + 86_400 * k));
});

test('a guess makes no ratings out of a column that leaves some out, and says so', async () => {
  const folder = await folderWith({ 'o.csv': 'customer,sku,stars\na,1,5\nb,1,\nb,2,3\n' });
  const interactions = join(folder, 'o.csv');
  const guessed = await importDataset({ interactions });
  expect(guessed.dataset.log.length).toBe(3);
  expect(guessed.dataset.log.rating).toBeUndefined();
  expect(guessed.dataset.reading?.notes.join()).toMatch(
    /"stars" has no value in 1 of 3 rows.*--rating stars/,
  );
  const named = { interactions, columns: { rating: 'stars' } };
  await expect(importDataset(named)).rejects.toThrow(/o\.csv:3:.*--skip no-rating.*--no-rating/);
  const rated = await importDataset({ ...named, skip: ['no-rating'] });
  expect([...(rated.dataset.log.rating ?? [])]).toEqual([5, 3]);
});

test('dates with their year last are read in the order that is said, never in another', () => {
  const at = (text: string, order: 'day-first' | 'month-first') => {
    const seconds = parseYearLast(text, order);
    return Number.isNaN(seconds) ? undefined : new Date(seconds * 1000).toISOString();
  };
  expect(at('03/02/2024', 'day-first')).toBe('2024-02-03T00:00:00.000Z');
  expect(at('03/02/2024', 'month-first')).toBe('2024-03-02T00:00:00.000Z');
  expect(at('3.2.2024 07:05', 'day-first')).toBe('2024-02-03T07:05:00.000Z');
  expect(at('12/31/2023 11:59 PM', 'month-first')).toBe('2023-12-31T23:59:00.000Z');
  expect(at('12/31/2023, 12:00:30 AM', 'month-first')).toBe('2023-12-31T00:00:30.000Z');
  for (const text of [
    '31/12/2023',
    '02-30-2024',
    '1/2-2024',
    '1/2/24',
    '2/1/2024 13:00 PM',
    '2/1/2024 24:00',
    'soon',
  ])
    expect(at(text, 'month-first')).toBeUndefined();
});
