import { type Dataset, InvalidInputError, throwIfCancelled } from '@palate/core';
import type { Split } from '@palate/datasets';
import { evaluateRanking } from '@palate/eval';
import { checkpointPath, hashOf, readJson, type Tuning, tuningPath, writeJson } from './results.js';
import { combinations, labelOf, type Suite, type SuiteSystem, type SystemOptions } from './suite.js';
import { SYSTEMS } from './systems.js';

/** Data that options are chosen by: the test part is not among it. */
export interface TuningData {
  readonly train: Dataset;
  readonly split: Pick<Split, 'train' | 'validation'>;
}

/** Options of {@link tuneRow}. */
export interface TuningOptions {
  /** Results folder of the suite. */
  readonly folder: string;
  /** Told a line for every combination. */
  readonly say: (line: string) => void;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Tries a grid on the validation part; every combination tried is kept, so that a stopped search goes on.
 *
 * @param basis - what the values depend on beside the grid
 * @returns the options that did best
 */
export async function tuneRow(
  suite: Suite,
  row: SuiteSystem,
  data: TuningData,
  basis: readonly unknown[],
  options: TuningOptions,
): Promise<SystemOptions> {
  const label = labelOf(row);
  const path = tuningPath(options.folder, label);
  const grid = combinations(row.tune ?? {}).map((combination) => ({ ...row.options, ...combination }));
  const key = hashOf([...basis, suite.selectBy, grid]);
  const before = await readJson<Tuning>(path);
  const tried = before?.key === key ? [...before.tried] : [];
  const { validation } = data.split;
  const system = SYSTEMS[row.system];
  if (!validation || !system)
    throw new InvalidInputError({
      expected: 'a split with a validation part',
      received: 'none',
      hint: 'Fix the options instead of tuning.',
    });
  const best = (): SystemOptions => [...tried].sort((a, b) => b.value - a.value)[0]?.options ?? {};
  for (const combination of grid) {
    if (tried.some((each) => hashOf(each.options) === hashOf(combination))) continue;
    throwIfCancelled(options.signal, suite.name);
    const shared = { seed: suite.seeds[0] ?? 0, signal: options.signal };
    const retriever = await system.fit(data.train, combination, {
      ...shared,
      validation,
      checkpoints: checkpointPath(options.folder, `${label} ${hashOf(combination)}`, shared.seed),
    });
    const { metrics } = await evaluateRanking(
      retriever,
      { history: data.split.train, test: validation },
      { metrics: [suite.selectBy], resamples: 0, ...shared },
    );
    const value = metrics[suite.selectBy]?.mean ?? 0;
    tried.push({ options: combination, value });
    await writeJson(path, { label, key, metric: suite.selectBy, chosen: best(), tried } satisfies Tuning);
    options.say(
      `${label}: ${JSON.stringify(combination)} ${suite.selectBy} ${value.toFixed(4)} on validation`,
    );
  }
  return best();
}
