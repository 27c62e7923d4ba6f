import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import {
  AUTHORING,
  AUTHORS,
  BI_ENCODER,
  CROSS_ENCODER,
  NARRATIVE_RANKER,
  NARRATIVE_RETRIEVER,
  T5_LIKELIHOOD,
} from '../src/index.js';

test('the README holds the options as they are declared', () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  for (const set of [
    AUTHORING,
    AUTHORS,
    BI_ENCODER,
    CROSS_ENCODER,
    NARRATIVE_RANKER,
    NARRATIVE_RETRIEVER,
    T5_LIKELIHOOD,
  ])
    expect(readme).toContain(set.table());
});
