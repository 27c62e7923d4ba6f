import { join } from 'node:path';
import { isObject } from '@palate/core';
import { readJson } from '../results.js';
import type { Series } from './labelled-chart.js';

/** Parts of the samples in hundredths, and how the cells of the study kar-ml-1m name them. */
const SHARES = [
  { percent: 1, cells: 'din-1-of-the-samples-' },
  { percent: 10, cells: 'din-10-of-the-samples-' },
  { percent: 100, cells: 'din-' },
];

const KNOWLEDGE = {
  none: 'no knowledge',
  user: 'knowledge of users',
  item: 'knowledge of items',
  both: 'knowledge of both',
};

const SEEDS = [0, 1, 2];

/**
 * The AUC of DIN by the share of the samples that it learns from, without knowledge of a language model and with it; the mean of the
 * seeds that are measured.
 *
 * @param results - folder of the results of all studies
 */
export async function knowledgeCurves(results: string): Promise<Series[]> {
  const series: Series[] = [];
  for (const [key, name] of Object.entries(KNOWLEDGE)) {
    const points: { x: number; y: number }[] = [];
    for (const { percent, cells } of SHARES) {
      const values: number[] = [];
      for (const seed of SEEDS) {
        const stored = await readJson<{ value?: unknown }>(
          join(results, 'kar-ml-1m', 'cells', `${cells}${key}-seed-${seed}.json`),
        );
        const value = stored?.value;
        if (isObject(value) && typeof value.auc === 'number') values.push(value.auc);
      }
      if (values.length > 0)
        points.push({ x: percent, y: values.reduce((sum, each) => sum + each, 0) / values.length });
    }
    if (points.length > 1) series.push({ name, points });
  }
  return series;
}
