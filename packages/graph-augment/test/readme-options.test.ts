import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { IMPORTANT_NEIGHBOURS, PAGE_RANK } from '../src/index.js';

test('the README shows the options as they are declared', async () => {
  const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
  for (const set of [PAGE_RANK, IMPORTANT_NEIGHBOURS]) expect(readme).toContain(set.table());
});
