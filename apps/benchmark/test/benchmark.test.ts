import { type ExecFileException, execFile, spawn } from 'node:child_process';
import { copyFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { RankingResult } from '@palate/eval';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { compiledProgram } from '../../../scripts/compiled-program.js';
import { suiteMarkdown } from '../src/leaderboard.js';
import { readCells } from '../src/results.js';
import { combinations, labelOf } from '../src/suite.js';
import { SUITES } from '../src/suites/index.js';
import { SYSTEMS } from '../src/systems.js';
import { readUserValues, writeUserValues } from '../src/user-values.js';

const BENCHMARK = await compiledProgram(fileURLToPath(new URL('../src/main.ts', import.meta.url)));

function benchmark(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [BENCHMARK, ...args], { maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
      resolve({ code: Number((error as ExecFileException | null)?.code ?? 0), stdout, stderr });
    });
  });
}

let results: string;
beforeAll(async () => {
  results = await mkdtemp(join(tmpdir(), 'palate-benchmark-'));
});
afterAll(() => rm(results, { recursive: true, force: true }));

const run = (...labels: string[]) =>
  benchmark('run', 'movietweetings-classic', '--only', labels.join(';'), '--results', results);

test('suites name registered systems, unique rows and options that are not empty', () => {
  for (const suite of SUITES) {
    const labels = suite.systems.map(labelOf);
    expect(new Set(labels).size).toBe(labels.length);
    for (const { system } of suite.systems) expect(Object.keys(SYSTEMS)).toContain(system);
    expect(suite.metrics).toContain(suite.selectBy);
  }
  expect(combinations({ a: [1, 2], b: ['x'] })).toEqual([
    { a: 1, b: 'x' },
    { a: 2, b: 'x' },
  ]);
});

test('the committed records of every suite make its table: a measured row for each label', async () => {
  const folder = fileURLToPath(new URL('../results', import.meta.url));
  for (const suite of SUITES) {
    const own = join(folder, suite.name);
    const measured = new Set((await readCells(own)).map(({ label }) => label));
    if (measured.size === 0) {
      // A suite that nobody has run yet says so, and makes no empty table.
      await expect(suiteMarkdown(suite, own, suite.name)).rejects.toThrow(
        `palate-benchmark run ${suite.name}`,
      );
      continue;
    }
    const table = await suiteMarkdown(suite, own, suite.name);
    // A second table holds the paired tests.
    const [first = ''] = table.split('Paired tests of ');
    const rows = first.split('\n').filter((line) => line.startsWith('| ') && !line.includes('published:'));
    // The heading is a row too.
    expect(rows.length - 1).toBe(suite.systems.map(labelOf).filter((label) => measured.has(label)).length);
  }
});

test('values of users are kept to single precision, and only for the measurement that they belong to', async () => {
  const cell = { label: 'A (b)', seed: 3, key: 'one' };
  const values = { 'ndcg@10': [0, 1, 1 / 3, Number.NaN], 'hr@10': [1, 1, 1, 1] };
  const result = { perUser: { users: ['x', 'y', 'z', 'w'], values } } as unknown as RankingResult;
  await writeUserValues(results, cell, result, 'ndcg@10');
  expect(await readUserValues(results, cell)).toEqual({
    users: ['0', '1', '2', '3'],
    values: { 'ndcg@10': [0, 1, Math.fround(1 / 3), Number.NaN] },
  });
  expect(await readUserValues(results, { ...cell, key: 'other' })).toBeUndefined();
  expect(await readUserValues(results, { ...cell, seed: 4 })).toBeUndefined();
});

