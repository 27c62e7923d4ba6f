import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { loadOrFit, readArtifact, type Saveable, writeArtifact } from '../src/index.js';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'palate-load-or-fit-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

class Model implements Saveable {
  readonly value: number;
  constructor(value: number) {
    this.value = value;
  }
  save(dir: string): Promise<void> {
    return writeArtifact(dir, { kind: 'model', version: 1, config: this.value, dataFingerprint: 'abc' });
  }
}

function ask(dir: string, value: number, more: { force?: boolean; data?: string } = {}) {
  const notices: string[] = [];
  return loadOrFit(dir, {
    load: async (from) => new Model((await readArtifact(from, 'model', 1)).manifest.config as number),
    fit: async () => new Model(value),
    isCurrent: ({ dataFingerprint }) => dataFingerprint === (more.data ?? 'abc'),
    force: more.force,
    onNotice: (notice) => notices.push(notice),
  }).then(({ model, reused }) => ({ value: model.value, reused, notices }));
}

test('a model is fitted once, and again when forced or for other data', async () => {
  const dir = join(root, 'model');
  expect(await ask(dir, 1)).toEqual({ value: 1, reused: false, notices: [] });
  expect(await ask(dir, 2)).toEqual({ value: 1, reused: true, notices: [] });
  expect(await ask(dir, 3, { force: true })).toEqual({ value: 3, reused: false, notices: [] });
  expect(await ask(dir, 4, { data: 'other' })).toEqual({ value: 4, reused: false, notices: [] });
});

test('what is damaged is fitted again; what Palate cannot replace is kept under another name, and told', async () => {
  const dir = join(root, 'model');
  await ask(dir, 1);
  await writeFile(join(dir, 'manifest.json'), 'damaged');
  const { value, reused, notices } = await ask(dir, 2);
  expect([value, reused]).toEqual([2, false]);
  expect(notices.join(' ')).toContain('model.set-aside');
  expect(await readFile(join(root, 'model.set-aside', 'manifest.json'), 'utf8')).toBe('damaged');
  await rm(dir, { recursive: true });
  await mkdir(dir);
  await writeFile(join(dir, 'thesis.txt'), 'mine');
  expect((await ask(dir, 3)).value).toBe(3);
  expect(await readFile(join(root, 'model.set-aside-2', 'thesis.txt'), 'utf8')).toBe('mine');
  expect((await readdir(root)).sort()).toEqual(['model', 'model.set-aside', 'model.set-aside-2']);
});
