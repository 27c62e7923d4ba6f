import { execFile } from 'node:child_process';
import { mkdtemp, readdir, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { type FolderLock, isLockName, lockFolder } from '../../src/index.js';

const newFolder = (): Promise<string> => mkdtemp(join(tmpdir(), 'palate-lock-'));

test('of many that come at the same moment at most one holds the folder, and one does once they ask again', async () => {
  const dir = await newFolder();
  let holding = 0;
  let most = 0;
  let took = 0;
  const ask = async (): Promise<void> => {
    for (;;) {
      const lock = await lockFolder(dir, 'a store').catch((error: { code: string }) => {
        expect(error.code).toBe('store-locked');
        return undefined;
      });
      if (!lock) continue;
      most = Math.max(most, ++holding);
      took++;
      await new Promise((resolve) => setTimeout(resolve, 5));
      holding--;
      return lock.release();
    }
  };
  await Promise.all(Array.from({ length: 6 }, ask));
  expect({ most, took }).toEqual({ most: 1, took: 6 });
  expect(await readdir(dir)).toEqual([]);
});

test('names the holder, and is free again after a release, which may be repeated', async () => {
  const dir = join(await newFolder(), 'new');
  const lock: FolderLock = await lockFolder(dir, 'a store');
  await expect(lockFolder(dir, 'a store')).rejects.toThrow(
    new RegExp(`process ${process.pid} on ${hostname()} holds`),
  );
  expect((await readdir(dir)).every(isLockName)).toBe(true);
  await lock.release();
  await lock.release();
  await (await lockFolder(dir, 'a store')).release();
});

test('passes over the lock of a process that has ended, and over one of another host whose time is up', async () => {
  const dir = await newFolder();
  const { stdout } = await promisify(execFile)(process.execPath, ['-p', 'process.pid']);
  const claim = (more: object) => JSON.stringify({ owner: 'a store', host: hostname(), until: 0, ...more });
  await writeFile(join(dir, `palate-lock-1-${'a'.repeat(16)}`), claim({ pid: Number(stdout) }));
  await writeFile(join(dir, `palate-lock-1-${'b'.repeat(16)}`), claim({ pid: 1, host: 'elsewhere' }));
  await writeFile(join(dir, 'notes.txt'), 'mine');
  const lock = await lockFolder(dir, 'a store');
  await lock.release();
  expect(await readdir(dir)).toEqual(['notes.txt']);
  await writeFile(
    join(dir, `palate-lock-1-${'c'.repeat(16)}`),
    claim({ pid: 1, host: 'elsewhere', until: Date.now() + 60_000 }),
  );
  await expect(lockFolder(dir, 'a store')).rejects.toMatchObject({ code: 'store-locked' });
});
