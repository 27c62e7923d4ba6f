import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { GENRE_PREFERENCES, HISTORY_VECTORS, UEM } from '../src/index.js';

test('the README holds the options as they are declared', () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  for (const set of [UEM, HISTORY_VECTORS, GENRE_PREFERENCES]) expect(readme).toContain(set.table());
});
