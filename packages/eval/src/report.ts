import { InvalidInputError, MissingDependencyError } from '@palate/core';
import { describeProtocol, type RankingProtocol } from './protocol.js';
import type { RankingResult, SeedAverage } from './ranking-result.js';

/** A value of a table cell with what is known of its uncertainty. */
export interface ReportValue {
  readonly mean: number;
  /** Ends of a confidence interval. */
  readonly low?: number;
  readonly high?: number;
  /** Standard deviation over seeds. */
  readonly deviation?: number;
}

/** A row of a report: a measured system, or a published figure to stand beside it. */
export interface ReportRow {
  readonly system: string;
  readonly metrics: Readonly<Record<string, ReportValue>>;
  /** Where a published figure was taken from; left out for measured rows. */
  readonly source?: string;
  /** A remark, such as a protocol that differs. */
  readonly note?: string;
}

/** A table of systems over metrics under one protocol. */
export interface Report {
  readonly title: string;
  /** Protocol and data in words, printed below the title. */
  readonly caption: string;
  readonly metrics: readonly string[];
  readonly rows: readonly ReportRow[];
}

/**
 * Lays measured results, and published figures beside them, out as a table. Rows stand by the first metric.
 *
 * @param title - heading
 * @param results - results of one protocol, or averages over seeds
 * @throws InvalidInputError if protocols differ: such numbers do not stand in one table
 */
export function rankingReport(
  title: string,
  results: readonly (RankingResult | SeedAverage)[],
  options: { readonly metrics?: readonly string[]; readonly published?: readonly ReportRow[] } = {},
): Report {
  const [first] = results;
  if (!first)
    throw new InvalidInputError({
      expected: 'at least one result',
      received: 'none',
      hint: 'Evaluate a system first.',
    });
  const key = (protocol: RankingProtocol): string => JSON.stringify(protocol);
  for (const result of results)
    if (key(result.protocol) !== key(first.protocol))
      throw new InvalidInputError({
        expected: `results under one protocol (${describeProtocol(first.protocol)})`,
        received: `${result.system} under ${describeProtocol(result.protocol)}`,
        hint: 'Make a table for each protocol: such numbers cannot be compared.',
      });
  const metrics = options.metrics ?? Object.keys(first.metrics);
  const leading = metrics[0] ?? '';
  const rows = results
    .map((result) => ({
      system: result.system,
      metrics: result.metrics as Readonly<Record<string, ReportValue>>,
    }))
    .sort((a, b) => (b.metrics[leading]?.mean ?? 0) - (a.metrics[leading]?.mean ?? 0));
  return {
    title,
    caption: describeProtocol(first.protocol),
    metrics,
    rows: [...rows, ...(options.published ?? [])],
  };
}

const DIGITS = 4;

function cell(value: ReportValue | undefined): string {
  if (!value) return '';
  const spread =
    value.deviation !== undefined
      ? ` ± ${value.deviation.toFixed(DIGITS)}`
      : value.low !== undefined && value.high !== undefined
        ? ` [${value.low.toFixed(DIGITS)}, ${value.high.toFixed(DIGITS)}]`
        : '';
  return value.mean.toFixed(DIGITS) + spread;
}

/** Best measured mean of a metric, to be set in bold. */
function bestOf(report: Report, metric: string): number {
  return Math.max(
    ...report.rows
      .filter((row) => row.source === undefined)
      .map((row) => row.metrics[metric]?.mean ?? Number.NEGATIVE_INFINITY),
  );
}

/** The report as a Markdown table; the best measured value of each metric is bold. */
export function toMarkdown(report: Report): string {
  const escaped = (text: string): string => text.replaceAll('|', '\\|');
  const lines = [
    `**${report.title}** (${report.caption})`,
    '',
    `| system | ${report.metrics.join(' | ')} | |`,
    `|---|${report.metrics.map(() => '---:').join('|')}|---|`,
    ...report.rows.map((row) => {
      const cells = report.metrics.map((metric) => {
        const value = row.metrics[metric];
        const text = cell(value);
        return row.source === undefined && value && value.mean === bestOf(report, metric)
          ? `**${text}**`
          : text;
      });
      const remark = [row.source === undefined ? '' : `published: ${row.source}`, row.note ?? '']
        .filter((part) => part !== '')
        .join('; ');
      return `| ${escaped(row.system)} | ${cells.join(' | ')} | ${escaped(remark)} |`;
    }),
  ];
  return `${lines.join('\n')}\n`;
}

