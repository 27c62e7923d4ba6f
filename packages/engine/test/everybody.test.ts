import { mkdir, mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ListSink, UserList } from '@palate/core';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { beforeAll, expect, test } from 'vitest';
import { type Engine, type EverybodyOptions, ListFile, scoreEverybody } from '../src/index.js';
import { engines } from './folders.js';

const { open } = engines();
const root = await mkdtemp(join(tmpdir(), 'palate-lists-'));
let engine: Engine;
beforeAll(async () => {
  engine = await open();
});

async function score(name: string, options: EverybodyOptions = {}, notices: string[] = []) {
  const sink = await ListFile.open(join(root, name), (notice) => notices.push(notice));
  try {
    return await scoreEverybody(engine, sink, { k: 5, blockSize: 8, ...options });
  } finally {
    await sink.close();
  }
}
const linesOf = async (name: string): Promise<UserList[]> =>
  (await readFile(join(root, name), 'utf8'))
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as UserList);

test('everybody gets the list that a request gives, in JSON lines and in Parquet', async () => {
  const report = await score('all.jsonl');
  expect(report).toMatchObject({ users: 36, scored: 36 });
  // Each user is counted once, by the engine and by the model that was asked.
  for (const { asked } of report.outcomes) expect(asked).toBe(36);
  const lists = await linesOf('all.jsonl');
  expect(lists.map(({ user }) => user)).toEqual(engine.userIds());
  for (const { user, items } of [lists[0], lists[35]] as UserList[]) {
    const answer = await engine.recommend({ user, k: 5 });
    expect(items.map(({ id }) => id)).toEqual(answer.items.map(({ id }) => id));
  }
  await score('all.parquet');
  const rows = await parquetReadObjects({ file: await asyncBufferFromFile(join(root, 'all.parquet')) });
  expect(rows).toEqual(
    lists.flatMap(({ user, items }) =>
      items.map(({ id, score }, at) => ({ user, rank: at + 1, item: id, score })),
    ),
  );
  // Nothing is left beside the files, which a later run replaces.
  expect((await readdir(root)).filter((name) => name.startsWith('all'))).toEqual([
    'all.jsonl',
    'all.parquet',
  ]);
  for (const name of ['all.jsonl', 'all.parquet'])
    expect(await score(name, { k: 2 })).toMatchObject({ scored: 36 });
  expect((await linesOf('all.jsonl')).every(({ items }) => items.length === 2)).toBe(true);
});

test('shares of the users are all of them, each once', async () => {
  const found: string[] = [];
  for (const part of [1, 2, 3]) {
    await score(`share-${part}.jsonl`, { shard: { part, of: 3 } });
    found.push(...(await linesOf(`share-${part}.jsonl`)).map(({ user }) => user));
  }
  expect(found.sort()).toEqual([...engine.userIds()].sort());
  await expect(score('share.jsonl', { shard: { part: 4, of: 3 } })).rejects.toThrow(/share such as/);
});

test('what was stopped goes on after the last whole block, and ends in the same file', async () => {
  const stop = new AbortController();
  await expect(
    score('stopped.jsonl', {
      signal: stop.signal,
      onProgress: ({ done }) => {
        if (done > 16) stop.abort();
      },
    }),
  ).rejects.toMatchObject({ code: 'cancelled' });
  expect(await readdir(root)).not.toContain('stopped.jsonl');
  expect(await score('stopped.jsonl')).toMatchObject({ users: 36, scored: 20 });
  await score('whole.jsonl');
  expect(await readFile(join(root, 'stopped.jsonl'))).toEqual(await readFile(join(root, 'whole.jsonl')));
});

test('other settings begin anew, and say so', async () => {
  const signal = AbortSignal.timeout(300_000);
  const stop = new AbortController();
  const stopped = score('other.jsonl', {
    signal: stop.signal,
    onProgress: ({ done }) => done > 8 && stop.abort(),
  });
  await expect(stopped).rejects.toMatchObject({ code: 'cancelled' });
  const notices: string[] = [];
  expect(await score('other.jsonl', { k: 3, signal }, notices)).toMatchObject({ scored: 36 });
  expect(notices).toEqual([expect.stringContaining('computed again')]);
});

test('a file of something else stays as it is', async () => {
  await writeFile(join(root, 'notes.jsonl'), '{"note":"mine"}\n');
  await writeFile(join(root, 'notes.parquet'), 'mine');
  await mkdir(join(root, 'foreign.jsonl.parts'));
  await writeFile(join(root, 'foreign.jsonl.parts', 'notes.txt'), 'mine');
  for (const [name, message] of [
    ['notes.jsonl', /holds something else/],
    ['notes.parquet', /holds something else/],
    ['lists.csv', /ends in .jsonl or .parquet/],
    ['nowhere/lists.jsonl', /an existing folder/],
    ['foreign.jsonl', /only blocks of lists.*notes.txt/],
  ] as const)
    await expect(score(name)).rejects.toThrow(message);
  expect(await readFile(join(root, 'notes.jsonl'), 'utf8')).toBe('{"note":"mine"}\n');
  expect(await readFile(join(root, 'foreign.jsonl.parts', 'notes.txt'), 'utf8')).toBe('mine');
});

test('two runs at one file: the second is told who is there', async () => {
  const first = await ListFile.open(join(root, 'both.jsonl'));
  const second: ListSink = await ListFile.open(join(root, 'both.jsonl'));
  await first.begin({ identity: 'a', blocks: 1 });
  await expect(second.begin({ identity: 'a', blocks: 1 })).rejects.toMatchObject({ code: 'store-locked' });
  await first.close();
  await second.begin({ identity: 'a', blocks: 1 });
  await second.close();
});
