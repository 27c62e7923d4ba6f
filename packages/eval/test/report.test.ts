import { InteractionLog, type Retriever, topK, unavailableItems } from '@palate/core';
import { describe, expect, test } from 'vitest';
import {
  averageOverSeeds,
  drawChart,
  evaluateRanking,
  type RankingResult,
  rankingReport,
  reportChart,
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
  expect(text.split('\n').slice(2, 7)).toEqual([
    '| system | hr@1 | ndcg@2 | |',
    '|---|---:|---:|---|',
    expect.stringMatching(
      /^\| best &lt;one&gt; \| \*\*1\.0000 \[1\.0000, 1\.0000\]\*\* \| \*\*1\.0000 .*\*\* \| {2}\|$/,
    ),
    expect.stringMatching(/^\| A \\\| B \| 0\.5000 \[0\.0000, 1\.0000\] \|/),
    '| paper | 0.9000 |  | published: Someone 2020, Table 1; sampled |',
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

test('a chart keeps names on one line, without what no XML may hold', async () => {
  const name = 'a\u001b[31m <b>&\n\u0008c';
  const report = {
    title: 'x',
    caption: 'y',
    metrics: ['hr@1'],
    rows: [{ system: name, metrics: { 'hr@1': { mean: 0.5 } } }],
  };
  const svg = await drawChart(reportChart(report, 'hr@1'));
  expect(svg).toContain('>a &lt;b&gt;&amp; c<');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the characters that XML 1.0 has not
  expect(svg).not.toMatch(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/);
});

test('a chart writes every name out, keeps rows of one name apart and tells published figures from measured ones', async () => {
  const long = 'a system whose name takes far more room than a chart gives to names by default';
  const row = (system: string, mean: number, source?: string) => ({
    system,
    metrics: { hit: { mean } },
    source,
  });
  const chart = reportChart(
    {
      title: 't',
      caption: 'c',
      metrics: ['hit'],
      rows: [
        row(long, 0.5),
        row('SASRec', 0.4),
        row('SASRec', 0.3, 'S3-Rec, CIKM 2020'),
        row('SASRec', 0.2, 'TIGER; Table 1'),
      ],
    },
    'hit',
  );
  const svg = await drawChart(chart);
  expect(svg).toContain(`>${long}<`);
  for (const name of ['SASRec', 'SASRec (S3-Rec)', 'SASRec (TIGER)', 'measured here', 'published by others'])
    expect(svg).toContain(`>${name}<`);
  // Two circles and two diamonds, each in the colour of its kind, beside those of the legend.
  const drawn = [...svg.matchAll(/aria-roledescription="point"[^>]*fill="(#\w+)"/g)].map(([, fill]) => fill);
  expect(drawn).toHaveLength(4);
  expect(new Set(drawn).size).toBe(2);
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
  const foul = { ...a, violations: { queries: 10, violated: 5, kinds: { 'short list': 5 }, firstUsers: {} } };
  expect(() => averageOverSeeds([a, foul])).toThrow(/short list 5/);
  expect(() => averageOverSeeds([a, b])).toThrow(/one system/);
  expect(toMarkdown(rankingReport('s', [average]))).toContain('0.6000 ± 0.1414');
});

test('numbers of different data do not stand in one table', async () => {
  const [first] = await results();
  const other = InteractionLog.fromRows([
    { user: 'u', item: 'a' },
    { user: 'u', item: 'c' },
    { user: 'v', item: 'b' },
  ]);
  const parts = { history: other.select(Int32Array.of(0)), test: other.select(Int32Array.of(1, 2)) };
  const elsewhere = await evaluateRanking({ ...system('C', [1, 2, 3]), items: other.items }, parts, {
    metrics: ['hr@1', 'ndcg@2'],
    seed: 1,
  });
  expect(() => rankingReport('x', [first as RankingResult, elsewhere])).toThrow(/C on another history/);
});

test('the lowest Gini is bold and leads, and no popularity is', async () => {
  const [a, b] = (await results()) as [RankingResult, RankingResult];
  const row = (base: RankingResult, name: string, gini: number, popularity: number): RankingResult => ({
    ...base,
    system: name,
    metrics: { 'gini@10': { mean: gini }, 'popularity@10': { mean: popularity } },
  });
  const text = toMarkdown(rankingReport('x', [row(a, 'uneven', 0.9, 3), row(b, 'even', 0.2, 5)]));
  expect(text).toContain('| even | **0.2000** | 5.0000 |');
  expect(text).toContain('| uneven | 0.9000 | 3.0000 |');
  expect(text.indexOf('| even')).toBeLessThan(text.indexOf('| uneven'));
});

describe('names and titles of any origin', () => {
  const name = '[x](http://a.b) `c` *d* <img src=q> a|b\\ $1$ ~e~ _f_ &lt;\nnext\u001b[2J#g {h} ^i %j';
  const report = {
    title: name,
    caption: name,
    metrics: ['hr@1'],
    rows: [{ system: name, metrics: {}, note: name }],
    notes: [name],
  };
  test('stay one line of literal text in Markdown', () => {
    const lines = toMarkdown(report).split('\n');
    const literal =
      '\\[x\\](http://a.b) \\`c\\` \\*d\\* &lt;img src=q&gt; a\\|b\\\\ \\$1\\$ \\~e\\~ \\_f\\_ &amp;lt; next#g {h} ^i %j';
    expect(lines).toEqual([
      `**${literal}** (${literal})`,
      '',
      '| system | hr@1 | |',
      '|---|---:|---|',
      `| ${literal} |  | ${literal} |`,
      '',
      literal,
      '',
    ]);
  });
  test('are set literally by LaTeX, and comments end with their line', () => {
    const lines = toLatex(report).split('\n');
    const row = lines.find((line) => line.startsWith('[x]'));
    expect(row).toContain(
      '\\textbackslash{} \\$1\\$ \\textasciitilde{}e\\textasciitilde{} \\_f\\_ \\&lt; next\\#g',
    );
    expect(row).toContain('\\{h\\} \\textasciicircum{}i \\%j');
    expect(row).toContain('$<$img src=q$>$ a\\textbar{}b');
    // Everything of the title stands in the comment: no line begins with what followed its line feed.
    expect(lines.filter((line) => line.startsWith('next'))).toEqual([]);
  });
  test('are text in HTML', async () => {
    const page = await toHtml({ ...report, metrics: [] });
    expect(page).not.toContain('<img');
    expect(page).not.toContain('\u001b');
    expect(page).toContain('&lt;img src=q&gt;');
  });
});

describe('systems of one table are compared in pairs', () => {
  const users = 12;
  const made = InteractionLog.fromRows(
    Array.from({ length: users }, (_, u) => [
      { user: `u${u}`, item: 'start', timestamp: 0 },
      { user: `u${u}`, item: `i${u % 3}`, timestamp: 1 },
    ]).flat(),
  );
  const rows = (at: number) => Int32Array.from({ length: users }, (_, u) => 2 * u + at);
  const parts = { history: made.select(rows(0)), test: made.select(rows(1)) };
  // Answers the right item to the first `right` users.
  const knowing = (name: string, right: number): Retriever => ({
    name,
    items: made.items,
    retrieve: async (queries) =>
      queries.map(({ user = '' }) => {
        const u = Number(user.slice(1));
        const answer = made.items.indexOf(`i${(u + (u < right ? 0 : 1)) % 3}`);
        return [{ item: answer, score: 1 }];
      }),
  });
  test('with p-values by hand, corrected for all pairs', async () => {
    const measured = await Promise.all(
      [knowing('nothing', 0), knowing('all', 12), knowing('most', 10)].map((each) =>
        evaluateRanking(each, parts, { metrics: ['hr@1'], perUser: true, resamples: 0 }),
      ),
    );
    const { comparisons } = rankingReport('x', measured);
    expect(comparisons.test).toBe("Fisher's randomisation test");
    // Two differences of one: both signs alike in 2 of 4; ten: in 2 of 1,024; twelve: in 2 of 4,096.
    expect(comparisons.pairs.map(({ first, second, pValue }) => [first, second, pValue])).toEqual([
      ['all', 'most', 0.5],
      ['all', 'nothing', 2 / 4096],
      ['most', 'nothing', 2 / 1024],
    ]);
    expect(comparisons.pairs.map(({ adjusted }) => adjusted)).toEqual([0.5, (3 * 2) / 4096, (2 * 2) / 1024]);
    expect(comparisons.pairs[0]?.difference).toBeCloseTo(2 / 12, 12);
    const text = toMarkdown(rankingReport('x', measured));
    expect(text).toContain('| all | nothing | +1.0000 | 0.0005 | 0.0015 |');
    expect(text).toContain("p after Holm's correction for all 3 pairs");
    expect(toLatex(rankingReport('x', measured))).toContain('all & nothing & +1.0000');
    expect(await toHtml(rankingReport('x', measured))).toContain('<td>nothing</td><td>+1.0000</td>');
  });
  test('over averages of seeds by the mean of each user, and not at all without values', async () => {
    const run = (right: number, name: string, seed: number) =>
      evaluateRanking(knowing(name, right), parts, { metrics: ['hr@1'], perUser: true, resamples: 0, seed });
    const averages = [
      averageOverSeeds([await run(12, 'a', 0), await run(10, 'a', 1)]),
      averageOverSeeds([await run(4, 'b', 0), await run(4, 'b', 1)]),
    ];
    const { comparisons } = rankingReport('x', averages);
    expect(comparisons.pairs[0]?.difference).toBeCloseTo(11 / 12 - 4 / 12, 12);
    const bare = await evaluateRanking(knowing('c', 3), parts, { metrics: ['hr@1'], resamples: 0 });
    expect(rankingReport('x', [bare]).comparisons.pairs).toEqual([]);
  });
});