/** The report as a LaTeX `tabular` with booktabs rules. */
export function toLatex(report: Report): string {
  const escaped = (text: string): string =>
    text
      .replace(/[&%$#_{}]/g, (character) => `\\${character}`)
      .replaceAll('±', '$\\pm$')
      .replace(/[<>]/g, (character) => `$${character}$`);
  const lines = [
    `% ${report.title} (${report.caption})`,
    `\\begin{tabular}{l${'r'.repeat(report.metrics.length)}}`,
    '\\toprule',
    `system & ${report.metrics.map(escaped).join(' & ')} \\\\`,
    '\\midrule',
    ...report.rows.map((row) => {
      const cells = report.metrics.map((metric) => {
        const value = row.metrics[metric];
        const text = escaped(cell(value));
        return row.source === undefined && value && value.mean === bestOf(report, metric)
          ? `\\textbf{${text}}`
          : text;
      });
      return `${escaped(row.system)}${row.source === undefined ? '' : ' (published)'} & ${cells.join(' & ')} \\\\`;
    }),
    '\\bottomrule',
    '\\end{tabular}',
  ];
  return `${lines.join('\n')}\n`;
}

/**
 * The report as one HTML page with a table and a bar chart for each metric, drawn as SVG without a browser.
 *
 * @throws MissingDependencyError if vega or vega-lite, the optional packages that draw, are not installed
 */
export async function toHtml(report: Report): Promise<string> {
  const [vega, vegaLite] = await Promise.all([
    import('vega').catch((cause: unknown) => {
      throw new MissingDependencyError('vega', 'a report with plots', cause);
    }),
    import('vega-lite').catch((cause: unknown) => {
      throw new MissingDependencyError('vega-lite', 'a report with plots', cause);
    }),
  ]);
  const charts: string[] = [];
  for (const metric of report.metrics) {
    const values = report.rows
      .filter((row) => row.metrics[metric])
      .map((row) => {
        const value = row.metrics[metric] as ReportValue;
        const low = value.low ?? value.mean - (value.deviation ?? 0);
        const high = value.high ?? value.mean + (value.deviation ?? 0);
        return {
          system: row.source === undefined ? row.system : `${row.system} (published)`,
          value: value.mean,
          low,
          high,
        };
      });
    const y = { field: 'system', type: 'nominal', sort: null, title: null } as const;
    const { spec } = vegaLite.compile({
      title: metric,
      width: 480,
      data: { values },
      layer: [
        {
          mark: { type: 'bar', color: '#4c78a8' },
          encoding: { y, x: { field: 'value', type: 'quantitative', title: metric } },
        },
        {
          mark: { type: 'rule', strokeWidth: 2 },
          encoding: { y, x: { field: 'low', type: 'quantitative' }, x2: { field: 'high' } },
        },
      ],
    });
    charts.push(await new vega.View(vega.parse(spec), { renderer: 'none' }).toSVG());
  }
  const escaped = (text: string): string =>
    text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
  const head = report.metrics.map((metric) => `<th>${escaped(metric)}</th>`).join('');
  const rows = report.rows
    .map((row) => {
      const cells = report.metrics.map((metric) => `<td>${escaped(cell(row.metrics[metric]))}</td>`).join('');
      const remark = escaped(
        [row.source === undefined ? '' : `published: ${row.source}`, row.note ?? '']
          .filter((part) => part !== '')
          .join('; '),
      );
      return `<tr><th>${escaped(row.system)}</th>${cells}<td>${remark}</td></tr>`;
    })
    .join('\n');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>${escaped(report.title)}</title>
<style>
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem; }
table { border-collapse: collapse; }
th, td { padding: .3rem .8rem; text-align: right; border-bottom: 1px solid #ddd; }
tbody th, td:last-child { text-align: left; }
figure { display: inline-block; margin: 1rem 1rem 1rem 0; }
</style>
</head>
<body>
<h1>${escaped(report.title)}</h1>
<p>${escaped(report.caption)}</p>
<table>
<thead><tr><th></th>${head}<th></th></tr></thead>
<tbody>
${rows}
</tbody>
</table>
${charts.map((chart) => `<figure>${chart}</figure>`).join('\n')}
</body>
</html>
`;
}
