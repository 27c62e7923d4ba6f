import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { AddedItemStore } from '@palate/core';
import { addedItemsConformance } from '@palate/core/testing';
import { expect, test } from 'vitest';
import { compiledProgram } from '../../../scripts/compiled-program.js';
import { AddedItemsFile } from '../src/engine/added-items-file.js';

const root = await mkdtemp(join(tmpdir(), 'palate-added-'));
const paths = new WeakMap<object, string>();
let files = 0;
function open(path = join(root, `${files++}.jsonl`), onNotice?: (notice: string) => void): AddedItemsFile {
  const file = new AddedItemsFile(path, onNotice);
  paths.set(file, path);
  return file;
}
const idsIn = async (store: AddedItemStore): Promise<string[]> => {
  const ids: string[] = [];
  for await (const { item } of store.read()) ids.push(item.id);
  return ids;
};

for (const { name, run } of addedItemsConformance({
  create: async () => open(),
  beside: async (opened) => open(paths.get(opened)),
}))
  test(name, run);

test('two processes that add at the same moment lose nothing of each other', async () => {
  const program = await compiledProgram(fileURLToPath(new URL('adding-child.mjs', import.meta.url)));
  const path = join(root, 'processes.jsonl');
  const children = ['a', 'b'].map((name) =>
    spawn(process.execPath, [program, path, name, '50'], { stdio: ['pipe', 'pipe', 'inherit'] }),
  );
  await Promise.all(children.map(({ stdout }) => once(stdout, 'data')));
  const ended = children.map((child) => once(child, 'exit'));
  for (const { stdin } of children) stdin.write('go\n');
  for (const [code] of await Promise.all(ended)) expect(code).toBe(0);
  const ids = await idsIn(open(path));
  expect(ids.length).toBe(200);
  for (const name of ['a', 'b'])
    for (let n = 0; n < 50; n++) expect(ids.indexOf(`${name}-${n}b`)).toBe(ids.indexOf(`${name}-${n}`) + 1);
});

test('what a kill cut off counts for nothing, is told of, and stands in nobody’s way', async () => {
  const path = join(root, 'cut.jsonl');
  const notices: string[] = [];
  const file = open(path, (notice) => notices.push(notice));
  await file.append([{ id: 'a', text: {} }]);
  await file.append([{ id: 'b', text: {} }]);
  const whole = await readFile(path, 'utf8');
  await writeFile(path, whole.slice(0, -9));
  expect(await idsIn(file)).toEqual(['a']);
  expect(notices).toEqual([expect.stringMatching(/of line 2 the content is incomplete/)]);
  await file.append([{ id: 'c', text: {} }]);
  expect(await idsIn(file)).toEqual(['a', 'c']);
  expect(notices).toHaveLength(1);
});
