import { escapeHtml } from './escape-text.js';
import type { Report } from './report.js';
import { cellText, comparisonTable, remarkOf } from './report-cells.js';
import { drawChart, reportChart } from './report-charts.js';

/**
 * The report as one HTML page with a table and a chart for each metric, drawn as SVG without a browser.
 *
 * @throws MissingDependencyError if vega or vega-lite, the optional packages that draw, are not installed
 */
export async function toHtml(report: Report): Promise<string> {
  const charts: string[] = [];
  for (const metric of report.metrics)
    if (report.rows.some((row) => row.metrics[metric]))
      charts.push(await drawChart(reportChart(report, metric)));
  const escaped = escapeHtml;
  const head = report.metrics.map((metric) => `<th>${escaped(metric)}</th>`).join('');
  const rows = report.rows
    .map((row) => {
      const cells = report.metrics
        .map((metric) => `<td>${escaped(cellText(row.metrics[metric]))}</td>`)
        .join('');
      return `<tr><th>${escaped(row.system)}</th>${cells}<td>${escaped(remarkOf(row))}</td></tr>`;
    })
    .join('\n');
  const tests = comparisonTable(report);
  const below = [
    ...(report.notes ?? []).map((note) => `<p>${escaped(note)}</p>`),
    ...(tests
      ? [
          `<p>${escaped(tests.caption)}</p>`,
          `<table><thead><tr>${tests.head.map((text) => `<th>${escaped(text)}</th>`).join('')}</tr></thead>`,
          ...tests.rows.map((row) => `<tr>${row.map((text) => `<td>${escaped(text)}</td>`).join('')}</tr>`),
          '</table>',
        ]
      : []),
  ].join('\n');
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
${below}
${charts.map((chart) => `<figure>${chart}</figure>`).join('\n')}
</body>
</html>
`;
}
