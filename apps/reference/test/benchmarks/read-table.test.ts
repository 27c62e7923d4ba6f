import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Report, toMarkdown } from '@palate/eval';
import { describe, expect, it } from 'vitest';
import { BenchmarkReader } from '../../src/benchmarks/benchmark-reader.js';
import { readBenchmarks } from '../../src/benchmarks/read-benchmarks.js';
import { readTable } from '../../src/benchmarks/read-table.js';
import { readValue } from '../../src/benchmarks/table-values.js';

const COMMITTED = fileURLToPath(new URL('../../../benchmark/results', import.meta.url));

describe('readValue', () => {
  it.each([
    ['0.0543 [0.0498, 0.0587]', { mean: 0.0543, low: 0.0498, high: 0.0587 }],
    ['**0.4430 ± 0.0030**', { mean: 0.443, deviation: 0.003, isBest: true }],
    ['-0.03 ± 0.31 %', { mean: -0.03, deviation: 0.31, unit: '%' }],
    ['−0.0012', { mean: -0.0012 }],
    ['1.61', { mean: 1.61 }],
    ['0.0 %', { mean: 0, unit: '%' }],
    ['.3640', { mean: 0.364 }],
    ['0.1000 (up to 0.1200 by ties)', { mean: 0.1 }],
  ])('reads the numbers of %s', (text, numbers) => {
    expect(readValue(text)).toMatchObject(numbers);
  });

  it.each([
    '',
    'items and language',
    '4, 1.5, 3',
    '1.7666 / 1.7308',
    '308, 258, 124',
    'MF',
    '[-0.0010, 0.0041]',
  ])('leaves %j as words', (text) => {
    expect(readValue(text)).toEqual({ text });
  });
});

describe('readTable', () => {
  it('reads back what the report of eval writes, names of any origin included', () => {
    const system = 'a | <b>_bold_</b> \\ & co';
    const report: Report = {
      title: 'A title with * and |',
      caption: 'full catalogue',
      metrics: ['ndcg@10'],
      rows: [{ system, metrics: { 'ndcg@10': { mean: 0.25 } }, source: 'A paper, Table 1' }],
    };
    const table = readTable(toMarkdown(report), 'x.md');
    expect(table.title).toBe('A title with * and |');
    expect(table.columns).toEqual(['system', 'ndcg@10']);
    expect(table.rows).toEqual([
      { cells: [{ text: system }, { text: '0.2500', mean: 0.25 }], published: 'A paper, Table 1' },
    ]);
  });

  it('names the line whose cells do not fit the head', () => {
    expect(() => readTable('**t**\n\n| a | b |\n| --- | ---: |\n| 1 |\n', 'x.md')).toThrow(
      /2 cells in line 5 of x\.md/,
    );
  });

  it('refuses a text without a table', () => {
    expect(() => readTable('nothing here', 'x.md')).toThrow(/Markdown table in x\.md/);
  });
});

describe('readBenchmarks', () => {
  it('reads every committed table, with intervals, sources and costs', async () => {
    const tables = await readBenchmarks(COMMITTED);
    for (const { rows, columns, title, notes } of tables) {
      expect(title).not.toBe('');
      expect(notes.length).toBeGreaterThan(0);
      expect(rows.length).toBeGreaterThan(0);
      for (const { cells } of rows) expect(cells).toHaveLength(columns.length);
    }
    const ml = tables.find(({ name }) => name === 'ml-1m-classic');
    expect(ml?.kind).toBe('leaderboard');
    // ARXIV 2305.07622, Table 2 of the paper gives BPR-MF .0158.
    const bpr = ml?.rows.find(({ cells }) => cells[0]?.text === 'BPR-MF');
    expect(bpr?.cells[1]?.mean).toBe(0.0158);
    expect(bpr?.published).toContain('2305.07622');
    const ours = ml?.rows.filter(({ published }) => published === undefined) ?? [];
    expect(ours.length).toBeGreaterThan(5);
    for (const { cost } of ours) expect(cost?.users).toBe(6040);
  });

  it('reads a folder that holds other things too, and a damaged record beside a whole table', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'benchmarks-'));
    await mkdir(join(folder, 'mine', 'cells'), { recursive: true });
    await writeFile(join(folder, 'notes.txt'), 'not a table');
    await writeFile(
      join(folder, 'mine', 'leaderboard.md'),
      '**Mine** (full)\n\n| system | m | |\n|---|---:|---|\n| a | 1 |  |\n',
    );
    await writeFile(join(folder, 'mine', 'cells', 'a.json'), '{"label":"a","fitSec');
    const [mine, ...others] = await readBenchmarks(folder);
    expect(others).toEqual([]);
    expect(mine?.rows).toEqual([{ cells: [{ text: 'a' }, { text: '1', mean: 1 }] }]);
    expect(mine?.notes).toEqual(['full']);
  });

  it('is done once, and again when a file has changed', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'benchmarks-'));
    const table = (value: number): string =>
      `**Mine** (full)\n\n| system | m |\n|---|---:|\n| a | ${value} |\n`;
    const path = join(folder, 'mine', 'leaderboard.md');
    await mkdir(join(folder, 'mine'));
    await writeFile(path, table(1));
    const reader = new BenchmarkReader(folder);
    const before = await reader.tables();
    expect(await reader.tables()).toBe(before);
    await writeFile(path, table(25));
    const after = await reader.tables();
    expect([before, after].map(([first]) => first?.rows[0]?.cells[1]?.mean)).toEqual([1, 25]);
    await rm(folder, { recursive: true });
    await expect(reader.tables()).rejects.toThrow(folder);
  });

  it('names a folder that is not there', async () => {
    await expect(readBenchmarks('/nowhere/at/all')).rejects.toThrow(/\/nowhere\/at\/all.*ENOENT/s);
    await expect(new BenchmarkReader('/nowhere/at/all').tables()).rejects.toThrow(/\/nowhere\/at\/all/);
  });
});
