import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { interrupted, palate } from './cli.js';

let artifacts: string;
beforeAll(async () => {
  artifacts = await mkdtemp(join(tmpdir(), 'palate-cli-'));
});
afterAll(() => rm(artifacts, { recursive: true, force: true }));

describe('palate recommend', () => {
  test('to a user of the data, as JSON, without what the user has rated', async () => {
    const { code, stdout } = await palate([
      'recommend',
      '--user',
      '36',
      '--system',
      'item-knn',
      '--k',
      '5',
      '--artifacts',
      artifacts,
      '--json',
    ]);
    expect(code).toBe(0);
    const answer = JSON.parse(stdout);
    expect(answer.history).toHaveLength(12);
    expect(answer.recommendations).toHaveLength(5);
    const rated = new Set(answer.history.map(({ id }: { id: string }) => id));
    for (const { id, score } of answer.recommendations) {
      expect(rated.has(id)).toBe(false);
      expect(score).toBeGreaterThan(0);
    }
    expect(await readdir(join(artifacts, 'bundled'))).toEqual(['item-knn']);
  });

  test('to anybody from titles, however they are typed', async () => {
    const typed = 'alien; The Shining (1980); les miserables';
    const { stdout } = await palate([
      'recommend',
      '--history',
      typed,
      '--system',
      'item-knn',
      '--artifacts',
      artifacts,
      '--json',
    ]);
    expect(JSON.parse(stdout).history.map(({ title }: { title: string }) => title)).toEqual([
      'Alien (1979)',
      'The Shining (1980)',
      'Les Misérables (2012)',
    ]);
    const fine = await palate([
      'recommend',
      '--history',
      'iron man 3; OBLIVION',
      '--system',
      'item-knn',
      '--artifacts',
      artifacts,
    ]);
    expect(fine.stdout).toMatch(
      /^ItemKNN on MovieTweetings 100K, 5-core, from 2 films: Iron Man 3 \(2013\), Oblivion \(2013\)\n {2}1\. /,
    );
  });

  test('what cannot be done is one line with a code, and exit status 1; wrong usage is 2', async () => {
    const typo = await palate(['recommend', '--history', 'Iron Mann 3', '--artifacts', artifacts]);
    expect(typo).toMatchObject({ code: 1, stdout: '' });
    expect(typo.stderr).toMatch(
      /^palate: .*"Iron Mann 3".*Did you mean Iron Man 3 \(2013\).*\[invalid-input\]\n$/,
    );
    expect((await palate(['recommend', '--artifacts', artifacts])).stderr).toMatch(
      /either --user ID or --history/,
    );
    expect(
      (await palate(['recommend', '--user', 'nobody', '--json', '--artifacts', artifacts])).stdout,
    ).toMatch(/"code":"unknown-id"/);
    expect((await palate(['recommend', '--user', '36', '--k', '0'])).code).toBe(2);
    expect((await palate(['recommand'])).code).toBe(2);
    expect((await palate(['fit', '--systems', 'esae', '--artifacts', artifacts])).stderr).toMatch(
      /systems among popularity.*"esae"/,
    );
    expect((await palate(['fit', '--data', 'netflix', '--artifacts', artifacts])).stderr).toMatch(
      /a data set among bundled/,
    );
  });
});

