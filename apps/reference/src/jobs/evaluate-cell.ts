import { join, resolve } from 'node:path';
import { type Dataset, fingerprint, InvalidInputError, userCacheFolder, withLog } from '@palate/core';
import { isDatasetFolder, leaveOneOut } from '@palate/datasets';
import { type MethodSettings, methodOf } from '@palate/engine';
import type { Job } from '@palate/jobs';
import type { FittingOptions } from '../command-options.js';
import { loadData } from '../data.js';
import { knownOf } from '../engine/known-of.js';
import { type MeasuredSystem, measureSystem } from '../evaluation/measure-system.js';
import { VERSION } from '../version.js';

/** A system with its settings, measured on the last or the second-last interaction of each user. */
export interface CellToEvaluate extends FittingOptions {
  readonly system: string;
  /** Beside those of `effort`. */
  readonly settings?: MethodSettings | undefined;
  readonly metrics: readonly string[];
  readonly knowledge: boolean;
  readonly on: 'validation' | 'test';
  /** `fingerprint` of the interactions: the worker has to have the same. */
  readonly log: string;
  /** Version of who asks: another one measures anew. */
  readonly version: string;
}

/** Fits a system and measures it, on a worker's own machine. */
export const EVALUATE_CELL: Job<CellToEvaluate, MeasuredSystem> = {
  name: 'evaluate-cell',
  // Where the data lies changes nothing.
  key: ({ data: _, artifacts: __, ...rest }) => rest,
  run: async (cell, { signal }) => {
    const { metrics, seed, on } = cell;
    const dataset = await loadData(cell.data, { signal });
    if (fingerprint(dataset.log) !== cell.log)
      throw new InvalidInputError({
        expected: `the interactions ${cell.log.slice(0, 12)} in ${cell.data}`,
        received: fingerprint(dataset.log).slice(0, 12),
        hint: 'Give the workers the same data as the caller.',
      });
    const split = leaveOneOut(dataset.log, { validation: on === 'validation' });
    const test = on === 'validation' ? split.validation : split.test;
    if (!test) throw new Error('a split with validation has a validation part');
    const system = methodOf(cell.system);
    return measureSystem(system, {
      train: withLog(dataset, split.train),
      history: on === 'validation' ? split.train : split.known,
      test,
      split: `${split.description}${on === 'validation' ? '; measured on validation' : ''}`,
      metrics,
      folder: join(cell.artifacts ?? userCacheFolder(), 'evaluate'),
      knowledge: cell.knowledge ? await knownOf(cell.data, dataset) : undefined,
      effort: cell.effort,
      seed,
      settings: { ...system.defaults?.[cell.effort], ...cell.settings },
      perUser: false,
      signal,
    });
  },
};

/** Cells of some systems, as workers are given them. */
export async function cellsOf(
  dataset: Dataset,
  systems: readonly { readonly system: string; readonly settings?: MethodSettings | undefined }[],
  options: FittingOptions & Pick<CellToEvaluate, 'metrics' | 'knowledge' | 'on'>,
): Promise<CellToEvaluate[]> {
  const { data, artifacts, seed, effort, metrics, knowledge, on } = options;
  // Workers may run in other folders.
  const place = (await isDatasetFolder(data)) ? resolve(data) : data;
  const shared = {
    data: place,
    artifacts: artifacts && resolve(artifacts),
    seed,
    effort,
    metrics,
    knowledge,
    on,
  };
  const log = fingerprint(dataset.log);
  return systems.map((each) => ({ ...shared, ...each, log, version: VERSION }));
}
