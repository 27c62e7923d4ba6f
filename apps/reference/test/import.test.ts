import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { palate, remarks } from './cli.js';

const SHOP = fileURLToPath(new URL('../../../examples/shop/', import.meta.url));
const ORDERS = join(SHOP, 'orders.csv');
const PRODUCTS = join(SHOP, 'products.jsonl');

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'palate-import-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('orders and products become a data set, and what was understood is shown', async () => {
  const out = join(folder, 'shop');
  const told = [
    '--user',
    'customer',
    '--item',
    'sku',
    '--time',
    'day',
    '--title',
    'name',
    '--text',
    'description,category',
  ];
  const run = await palate([
    'import',
    ORDERS,
    '--items',
    PRODUCTS,
    ...told,
    '--rating',
    'stars',
    '--out',
    out,
  ]);
  expect([run.code, remarks(run.stderr)]).toEqual([0, '']);
  expect(run.stdout).toMatch(/ {2}user +customer +text +C109, C108/);
  expect(run.stdout).toMatch(/ {2}timestamp +day +time +2024-01-06/);
  expect(run.stdout).not.toContain('guessed  C');
  expect(run.stdout).toContain('90 users, 45 items with interactions, 692 interactions');
  expect(run.stdout).toContain('from 2024-01-06 to 2024-09-03, in whole days');
  expect(run.stdout).toContain('3 items of');
  expect((await readdir(out)).sort()).toEqual([
    'interactions.csv',
    'items.jsonl',
    'manifest.json',
    'users.jsonl',
  ]);
});

test('without a word it guesses the same; without --out nothing is written; tables fit the terminal', async () => {
  const guessed = JSON.parse((await palate(['import', ORDERS, '--items', PRODUCTS, '--json'])).stdout);
  expect(guessed.interactions.columns).toEqual({
    user: 'customer',
    item: 'sku',
    rating: 'stars',
    timestamp: 'day',
  });
  expect(guessed.items.columns).toEqual({
    id: 'sku',
    title: 'name',
    text: ['description', 'category'],
    attributes: ['price', 'tags'],
  });
  expect(guessed.statistics).toMatchObject({ users: 90, items: 45, interactions: 692 });
  const narrow = await palate(['import', ORDERS, '--items', PRODUCTS], { COLUMNS: '60' });
  expect(narrow.stdout).toContain('Nothing was written: name a folder with --out.');
  // The first line of each table names its file.
  for (const line of narrow.stdout.split('\n').filter((each) => !/^(interactions|items): /.test(each)))
    expect(line.length).toBeLessThanOrEqual(60);
  expect(narrow.stdout).toMatch(/ {2}text +description .*…\n/);
});

test('faults are one line: the file with line and column, the unwritable folder before anything is read', async () => {
  const broken = join(folder, 'broken.csv');
  await writeFile(broken, 'customer,sku,day\nann,s1,2024-01-01\nbob,s2\n');
  const width = await palate(['import', broken, '--out', join(folder, 'never')]);
  expect(width).toMatchObject({ code: 1, stdout: '' });
  expect(width.stderr).toMatch(/^palate: .*broken\.csv:3:1: Expected 3 fields.*\[parse-error\]\n$/);
  const unwritable = await palate(['import', join(folder, 'missing.csv'), '--out', join(broken, 'x')]);
  expect(unwritable.stderr).toMatch(/^palate: .*a folder that can be written.*is a file.*\[artifact\]\n$/);
  const taken = join(folder, 'taken');
  await writeFile(taken, 'mine');
  expect((await palate(['import', ORDERS, '--out', taken])).stderr).toMatch(
    /received a file\. Choose another folder/,
  );
  expect((await palate(['import', ORDERS, '--skip', 'no-usr'])).stderr).toMatch(/among no-user.*"no-usr"/);
  expect((await palate(['import', ORDERS, '--user', 'kunde'])).stderr).toMatch(
    /among order, customer.*"kunde"/,
  );
  expect((await readdir(folder)).sort()).toEqual(['broken.csv', 'shop', 'taken']);
});

test('every command takes the folder, and PALATE_DATA the folder above it', async () => {
  const data = ['--data', join(folder, 'shop'), '--artifacts', join(folder, 'artifacts')];
  const answer = JSON.parse(
    (await palate(['recommend', ...data, '--user', 'C109', '--k', '3', '--json'])).stdout,
  );
  expect(answer.items).toHaveLength(3);
  const rows = JSON.parse((await palate(['datasets', '--json'], { PALATE_DATA: folder })).stdout);
  expect(rows.find(({ key }: { key: string }) => key === 'shop')).toMatchObject({
    statistics: { users: 90, interactions: 692 },
  });
  expect((await palate(['recommend', '--data', folder, '--user', 'C109'])).stderr).toMatch(
    /a folder of something else/,
  );
});

test('data without texts: what is measured by default leaves out what reads texts, which is refused by name', async () => {
  const out = join(folder, 'bare');
  expect((await palate(['import', ORDERS, '--out', out])).code).toBe(0);
  const data = ['--data', out, '--artifacts', join(folder, 'artifacts')];
  const results = JSON.parse((await palate(['evaluate', ...data, '--metrics', 'hr@10', '--json'])).stdout);
  const systems = results.map(({ system }: { system: string }) => system);
  expect(systems).toContain('EASE');
  expect(systems).not.toContain('BM25');
  const fitted = JSON.parse((await palate(['fit', ...data, '--json'])).stdout);
  expect(fitted.map(({ system }: { system: string }) => system)).not.toContain('bm25');
  const refused = await palate(['evaluate', ...data, '--system', 'bm25']);
  expect(refused.stderr).toMatch(/^palate: Expected items with texts.*orders without any.*--items FILE.*\n$/);
  const unknown = await palate(['recommend', ...data, '--history', 'Moka Pot']);
  expect(unknown.stderr).toMatch(/no titles: name them by their ids/);
});
