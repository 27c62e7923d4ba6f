import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InvalidInputError } from '@palate/core';
import {
  averageOverSeeds,
  type RankingResult,
  type Report,
  rankingReport,
  toHtml,
  toLatex,
  toMarkdown,
} from '@palate/eval';
import { type Cell, readCells } from './results.js';
import { labelOf, type Suite } from './suite.js';
import { readUserValues } from './user-values.js';

/** Lays out the finished cells of a suite: averages over seeds, one-seed rows with their intervals. */
export async function suiteReport(suite: Suite, folder: string): Promise<Report> {
  const cells = await readCells(folder);
  const byLabel = new Map<string, Cell[]>();
  for (const cell of cells) {
    const perUser = await readUserValues(folder, cell);
    const whole = perUser ? { ...cell, result: { ...cell.result, perUser } } : cell;
    byLabel.set(cell.label, [...(byLabel.get(cell.label) ?? []), whole]);
  }
  const rows = suite.systems
    .map((system) => byLabel.get(labelOf(system)) ?? [])
    .filter((found) => found.length > 0)
    .map((found) => {
      const results = found.map(({ result }) => result) as [RankingResult, ...RankingResult[]];
      return results.length === 1 ? results[0] : averageOverSeeds(results);
    });
  if (rows.length === 0)
    throw new InvalidInputError({
      expected: `results of ${suite.name} in ${folder}`,
      received: 'none',
      hint: `Run it first: palate-benchmark run ${suite.name}`,
    });
  const report = rankingReport(suite.title, rows, {
    metrics: suite.metrics,
    published: suite.published ?? [],
  });
  const tested = new Set(report.comparisons.pairs.flatMap(({ first, second }) => [first, second]));
  const untested = rows.map(({ system }) => system).filter((system) => !tested.has(system));
  return {
    ...report,
    notes: [
      ...report.notes,
      ...(tested.size > 0 && untested.length > 0
        ? [`Not in the paired tests, as the values of their users were not kept: ${untested.join(', ')}.`]
        : []),
    ],
    rows: report.rows.map((row) => {
      const time = row.source === undefined ? fitTime(byLabel.get(row.system) ?? []) : undefined;
      return time === undefined ? row : { ...row, note: time };
    }),
  };
}

/** How long the longest fit of a row took, if it took a minute or more. */
function fitTime(cells: readonly Cell[]): string | undefined {
  const minutes = Math.max(0, ...cells.map(({ fitSeconds }) => fitSeconds)) / 60;
  if (minutes < 1) return undefined;
  return `fitted in ${minutes < 60 ? `${Math.round(minutes)} min` : `${(minutes / 60).toFixed(1)} h`}`;
}

/** How to read the table, and how to make it again. */
function footer(suite: Suite, folder: string): string {
  return `\nValues of one seed carry a 95 % bootstrap interval over users${suite.seeds.length > 1 ? `, averages of ${suite.seeds.length} seeds their standard deviation` : ''}. Fits of a minute or more carry their wall time (the longest seed's; one that was resumed counts from there).${suite.note ? ` ${suite.note}` : ''} Made by \`node apps/benchmark/bin/palate-benchmark.js run ${suite.name}\`; records in \`${folder}\`.\n`;
}

/** The table as Markdown, with how it was made. */
export async function suiteMarkdown(suite: Suite, folder: string, shownFolder: string): Promise<string> {
  return toMarkdown(await suiteReport(suite, folder)) + footer(suite, shownFolder);
}

/** Writes `leaderboard.md`, `.html` and `.tex` beside the cells. */
export async function writeLeaderboard(suite: Suite, folder: string, shownFolder: string): Promise<void> {
  const report = await suiteReport(suite, folder);
  await writeFile(join(folder, 'leaderboard.md'), await suiteMarkdown(suite, folder, shownFolder));
  await writeFile(join(folder, 'leaderboard.tex'), toLatex(report));
  await writeFile(join(folder, 'leaderboard.html'), await toHtml(report));
}
