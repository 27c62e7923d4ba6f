import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { importDataset } from '@palate/datasets';
import { expect, test } from 'vitest';
import { interrupted, palate } from './cli.js';

const USERS = 2000;

test('palate score: killed in the middle it goes on after its last block, and ends in the same file', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'palate-score-'));
  const interactions = join(folder, 'orders.csv');
  const rows = Array.from({ length: 3 * USERS }, (_, k) => {
    const user = Math.floor(k / 3);
    return `u${user},i${(user * 7 + (k % 3) * 5) % 30},${1_600_000_000 + k}`;
  });
  await writeFile(interactions, `user,item,time\n${rows.join('\n')}\n`);
  const data = join(folder, 'data');
  await importDataset({ interactions, folder: data });
  const command = (name: string): string[] => [
    ...['score', '--everybody', '--data', data, '--artifacts', join(folder, 'models')],
    ...['--system', 'item-knn', '--k', '4', '--block', '20', '--out', join(folder, name)],
  ];
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
