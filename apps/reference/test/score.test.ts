import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { importDataset } from '@palate/datasets';
import { beforeAll, describe, expect, test } from 'vitest';
import { findRedis, startRedis } from '../../../packages/jobs/test/redis-server.js';
import { ENVIRONMENT, interrupted, PALATE, palate } from './cli.js';

const USERS = 2000;

const found = await findRedis();
const why = 'missing' in found ? `: ${found.missing}` : '';
let folder = '';
let data = '';
const command = (name: string): string[] => [
  ...['score', '--everybody', '--data', data, '--artifacts', join(folder, 'models')],
  ...['--system', 'item-knn', '--k', '4', '--block', '20', '--out', join(folder, name)],
];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'palate-score-'));
  const interactions = join(folder, 'orders.csv');
  const rows = Array.from({ length: 3 * USERS }, (_, k) => {
    const user = Math.floor(k / 3);
    return `u${user},i${(user * 7 + (k % 3) * 5) % 30},${1_600_000_000 + k}`;
  });
  await writeFile(interactions, `user,item,time\n${rows.join('\n')}\n`);
  data = join(folder, 'data');
  await importDataset({ interactions, folder: data });
});

test('palate score: killed in the middle it goes on after its last block, and ends in the same file', async () => {
  const whole = await palate([...command('whole.jsonl'), '--json']);
  expect(whole.stderr).toBe('');
  const { users, scored } = JSON.parse(whole.stdout) as { users: number; scored: number };
  expect([users, scored]).toEqual([USERS, USERS]);
  const { code } = await interrupted(
    [...command('killed.jsonl'), '--progress'],
    `lists of users 60 of ${USERS}`,
    { by: 'SIGKILL' },
  );
  expect(code).toBeNull();
  const again = await palate([...command('killed.jsonl'), '--json']);
  const after = JSON.parse(again.stdout) as { users: number; scored: number };
  expect(after.users).toBe(users);
  // Two blocks were on the disk before the third was told of.
  expect(after.scored).toBeLessThanOrEqual(USERS - 40);
  expect(await readFile(join(folder, 'killed.jsonl'))).toEqual(await readFile(join(folder, 'whole.jsonl')));
  const refused = await palate(command('lists.csv'));
  expect(refused).toMatchObject({ code: 1, stderr: expect.stringMatching(/ends in \.jsonl or \.parquet/) });
});

describe.skipIf('missing' in found)(`palate worker${why}`, () => {
  test('finds the shares of a run, also where one is killed; palate jobs says how far it is', async () => {
    const redis = await startRedis('bin' in found ? found.bin : '');
    const workers: ChildProcess[] = [];
    const startWorker = async (): Promise<ChildProcess> => {
      const child = spawn(process.execPath, [PALATE, 'worker', '--queue', redis.url, '--lease', '1'], {
        env: ENVIRONMENT,
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      workers.push(child);
      await new Promise((resolve) => child.stdout?.once('data', resolve));
      return child;
    };
    try {
      const first = await startWorker();
      const running = palate([...command('shares.jsonl'), '--queue', redis.url, '--shares', '3', '--json']);
      const counts = async () =>
        JSON.parse((await palate(['jobs', '--queue', redis.url, '--json'])).stdout) as Record<string, number>;
      const isBegun = ({ running = 0, done = 0 }: Record<string, number>): boolean => running + done > 0;
      while (!isBegun(await counts())) await new Promise((resolve) => setTimeout(resolve, 50));
      first.kill('SIGKILL');
      const second = await startWorker();
      expect(JSON.parse((await running).stdout)).toMatchObject({ users: USERS });
      expect(await counts()).toMatchObject({ waiting: 0, running: 0, done: 3, failed: {} });
      const lines = await Promise.all(
        [1, 2, 3].map(async (part) => readFile(join(folder, `shares-${part}-of-3.jsonl`), 'utf8')),
      );
      const found = lines.flatMap((text) => text.trimEnd().split('\n'));
      const whole = (await readFile(join(folder, 'whole.jsonl'), 'utf8')).trimEnd().split('\n');
      expect(found.sort()).toEqual(whole.sort());
      const ended = new Promise((resolve) => second.once('exit', resolve));
      second.kill('SIGTERM');
      expect(await ended).toBe(0);
    } finally {
      for (const worker of workers) worker.kill('SIGKILL');
      await redis.stop();
    }
  });
});
