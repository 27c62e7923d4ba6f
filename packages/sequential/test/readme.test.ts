import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { BERT4REC, SASREC } from '../src/index.js';

test('the README holds the options as they are declared', () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  expect(readme).toContain(SASREC.table());
  const [shared, own] = [SASREC, BERT4REC].map((set) => set.table().split('\n'));
  for (const row of own?.filter((each) => !shared?.includes(each)) ?? []) expect(readme).toContain(row);
});
