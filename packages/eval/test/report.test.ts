import { InteractionLog, type Retriever, topK, unavailableItems } from '@palate/core';
import { expect, test } from 'vitest';
import {
  averageOverSeeds,
  evaluateRanking,
  type RankingResult,
  rankingReport,
  toHtml,
  toLatex,
  toMarkdown,
} from '../src/index.js';

const log = InteractionLog.fromRows([
  { user: 'u', item: 'a' },
  { user: 'u', item: 'b' },
  { user: 'v', item: 'b' },
  { user: 'v', item: 'c' },
]);
const data = { history: log.select(Int32Array.of(0, 2)), test: log.select(Int32Array.of(1, 3)) };

const system = (name: string, scores: number[]): Retriever => ({
  name,
  items: log.items,
  retrieve: async (queries, k, options) =>
    queries.map((query) => topK(Float32Array.from(scores), k, unavailableItems(query, 3, options))),
});

async function results(): Promise<RankingResult[]> {
  const metrics = ['hr@1', 'ndcg@2'];
  return [
    await evaluateRanking(system('A | B', [1, 2, 3]), data, { metrics, seed: 1 }),
    await evaluateRanking(system('best <one>', [1, 3, 2]), data, { metrics, seed: 1 }),
  ];
}

const published = [
  { system: 'paper', metrics: { 'hr@1': { mean: 0.9 } }, source: 'Someone 2020, Table 1', note: 'sampled' },
];

test('Markdown: best measured first and bold, published rows after with their source', async () => {
  const text = toMarkdown(rankingReport('Toy', await results(), { published }));
  expect(text.split('\n').slice(2)).toEqual([
    '| system | hr@1 | ndcg@2 | |',
    '|---|---:|---:|---|',
    expect.stringMatching(
      /^\| best <one> \| \*\*1\.0000 \[1\.0000, 1\.0000\]\*\* \| \*\*1\.0000 .*\*\* \| {2}\|$/,
    ),
    expect.stringMatching(/^\| A \\\| B \| 0\.5000 \[0\.0000, 1\.0000\] \|/),
    '| paper | 0.9000 |  | published: Someone 2020, Table 1; sampled |',
    '',
  ]);
  expect(text).toContain('full catalogue; history masked; pessimistic ties; binary relevance');
});

test('LaTeX escapes what it must', async () => {
  const text = toLatex(rankingReport('Toy', await results(), { published }));
  expect(text).toContain('best $<$one$>$ & \\textbf{1.0000');
  expect(text).toContain('paper (published) & 0.9000 &  \\\\');
  expect(
    toLatex({ title: 't', caption: 'c', metrics: ['a_b'], rows: [{ system: '50 % & more', metrics: {} }] }),
  ).toContain('50 \\% \\& more');
});

test('HTML holds the table and a drawn chart for each metric', async () => {
  const page = await toHtml(rankingReport('Toy <1>', await results(), { published }));
  expect(page).toContain('<h1>Toy &lt;1&gt;</h1>');
  expect(page.match(/<svg/g)).toHaveLength(2);
  expect(page).toContain('<th>best &lt;one&gt;</th>');
});

test('numbers under different protocols do not stand in one table', async () => {
  const [first] = await results();
  const other = await evaluateRanking(system('C', [1, 2, 3]), data, {
    metrics: ['hr@1'],
    maskHistory: false,
  });
  expect(() => rankingReport('x', [first as RankingResult, other])).toThrow(/one protocol/);
  expect(() => rankingReport('x', [])).toThrow(/at least one result/);
});

test('averages over seeds carry their deviation and refuse to mix systems', async () => {
  const [a, b] = (await results()) as [RankingResult, RankingResult];
  const second = { ...a, seed: 2, metrics: { ...a.metrics, 'hr@1': { mean: 0.7 } } };
  const average = averageOverSeeds([a, second]);
  expect(average.seeds).toEqual([1, 2]);
  expect(average.metrics['hr@1']?.mean).toBeCloseTo(0.6, 12);
  expect(average.metrics['hr@1']?.deviation).toBeCloseTo(Math.sqrt(0.02), 12);
  expect(averageOverSeeds([a]).metrics['hr@1']).toEqual({ mean: 0.5 });
  expect(() => averageOverSeeds([a, b])).toThrow(/one system/);
  expect(toMarkdown(rankingReport('s', [average]))).toContain('0.6000 ± 0.1414');
});
