import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { sweepLeftoverWrites } from '../src/index.js';

test('what killed writers left is removed, and nothing else', async () => {
  const root = await mkdtemp(join(tmpdir(), 'palate-leftover-'));
  const gone = spawnSync(process.execPath, ['-e', '']).pid;
  const stays = [
    'model',
    `model.writing-${process.pid}-0a1b2c3d`,
    `model.writing-${gone}-thesis`,
    `model.writing-notes`,
    `model2.writing-${gone}-0a1b2c3d`,
    `model.previous`,
  ];
  const goes = [`model.writing-${gone}-0a1b2c3d`, `model.writing-${gone}-ffffffff`];
  for (const name of [...stays, ...goes]) {
    await mkdir(join(root, name));
    await writeFile(join(root, name, 'weights.safetensors'), 'x');
  }
  expect((await sweepLeftoverWrites(join(root, 'model'))).sort()).toEqual(goes.sort());
  expect((await readdir(root)).sort()).toEqual(stays.sort());
  expect(await sweepLeftoverWrites(join(root, 'nowhere', 'model'))).toEqual([]);
  await rm(root, { recursive: true, force: true });
});
