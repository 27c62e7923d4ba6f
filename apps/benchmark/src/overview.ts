import { join } from 'node:path';
import type { ReportRow, ReportValue } from '@palate/eval';
import { suiteReport } from './leaderboard.js';
import { suiteOf } from './suites/index.js';

/** Extract of a suite for the front page: some measured rows, and some published ones. */
interface OverviewPart {
  readonly suite: string;
  readonly data: string;
  readonly measured: readonly string[];
  readonly published: readonly string[];
}

const PARTS: readonly OverviewPart[] = [
  {
    suite: 'beauty-sequential',
    data: 'Amazon Beauty',
    measured: ['SASRec, cross-entropy', 'TIGER (efficient), RQ-VAE', 'EASE'],
    published: ['eSASRec', 'SASRec, sampled softmax', 'TIGER'],
  },
  {
    suite: 'ml-1m-sequential',
    data: 'MovieLens 1M',
    measured: ['SASRec, cross-entropy among unseen films', 'SASRec, BCE'],
    published: ['SASRec, cross-entropy', 'FuXi-alpha', 'eSASRec'],
  },
  {
    suite: 'movietweetings-sequential',
    data: 'MovieTweetings (bundled)',
    measured: [
      'SASRec, among unseen films, packed histories, more dropout',
      'TIGER (efficient), RQ-KMeans of text and co-use',
      'EASE',
      'Popularity',
    ],
    published: [],
  },
];

/**
 * The one table of the front page, from the same cells as the long tables.
 *
 * @param results - folder of the results of all suites
 */
export async function overview(results: string): Promise<string> {
  const lines = ['| data | system | NDCG@10 | HR@10 | |', '|---|---|---:|---:|---|'];
  for (const { suite, data, measured, published } of PARTS) {
    const { rows } = await suiteReport(suiteOf(suite), join(results, suite));
    const line = (row: ReportRow): string =>
      `| ${data} | ${row.system} | ${shown(row.metrics['ndcg@10'])} | ${shown(row.metrics['hr@10'])} | ${row.source === undefined ? 'ours' : `published: ${row.source.split(/[;,]/).slice(0, 2).join(',')}`} |`;
    for (const system of measured)
      lines.push(...rows.filter((row) => row.source === undefined && row.system === system).map(line));
    for (const system of published)
      lines.push(
        ...rows
          .filter((row) => row.source !== undefined && row.system === system)
          .slice(0, 1)
          .map(line),
      );
  }
  lines.push(
    '',
    'Leave-one-out, full catalogue, history masked, ties against the system; one seed, or the mean of three where ± stands.',
  );
  return lines.join('\n');
}

function shown(value: ReportValue | undefined): string {
  if (value === undefined) return '';
  const digits = (x: number): string => x.toFixed(4).replace(/^0/, '');
  if (value.deviation !== undefined) return `${digits(value.mean)} ± ${digits(value.deviation)}`;
  return value.low === undefined || value.high === undefined
    ? digits(value.mean)
    : `${digits(value.mean)} [${digits(value.low)}, ${digits(value.high)}]`;
}
