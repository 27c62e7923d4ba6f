import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { palate } from './cli.js';

const APP = fileURLToPath(new URL('../', import.meta.url));
const SHOP = fileURLToPath(new URL('../../../examples/shop/', import.meta.url));

test('the README’s way from a CSV of orders to recommendations can be gone', async () => {
  const readme = await readFile(join(APP, 'README.md'), 'utf8');
  const [, block = ''] = /<!-- run -->\n```sh\n([\s\S]*?)```/.exec(readme) ?? [];
  const lines = block.split('\n').filter((line) => line !== '');
  expect(lines.length).toBeGreaterThan(5);
  const folder = await mkdtemp(join(tmpdir(), 'palate-readme-'));
  await cp(SHOP, join(folder, 'examples', 'shop'), { recursive: true });
  for (const line of lines) {
    const [program, ...args] = Array.from(
      line.matchAll(/"([^"]*)"|(\S+)/g),
      ([, quoted, word]) => quoted ?? word ?? '',
    );
    expect(program).toBe('palate');
    const run = await palate(args, { XDG_CACHE_HOME: join(folder, 'cache') }, folder);
    expect([line, run.code, run.stderr]).toEqual([line, 0, '']);
    expect(run.stdout.length).toBeGreaterThan(100);
  }
  await rm(folder, { recursive: true });
});
