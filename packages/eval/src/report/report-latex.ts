import { escapeLatex, latexComment } from './escape-text.js';
import type { Report } from './report.js';
import { cellText, comparisonTable, isBest } from './report-cells.js';

/**
 * The report as a LaTeX `tabular` with booktabs rules, with notes as comments and the paired tests as a second
 * `tabular`. Titles and names of any origin are escaped.
 */
export function toLatex(report: Report): string {
  const lines = [
    `% ${latexComment(`${report.title} (${report.caption})`)}`,
    ...(report.notes ?? []).map((note) => `% ${latexComment(note)}`),
    `\\begin{tabular}{l${'r'.repeat(report.metrics.length)}}`,
    '\\toprule',
    `system & ${report.metrics.map(escapeLatex).join(' & ')} \\\\`,
    '\\midrule',
    ...report.rows.map((row) => {
      const cells = report.metrics.map((metric) => {
        const text = escapeLatex(cellText(row.metrics[metric]));
        return isBest(report, row, metric) ? `\\textbf{${text}}` : text;
      });
      return `${escapeLatex(row.system)}${row.source === undefined ? '' : ' (published)'} & ${cells.join(' & ')} \\\\`;
    }),
    '\\bottomrule',
    '\\end{tabular}',
  ];
  const tests = comparisonTable(report);
  if (tests)
    lines.push(
      '',
      `% ${latexComment(tests.caption)}`,
      '\\begin{tabular}{llrrrr}',
      '\\toprule',
      `${tests.head.map(escapeLatex).join(' & ')} \\\\`,
      '\\midrule',
      ...tests.rows.map(
        (row) => `${row.map((text) => escapeLatex(text).replace('−', '$-$')).join(' & ')} \\\\`,
      ),
      '\\bottomrule',
      '\\end{tabular}',
    );
  return `${lines.join('\n')}\n`;
}
