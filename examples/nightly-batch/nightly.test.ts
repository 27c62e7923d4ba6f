import { execFile } from 'node:child_process';
import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { PGlite } from '@electric-sql/pglite';
import { expect, test } from 'vitest';

test('everybody gets a list, and a second run makes only those that are missing', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'palate-nightly-'));
  const lists = join(folder, 'lists');
  // Conditions of this process, such as those that lead to sources, hold for the example too.
  const conditions = process.execArgv.filter((each, k, all) => [each, all[k - 1]].includes('--conditions'));
  const run = async () => {
    const { DATABASE_URL: _, ...env } = process.env;
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [...conditions, '--import=tsx', 'nightly.ts'],
      {
        cwd: fileURLToPath(new URL('.', import.meta.url)),
        env: { ...env, LISTS: lists, NIGHT: '2026-01-31', XDG_CACHE_HOME: folder },
      },
    );
    return stdout;
  };
  const query = async <Row>(text: string): Promise<Row[]> => {
    const database = await PGlite.create(join(lists, 'database'));
    const { rows } = await database.query<Row>(text);
    await database.close();
    return rows;
  };

  expect(await run()).toContain('0 lists are there, 90 to make\n90 of 90\n');
  const rows = await query<{ customer: string; items: { id: string; reason: string }[] }>(
    'select customer, items from recommendations',
  );
  const orders = (await readFile(new URL('../shop/orders.csv', import.meta.url), 'utf8')).trim().split('\n');
  const bought = new Set(orders.slice(1).map((line) => line.split(',').slice(1, 3).join()));
  expect(new Set(rows.map(({ customer }) => customer)).size).toBe(90);
  for (const { customer, items } of rows) {
    expect(items).toHaveLength(10);
    for (const { id, reason } of items) {
      expect(bought.has(`${customer},${id}`)).toBe(false);
      expect(reason).toMatch(/\w{3}/);
    }
  }

  await query("delete from recommendations where customer > 'C150'");
  const [left] = await query<{ count: number }>('select count(*)::int as count from recommendations');
  await query(`update recommendations set items = '["kept"]'`);
  expect(await run()).toContain(`${left?.count} lists are there, ${90 - (left?.count ?? 0)} to make`);
  const [kept] = await query<{ count: number }>(
    `select count(*)::int as count from recommendations where items = '["kept"]'`,
  );
  expect(kept).toEqual(left);
  expect(await query('select 1 from recommendations')).toHaveLength(90);
});
