import { escapeMarkdown } from './escape-text.js';
import type { Report } from './report.js';
import { cellText, comparisonTable, isBest, remarkOf } from './report-cells.js';

/**
 * The report as a Markdown table, with its notes and paired tests below; the best measured value of each metric is
 * bold. Titles and names of any origin are escaped.
 */
export function toMarkdown(report: Report): string {
  const lines = [
    `**${escapeMarkdown(report.title)}** (${escapeMarkdown(report.caption)})`,
    '',
    `| system | ${report.metrics.map(escapeMarkdown).join(' | ')} | |`,
    `|---|${report.metrics.map(() => '---:').join('|')}|---|`,
    ...report.rows.map((row) => {
      const cells = report.metrics.map((metric) => {
        const text = cellText(row.metrics[metric]);
        return isBest(report, row, metric) ? `**${text}**` : text;
      });
      return `| ${escapeMarkdown(row.system)} | ${cells.join(' | ')} | ${escapeMarkdown(remarkOf(row))} |`;
    }),
  ];
  for (const note of report.notes ?? []) lines.push('', escapeMarkdown(note));
  const tests = comparisonTable(report);
  if (tests)
    lines.push(
      '',
      `${escapeMarkdown(tests.caption)}:`,
      '',
      `| ${tests.head.join(' | ')} |`,
      `|---|---|${tests.head
        .slice(2)
        .map(() => '---:')
        .join('|')}|`,
      ...tests.rows.map((row) => `| ${row.map(escapeMarkdown).join(' | ')} |`),
    );
  return `${lines.join('\n')}\n`;
}