describe('palate fit', () => {
  test('keeps artifacts, leaves current ones alone, and fits again when forced or when they are damaged', async () => {
    const fit = async (...more: string[]): Promise<{ system: string; reused: boolean }[]> =>
      JSON.parse(
        (
          await palate([
            'fit',
            '--systems',
            'popularity,user-knn',
            '--artifacts',
            artifacts,
            '--json',
            ...more,
          ])
        ).stdout,
      );
    expect((await fit()).map(({ reused }) => reused)).toEqual([false, false]);
    expect((await fit()).map(({ reused }) => reused)).toEqual([true, true]);
    expect((await fit('--force')).map(({ reused }) => reused)).toEqual([false, false]);
    await writeFile(join(artifacts, 'bundled', 'popularity', 'manifest.json'), 'damaged');
    expect((await fit()).map(({ reused }) => reused)).toEqual([false, true]);
  });

  test('Ctrl-C stops with status 130 and leaves no broken artifact', async () => {
    const dir = join(artifacts, 'interrupted');
    const { code, stderr } = await interrupted(
      ['fit', '--systems', 'ials', '--progress', '--artifacts', dir],
      'fit iALS',
    );
    expect(code).toBe(130);
    expect(stderr).toMatch(/nothing half written is left/);
    const left = await readdir(join(dir, 'bundled')).catch(() => []);
    expect(left).toEqual([]);
  });
});

test('palate evaluate prints a table with its protocol, or records', async () => {
  const table = await palate(['evaluate', '--systems', 'popularity,item-knn']);
  expect(table.stdout).toMatch(
    /full catalogue; history masked; pessimistic ties; binary relevance; leave-one-out/,
  );
  expect(table.stdout.indexOf('ItemKNN')).toBeLessThan(table.stdout.indexOf('Popularity'));
  const [record] = JSON.parse(
    (await palate(['evaluate', '--systems', 'popularity', '--metrics', 'hr@10', '--json'])).stdout,
  );
  // Popularity of everything but the last interaction: an independent numpy run gives .1502.
  expect(record.metrics['hr@10'].mean).toBeCloseTo(0.1502, 4);
});

test('palate datasets lists the bundled data and what lies in PALATE_DATA', async () => {
  const folder = await mkdtemp(join(artifacts, 'data-'));
  await mkdir(join(folder, 'amazon-beauty'));
  const line = (user: number): string => `${user} ${Array.from({ length: 6 }, (_, k) => k + 1).join(' ')}`;
  await writeFile(
    join(folder, 'amazon-beauty', 'Beauty.txt'),
    Array.from({ length: 6 }, (_, user) => line(user)).join('\n'),
  );
  const { stdout } = await palate(['datasets', '--json'], { PALATE_DATA: folder });
  const rows = JSON.parse(stdout) as { key: string; path: string; statistics: { users: number } }[];
  expect(rows[0]).toMatchObject({ key: 'bundled', statistics: { users: 4333 } });
  expect(rows.find(({ key }) => key === 'beauty')).toMatchObject({
    path: join(folder, 'amazon-beauty', 'Beauty.txt'),
    statistics: { users: 6 },
  });
});

test('palate doctor says what works and how to mend what does not', async () => {
  const { code, stdout } = await palate(['doctor', '--json'], { PALATE_LLM: '' });
  expect(code).toBe(0);
  const findings = new Map(
    (JSON.parse(stdout) as { part: string; works: boolean; mend?: string }[]).map((each) => [
      each.part,
      each,
    ]),
  );
  expect(findings.get('onnxruntime-node')).toMatchObject({ works: true });
  expect(findings.get('@tensorflow/tfjs-node')).toMatchObject({
    works: false,
    mend: expect.stringContaining('npm install @tensorflow/tfjs-node'),
  });
  expect(findings.get('language model')).toMatchObject({ works: false });
});

test('palate start shows a history and every recommender side by side within 120 columns', async () => {
  const { code, stdout } = await palate(['start', '--k', '3', '--artifacts', artifacts]);
  expect(code).toBe(0);
  for (const name of ['Popularity', 'ItemKNN', 'UserKNN', 'EASE', 'iALS', 'BPR-MF', 'BM25'])
    expect(stdout).toContain(`${name} (`);
  expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(120);
  expect(stdout).toContain('The user 36 rated, oldest first:');
  const manifest = JSON.parse(await readFile(join(artifacts, 'bundled', 'ease', 'manifest.json'), 'utf8'));
  expect(manifest).toMatchObject({ kind: 'ease', config: { lambda: 500 } });
});
