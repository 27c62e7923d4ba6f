import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { BERT4REC, SASREC } from '../src/index.js';

test('the README holds the options as they are declared', () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  for (const set of [SASREC, BERT4REC]) expect(readme).toContain(set.table());
});
