import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { GRAPH_MODELS, GRAPH_RECOMMENDER, GRAPH_SERVING, LIGHT_GCN, RP3_BETA } from '../src/index.js';

test('the README holds the options as they are declared, and every model', () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  for (const set of [GRAPH_RECOMMENDER, GRAPH_SERVING, LIGHT_GCN, RP3_BETA])
    expect(readme).toContain(set.table());
  for (const model of GRAPH_MODELS) expect(readme).toContain(`| \`${model}\` |`);
});
