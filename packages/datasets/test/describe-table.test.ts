import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { describeTable, loadTable } from '../src/index.js';
import { folderWith } from './files.js';

test('a table is described before it is loaded, and its guess loads it', async () => {
  const folder = await folderWith({
    'orders.csv':
      'order;customer_id;customer_name;sku;stars;bought_at\n1;c1;Ann;s1;4.5;2024-01-02T10:00:00Z\n2;c2;Bob;s2;;2024-01-03\n3;c1;Ann;s2;3;2024-01-04\n',
  });
  const described = await describeTable(join(folder, 'orders.csv'));
  expect(described).toMatchObject({
    format: 'csv',
    delimiter: ';',
    header: true,
    rows: 3,
    isWhole: true,
    parts: 1,
  });
  expect(described.columns).toEqual([
    { name: 'order', type: 'integer', missing: 0, distinct: 3, examples: ['1', '2', '3'], range: [1, 3] },
    { name: 'customer_id', type: 'text', missing: 0, distinct: 2, examples: ['c1', 'c2'] },
    { name: 'customer_name', type: 'text', missing: 0, distinct: 2, examples: ['Ann', 'Bob'] },
    { name: 'sku', type: 'text', missing: 0, distinct: 2, examples: ['s1', 's2'] },
    { name: 'stars', type: 'number', missing: 1, distinct: 2, examples: ['4.5', '3'], range: [3, 4.5] },
    {
      name: 'bought_at',
      type: 'time',
      missing: 0,
      distinct: 3,
      examples: ['2024-01-02T10:00:00Z', '2024-01-03', '2024-01-04'],
    },
  ]);
  expect(described.guess).toEqual({
    columns: { user: 'customer_id', item: 'sku', rating: 'stars', timestamp: 'bought_at' },
    timestampUnit: 'iso',
  });
  const { log } = await loadTable(
    join(folder, 'orders.csv'),
    { user: 'customer_id', item: 'sku', ...described.guess.columns },
    { delimiter: ';', skip: ['no-rating'] },
  );
  expect(log.length).toBe(2);
});

test('without a header columns go by position; only the first rows are looked at', async () => {
  const folder = await folderWith({
    'u.data': Array.from({ length: 50 }, (_, k) => `${k}\t${k % 7}\t5\t${880_000_000 + k}`).join('\n'),
  });
  const described = await describeTable(join(folder, 'u.data'), { rows: 10 });
  expect(described).toMatchObject({ format: 'tsv', header: false, rows: 10, isWhole: false });
  expect(described.columns.map(({ name, range }) => [name, range])).toEqual([
    [0, [0, 9]],
    [1, [0, 6]],
    [2, [5, 5]],
    [3, [880_000_000, 880_000_009]],
  ]);
});

test('Parquet, a folder of parts and JSON', async () => {
  const fixtures = fileURLToPath(new URL('./fixtures/', import.meta.url));
  const parts = await describeTable(join(fixtures, 'dir.parquet'));
  expect(parts).toMatchObject({ format: 'parquet', parts: 2, rows: 2 });
  expect(parts.guess.columns).toEqual({ user: 'user', item: 'item', rating: 'rating', timestamp: 'ts' });
  const nested = await describeTable(join(fixtures, 'nested.parquet'));
  expect(nested.columns.map(({ name, type }) => [name, type])).toEqual([
    ['user', 'integer'],
    ['genres', 'list'],
    ['item', 'integer'],
    ['meta', 'object'],
    ['ts', 'integer'],
  ]);
  const folder = await folderWith({
    'a.jsonl': '{"user":90071992547409479,"item":"x","liked":true}\n{"user":1,"item":"y"}\n',
  });
  const json = await describeTable(join(folder, 'a.jsonl'));
  expect(json.columns.map(({ name, type, examples }) => [name, type, examples[0]])).toEqual([
    ['user', 'integer', '90071992547409479'],
    ['item', 'text', 'x'],
    ['liked', 'boolean', 'true'],
  ]);
});
