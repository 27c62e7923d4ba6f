import { type ChildProcess, spawn } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { addedItemsConformance, feedbackStoreConformance } from '@palate/core/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compiledProgram } from '../../../scripts/compiled-program.js';
import { openFeedbackStore, type SqlFeedbackStore } from '../src/index.js';

const APPENDING = await compiledProgram(fileURLToPath(new URL('appending-child.mjs', import.meta.url)));
let root: string;
let template: string;
const folders = new WeakMap<object, string>();
const children: ChildProcess[] = [];

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'palate-pglite-'));
  // A database takes seconds to make: each test begins with a copy of one.
  template = join(root, 'template');
  await (await openFeedbackStore(template)).close();
});
afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
});

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(root, 'store-'));
  await cp(template, folder, { recursive: true });
  return folder;
}

async function create(): Promise<SqlFeedbackStore> {
  const folder = await newFolder();
  const store = await openFeedbackStore(folder);
  folders.set(store, folder);
  return store;
}

async function idsIn(store: SqlFeedbackStore): Promise<string[]> {
  const ids: string[] = [];
  for await (const { id } of store.read()) ids.push(id);
  return ids;
}

/** A process that appends to a folder; `lines` grows by what it says. */
function appending(
  folder: string,
  syncs: string,
): { child: ChildProcess; lines: string[]; errors: string[] } {
  const child = spawn(process.execPath, [APPENDING, folder], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      PALATE_TEST_SYNCS: syncs,
      NODE_OPTIONS: `--require ${fileURLToPath(new URL('count-syncs.cjs', import.meta.url))}`,
    },
  });
  children.push(child);
  const lines: string[] = [];
  const errors: string[] = [];
  let rest = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    const parts = (rest + chunk.toString()).split('\n');
    rest = parts.pop() ?? '';
    lines.push(...parts);
  });
  child.stderr?.on('data', (chunk: Buffer) => errors.push(chunk.toString()));
  return { child, lines, errors };
}

async function until(holds: () => boolean | Promise<boolean>, child: ChildProcess, errors: string[]) {
  while (!(await holds())) {
    if (child.exitCode !== null) throw new Error(`the process ended: ${errors.join('')}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe('a store in a PGlite folder', () => {
  for (const { name, run } of feedbackStoreConformance({
    create,
    reopen: async (closed) => {
      const folder = folders.get(closed) ?? '';
      const store = await openFeedbackStore(folder);
      folders.set(store, folder);
      return store;
    },
  }))
    test(name, run);

  for (const { name, run } of addedItemsConformance({
    create: async () => (await create()).items,
    // A folder has one holder: the second writes through the same connection.
    beside: async (items) => items,
  }))
    test(name, run);

  test('keeps ids of any characters apart, with nulls, backslashes and half surrogate pairs', async () => {
    await using store = await create();
    const ids = [
      'a\0b',
      'a\\u0000b',
      'a\\0b',
      '\ud83c',
      '\udfac',
      '\u{1f3ac}',
      '\\',
      '\\\\',
      "'; drop table x",
    ];
    const records = ids.map((id) => ({
      id,
      user: id,
      item: id,
      time: 0,
      kind: 'view' as const,
      request: id,
    }));
    expect(await store.append(records)).toEqual({ stored: ids.length });
    const read = [];
    for await (const { sequence: _, ...record } of store.read()) read.push(record);
    expect(read).toEqual(records);
  });

  test('refuses numbers that are none and kinds that are unknown, and stores nothing of the batch', async () => {
    await using store = await create();
    const good = { id: 'a', user: 'u', item: 'i', time: 1, kind: 'view' as const };
    await expect(store.append([good, { ...good, id: 'b', time: Number.NaN }])).rejects.toMatchObject({
      code: 'invalid-input',
    });
    await expect(store.append([good, { ...good, id: 'b', kind: 'veiw' as 'view' }])).rejects.toThrow(
      /kind to be 'view'.*"veiw"/,
    );
    expect(await idsIn(store)).toEqual([]);
  });

  test('loses nothing acknowledged to kill -9, waits for the disk, and lets nobody else in meanwhile', async () => {
    const folder = await newFolder();
    const syncs = join(root, 'syncs');
    await writeFile(syncs, '');
    const synced = async () => (await readFile(syncs, 'utf8')).length / 'fsync\n'.length;
    const { child, lines, errors } = appending(folder, syncs);
    await until(() => lines.length > 1, child, errors);
    const before = await synced();
    const acknowledged = lines.length;
    await until(() => lines.length > acknowledged + 60, child, errors);
    // Three appends go together at most.
    expect((await synced()) - before).toBeGreaterThanOrEqual(20);
    await expect(openFeedbackStore(folder)).rejects.toMatchObject({
      code: 'store-locked',
      isRetryable: true,
    });
    const gone = new Promise((resolve) => child.once('close', resolve));
    child.kill('SIGKILL');
    await gone;
    await using store = await openFeedbackStore(folder);
    const stored = new Set(await idsIn(store));
    const wanted = lines.slice(1);
    expect(wanted.length).toBeGreaterThan(60);
    expect(wanted.filter((id) => !stored.has(id))).toEqual([]);
    await store.append([{ id: 'after', user: 'u', item: 'i', time: 1, kind: 'view' }]);
    expect(await idsIn(store)).toContain('after');
  });

  test('is open once in a process, and again after it was closed', async () => {
    const folder = await newFolder();
    const store = await openFeedbackStore(folder);
    await expect(openFeedbackStore(folder)).rejects.toMatchObject({ code: 'store-locked' });
    await store.close();
    await (await openFeedbackStore(folder)).close();
    expect(await readdir(folder)).toEqual(['pgdata']);
  });

  test('refuses the folder of something else and a damaged database, and changes nothing', async () => {
    const other = join(root, 'other');
    await mkdir(other);
    await writeFile(join(other, 'notes.txt'), 'mine');
    await expect(openFeedbackStore(other)).rejects.toMatchObject({ code: 'artifact' });
    expect(await readdir(other)).toEqual(['notes.txt']);
    await expect(openFeedbackStore(join(other, 'notes.txt'))).rejects.toMatchObject({ code: 'artifact' });
    const damaged = await newFolder();
    await writeFile(join(damaged, 'pgdata', 'PG_VERSION'), 'none\n');
    await expect(openFeedbackStore(damaged)).rejects.toMatchObject({ code: 'artifact' });
    expect(await readFile(join(damaged, 'pgdata', 'PG_VERSION'), 'utf8')).toBe('none\n');
  });

  test('sweeps what a killed process had begun to make', async () => {
    const folder = await newFolder();
    await mkdir(join(folder, 'pgdata.writing-999999'));
    await (await openFeedbackStore(folder)).close();
    expect(await readdir(folder)).toEqual(['pgdata']);
  });
});