test('a suite is measured cell by cell, goes on where it was, and writes its leaderboard', async () => {
  const first = await run('random', 'ease 500');
  expect(first.code).toBe(0);
  expect((await readdir(join(results, 'movietweetings-classic', 'cells'))).sort()).toEqual([
    'ease-500-seed-0.json',
    'random-seed-0.json',
    'random-seed-1.json',
    'random-seed-2.json',
  ]);
  // An independent numpy run of EASE 500 gives .1689 / .0890.
  expect(first.stdout).toMatch(/ease 500, seed 0: ndcg@10 0\.0890, hr@10 0\.1689/);
  const cell = join(results, 'movietweetings-classic', 'cells', 'ease-500-seed-0.json');
  const before = await readFile(cell, 'utf8');
  await writeFile(
    join(results, 'movietweetings-classic', 'cells', 'random-seed-1.json'),
    '{"label": "cut sho',
  );
  const second = await run('random', 'ease 500');
  expect(second.stdout).toMatch(/ease 500, seed 0: measured before/);
  expect(second.stdout).toMatch(/random, seed 0: measured before\nrandom, seed 1: ndcg@10/);
  expect(await readFile(cell, 'utf8')).toBe(before);
  const table = await readFile(join(results, 'movietweetings-classic', 'leaderboard.md'), 'utf8');
  expect(table).toMatch(/\| ease 500 \| \*\*0\.0890 \[/);
  expect(table).toMatch(/\| random \| 0\.\d{4} ± /);
  expect(table).toMatch(/Paired tests of ndcg@10 over users \(paired t-test, two-sided\)/);
  expect(table).toMatch(/^\| ease 500 \| random \| \+0\.08\d\d \| &lt; \.0001 \| &lt; \.0001 \|/m);
  expect(table).toMatch(/EASE 500 \| 0\.0890 .*published: independent numpy run/);
  expect(await readFile(join(results, 'movietweetings-classic', 'leaderboard.html'), 'utf8')).toContain(
    '<svg',
  );
  const folder = join(results, 'movietweetings-classic', 'cells');
  for (const [name, seconds] of [
    ['ease-500-seed-0.json', 150],
    ['random-seed-1.json', 7560],
  ] as const) {
    const record = JSON.parse(await readFile(join(folder, name), 'utf8'));
    await writeFile(join(folder, name), JSON.stringify({ ...record, fitSeconds: seconds }));
  }
  const { stdout } = await benchmark('leaderboard', 'movietweetings-classic', '--results', results);
  expect(stdout).toMatch(/^\| ease 500 .*\| fitted in 3 min \|$/m);
  expect(stdout).toMatch(/^\| random .*\| fitted in 2\.1 h \|$/m);
});

test('tuning looks at the validation part, keeps what it tried and goes on after a kill', async () => {
  const child = spawn(process.execPath, [
    BENCHMARK,
    'run',
    'movietweetings-classic',
    '--only',
    'popularity, recent',
    '--results',
    results,
  ]);
  await new Promise<void>((resolve) => {
    child.stdout.on('data', (chunk: Buffer) => {
      if (chunk.toString().includes('on validation')) child.kill('SIGKILL');
    });
    child.on('close', () => resolve());
  });
  const path = join(results, 'movietweetings-classic', 'tuning', 'popularity-recent.json');
  const tried = (JSON.parse(await readFile(path, 'utf8')) as { tried: unknown[] }).tried.length;
  expect(tried).toBeGreaterThanOrEqual(1);
  const { stdout } = await run('popularity, recent');
  expect(stdout.match(/on validation/g) ?? []).toHaveLength(5 - tried);
  const tuning = JSON.parse(await readFile(path, 'utf8')) as {
    chosen: unknown;
    tried: { options: unknown; value: number }[];
  };
  expect(tuning.tried).toHaveLength(5);
  const best = tuning.tried.reduce((a, b) => (b.value > a.value ? b : a));
  expect(tuning.chosen).toEqual(best.options);
});

test('a study stops in the middle of a fit when it is interrupted, and keeps what it measured', async () => {
  const child = spawn(process.execPath, [BENCHMARK, 'study', 'ratings', '--results', results]);
  let said = '';
  let complaint = '';
  child.stderr.on('data', (chunk: Buffer) => {
    complaint += chunk.toString();
  });
  const code = await new Promise<number | null>((resolve) => {
    child.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      // What comes next is the first model that is trained.
      if (/user mean .*\(\d+ s\)/.test(said)) child.kill('SIGINT');
    });
    child.on('close', resolve);
  });
  expect(code).toBe(130);
  expect(complaint).toMatch(/\[cancelled\]/);
  expect((await readdir(join(results, 'ratings', 'cells'))).sort()).toEqual([
    'global-mean-seed-0.json',
    'item-mean-seed-0.json',
    'user-mean-of-the-past-seed-0.json',
  ]);
});

test('the table goes between the markers of a README', async () => {
  const readme = join(results, 'README.md');
  await writeFile(readme, 'before\n<!-- results:movietweetings-classic -->\nold\n<!-- /results -->\nafter\n');
  expect((await benchmark('readme', readme, '--results', results)).stdout).toBe(
    'movietweetings-classic: written\n',
  );
  const text = await readFile(readme, 'utf8');
  expect(text).toMatch(/^before\n<!-- results:movietweetings-classic -->\n\*\*MovieTweetings 100K/);
  expect(text).toMatch(/<!-- \/results -->\nafter\n$/);
  expect(text).not.toContain('old');
  await copyFile(readme, join(results, 'again.md'));
  await benchmark('readme', readme, '--results', results);
  expect(await readFile(readme, 'utf8')).toBe(await readFile(join(results, 'again.md'), 'utf8'));
});

test('unknown suites and rows, and results that are not there, are clear errors', async () => {
  expect(await benchmark('run', 'netflix')).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/a suite among movietweetings-classic/),
  });
  expect((await run('esae')).stderr).toMatch(/rows among random, popularity/);
  expect((await benchmark('leaderboard', 'beauty-classic', '--results', results)).stderr).toMatch(
    /Run it first/,
  );
});
