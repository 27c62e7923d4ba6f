import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { importDataset } from '@palate/datasets';
import { beforeAll, describe, expect, test } from 'vitest';
import { findRedis, startRedis } from '../../../packages/jobs/test/redis-server.js';
import { ENVIRONMENT, PALATE, palate } from './cli.js';

const found = await findRedis();
const why = 'missing' in found ? `: ${found.missing}` : '';
let folder = '';
let given: string[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'palate-cells-'));
  const interactions = join(folder, 'orders.csv');
  const rows = Array.from({ length: 1200 }, (_, k) => {
    const user = Math.floor(k / 6);
    return `u${user},i${(user * 7 + (k % 6) * 5) % 40},${1_600_000_000 + k}`;
  });
  await writeFile(interactions, `user,item,time\n${rows.join('\n')}\n`);
  const data = join(folder, 'data');
  await importDataset({ interactions, folder: data });
  given = ['--data', data, '--artifacts', join(folder, 'models')];
});

interface Tried {
  readonly trials: readonly { readonly settings: { readonly neighbours: number }; readonly value: number }[];
}

test('palate tune ranks all combinations of a grid, and refuses values that no option takes before it fits', async () => {
  const tune = ['tune', ...given, '--system', 'item-knn', '--json', '--grid'];
  const { stdout, stderr } = await palate([...tune, '{"neighbours":[1,30]}']);
  expect(stderr).toBe('');
  const { trials } = JSON.parse(stdout) as Tried;
  expect(trials.map(({ settings }) => settings.neighbours).sort()).toEqual([1, 30]);
  expect(trials[0]?.value).toBeGreaterThanOrEqual(trials[1]?.value ?? 2);
  const refused = await palate([...tune, '{"neighbors":[1]}']);
  expect(refused.code).toBe(1);
  expect(refused.stdout).toMatch(/neighbours/);
});

describe.skipIf('missing' in found)(`systems measured by workers${why}`, () => {
  test('give what one process gives, and are not measured again', async () => {
    const redis = await startRedis('bin' in found ? found.bin : '');
    let worker: ChildProcess | undefined;
    try {
      worker = spawn(process.execPath, [PALATE, 'worker', '--queue', redis.url], {
        env: ENVIRONMENT,
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      await new Promise((resolve) => worker?.stdout?.once('data', resolve));
      const evaluate = ['evaluate', ...given, '--systems', 'item-knn,popularity', '--json'];
      const metricsOf = (text: string) =>
        (JSON.parse(text) as { system: string; metrics: Record<string, unknown> }[]).map(
          ({ system, metrics }) => ({
            system,
            metrics,
          }),
        );
      const here = metricsOf((await palate(evaluate)).stdout);
      expect(here).toHaveLength(2);
      expect(metricsOf((await palate([...evaluate, '--queue', redis.url])).stdout)).toEqual(here);
      worker.kill('SIGKILL');
      // Nobody works now: what is measured is found.
      expect(metricsOf((await palate([...evaluate, '--queue', redis.url])).stdout)).toEqual(here);
    } finally {
      worker?.kill('SIGKILL');
      await redis.stop();
    }
  });
});
