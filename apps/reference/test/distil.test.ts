import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { palate } from './cli.js';

const folder = mkdtempSync(join(tmpdir(), 'palate-distil-'));

test.each([
  ['a user that the data do not have', '{"user":"nobody"}', /a user of the data.*nobody/],
  [
    'an item that the data do not have',
    '{"user":"9","history":["0000000"],"candidates":[],"ranking":[]}',
    /ids of items of the data in history.*0000000/,
  ],
  ['a list that is none', '{"user":"9","history":"Heat"}', /a list of item ids as history/],
])('palate distil refuses %s, and says where', async (_, line, message) => {
  const path = join(folder, 'rankings.jsonl');
  writeFileSync(path, `${line}\n`);
  const { code, stderr } = await palate(['distil', '--rankings', path, '--artifacts', folder]);
  expect(code).toBe(1);
  expect(stderr).toMatch(message);
  expect(stderr).toContain('rankings.jsonl:1');
});

test('palate distil needs rankings to judge by, and rankings for other data', async () => {
  const all = await palate(['distil', '--train', '1200', '--artifacts', folder]);
  expect(all.code).toBe(1);
  expect(all.stderr).toMatch(/--train from 10 to 1199/);
});
