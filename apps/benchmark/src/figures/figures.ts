import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isObject, PalateError } from '@palate/core';
import { type ChartSpecification, reportChart } from '@palate/eval';
import { suiteReport } from '../leaderboard.js';
import { type Cell, fileName, readCells, readJson } from '../results.js';
import { FOLLOWED, learningCurves } from '../studies/learning-curves.js';
import type { Suite } from '../suite.js';
import { SUITES } from '../suites/index.js';
import { knowledgeCurves } from './knowledge-curves.js';
import { labelledChart, type Series } from './labelled-chart.js';

/** A figure of the report, by the name of its file. */
interface Figure {
  readonly name: string;
  readonly chart: ChartSpecification;
}

/** Quantities that each figure draws on the vertical axis or along the horizontal one. */
const LEADING = 'ndcg@10';

/** Fits shorter than this are drawn at it: what is below says nothing. */
const SHORTEST_FIT = 0.1;

/** Systems that take over what other rows fitted, so that their seconds are not those of a fit. */
const SHARED_FITS = ['palr'];

/** The quality of each row over the seconds that its fit took, the mean of its seeds. */
async function costOf(folder: string): Promise<Series[]> {
  const byLabel = new Map<string, Cell[]>();
  for (const cell of await readCells(folder))
    byLabel.set(cell.label, [...(byLabel.get(cell.label) ?? []), cell]);
  return [...byLabel].flatMap(([name, cells]) => {
    if (cells.some(({ system }) => SHARED_FITS.includes(system))) return [];
    const mean = (values: readonly number[]): number =>
      values.reduce((sum, each) => sum + each, 0) / values.length;
    const y = mean(cells.map(({ result }) => result.metrics[LEADING]?.mean ?? Number.NaN));
    const x = Math.max(SHORTEST_FIT, mean(cells.map(({ fitSeconds }) => fitSeconds)));
    return Number.isFinite(y) ? [{ name, points: [{ x, y }] }] : [];
  });
}

/** The trainings that were followed, as far as they are measured. */
async function followedTrainings(results: string): Promise<Series[]> {
  const series: Series[] = [];
  for (const name of FOLLOWED) {
    const stored = await readJson<unknown>(
      join(results, learningCurves.name, 'cells', `${fileName(name)}.json`),
    );
    const values = isObject(stored) && Array.isArray(stored.value) ? (stored.value as number[]) : [];
    if (values.length > 0) series.push({ name, points: values.map((y, k) => ({ x: k + 1, y })) });
  }
  return series;
}

async function measuredSuites(results: string): Promise<Suite[]> {
  const folders = new Set(await readdir(results));
  return SUITES.filter(({ name }) => folders.has(name));
}

/**
 * Describes the figures of the report from the committed records: for each suite the systems with their intervals and the
 * published figures beside them, and quality against the time of the fit; and how trainings went on.
 *
 * @param results - folder of the results of all suites and studies
 */
export async function figures(results: string): Promise<Figure[]> {
  const made: Figure[] = [];
  for (const suite of await measuredSuites(results)) {
    const folder = join(results, suite.name);
    try {
      made.push({ name: suite.name, chart: reportChart(await suiteReport(suite, folder), LEADING) });
    } catch (error) {
      // Nothing of it is measured yet.
      if (PalateError.is(error)) continue;
      throw error;
    }
    made.push({
      name: `${suite.name}-cost`,
      chart: labelledChart(await costOf(folder), {
        x: 'seconds of the fit (logarithmic)',
        y: LEADING,
        logX: true,
      }),
    });
  }
  const knowledge = await knowledgeCurves(results);
  if (knowledge.length > 0)
    made.push({
      name: 'kar-samples',
      chart: labelledChart(knowledge, {
        x: '% of the samples (logarithmic)',
        y: 'AUC',
        logX: true,
        bottom: 0.73,
      }),
    });
  const curves = await followedTrainings(results);
  if (curves.length > 0)
    made.push({
      name: learningCurves.name,
      chart: labelledChart(curves, { x: 'epoch', y: `${LEADING} on the validation part` }),
    });
  return made;
}
