import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { palate, remarks } from './cli.js';

const APP = fileURLToPath(new URL('../', import.meta.url));
const PAGE = fileURLToPath(new URL('../../../docs/ten-minutes.md', import.meta.url));
const SHOP = fileURLToPath(new URL('../../../examples/shop/', import.meta.url));

test('the README’s way from a CSV of orders to recommendations can be gone', async () => {
  const readme = await readFile(join(APP, 'README.md'), 'utf8');
  const [, block = ''] = /<!-- run -->\n```sh\n([\s\S]*?)```/.exec(readme) ?? [];
  const lines = block.split('\n').filter((line) => line !== '');
  expect(lines.length).toBeGreaterThan(5);
  // The page of the documentation that goes the same way shows parts of what these commands print.
  const page = await readFile(PAGE, 'utf8');
  const shown = [...page.matchAll(/<!-- run -->\n```sh\n(.*)\n```\n(?:\n```text\n([\s\S]*?)```)?/g)];
  const outputs = new Map<string, string>();
  const folder = await mkdtemp(join(tmpdir(), 'palate-readme-'));
  await cp(SHOP, join(folder, 'examples', 'shop'), { recursive: true });
  for (const line of lines) {
    const [program, ...args] = Array.from(
      line.matchAll(/"([^"]*)"|(\S+)/g),
      ([, quoted, word]) => quoted ?? word ?? '',
    );
    expect(program).toBe('palate');
    const run = await palate(args, { XDG_CACHE_HOME: join(folder, 'cache') }, folder);
    expect([line, run.code, remarks(run.stderr)]).toEqual([line, 0, '']);
    expect(run.stdout.length).toBeGreaterThan(100);
    outputs.set(line, run.stdout);
  }
  expect(shown.length).toBeGreaterThan(4);
  for (const [, line = '', text = ''] of shown) {
    const printed = outputs.get(line)?.split('\n');
    expect(printed, `${line} is among the commands of the README`).toBeDefined();
    expect(printed).toEqual(expect.arrayContaining(text.split('\n').filter((each) => each !== '')));
  }
  await rm(folder, { recursive: true });
});
