import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import * as datasets from '../src/index.js';

const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');

test('the README shows the options of loadTable and importDataset as they are declared', () => {
  expect(readme).toContain(datasets.TABLE_OPTIONS.table());
  expect(readme).toContain(datasets.IMPORT_OPTIONS.table());
});

test('the README names every loader', () => {
  const loaders = Object.keys(datasets).filter((name) => name.startsWith('load'));
  expect(loaders.length).toBeGreaterThan(10);
  expect(loaders.filter((name) => !readme.includes(`\`${name}`))).toEqual([]);
});
