import { rm } from 'node:fs/promises';
import { fingerprint, InvalidInputError, type LongCallOptions, throwIfCancelled } from '@palate/core';
import { evaluateRanking } from '@palate/eval';
import { heartbeat } from './heartbeat.js';
import { type Prepared, prepare } from './prepare.js';
import {
  type Cell,
  cellPath,
  checkpointPath,
  hashOf,
  readJson,
  type Tuning,
  tuningPath,
  writeJson,
} from './results.js';
import { combinations, labelOf, type Suite, type SuiteSystem, type SystemOptions } from './suite.js';
import { SYSTEMS } from './systems.js';
import { writeUserValues } from './user-values.js';

/** Options of {@link runSuite}. */
export interface RunOptions extends LongCallOptions {
  /** Results folder of the suite. */
  readonly folder: string;
  /** Told a line for every cell. */
  readonly say: (line: string) => void;
  /** Rows to run, by label; all if left out. */
  readonly only?: readonly string[] | undefined;
}

/**
 * Runs a suite: every row at every seed that is not measured yet. Each cell is written as soon as it is finished,
 * so a run that is stopped goes on where it was; cells of another declaration or other data are run again.
 */
export async function runSuite(suite: Suite, options: RunOptions): Promise<void> {
  const { say, signal } = options;
  const labels = suite.systems.map(labelOf);
  const unknown = options.only?.find((label) => !labels.includes(label));
  if (unknown !== undefined)
    throw new InvalidInputError({
      expected: `rows among ${labels.join('; ')}`,
      received: JSON.stringify(unknown),
      hint: 'Correct the name.',
    });
  const data = await prepare(suite, { signal });
  const dataFingerprint = fingerprint(data.split.known);
  say(`${suite.name}: ${data.split.description}`);
  for (const warning of data.split.warnings) say(`note: ${warning}`);
  for (const row of suite.systems) {
    if (options.only && !options.only.includes(labelOf(row))) continue;
    const system = SYSTEMS[row.system];
    if (!system)
      throw new InvalidInputError({
        expected: `a system among ${Object.keys(SYSTEMS).join(', ')}`,
        received: JSON.stringify(row.system),
        hint: 'Register it in systems.ts.',
      });
    const basis = [suite.data, suite.filter ?? null, suite.split, suite.metrics, dataFingerprint, row.system];
    const chosen = row.tune ? await tune(suite, row, data, basis, options) : (row.options ?? {});
    const seeds = row.seeds ?? suite.seeds;
    for (const seed of system.deterministic ? seeds.slice(0, 1) : seeds) {
      throwIfCancelled(signal, suite.name);
      const label = labelOf(row);
      const key = hashOf([...basis, chosen, seed]);
      const path = cellPath(options.folder, label, seed);
      if ((await readJson<Cell>(path))?.key === key) {
        say(`${label}, seed ${seed}: measured before`);
        continue;
      }
      const shared = { seed, signal };
      const started = performance.now();
      const checkpoints = checkpointPath(options.folder, label, seed);
      const retriever = await system.fit(data.train, chosen, {
        ...shared,
        checkpoints,
        validation: data.split.validation,
        onProgress: heartbeat(label, say),
      });
      const fitSeconds = (performance.now() - started) / 1000;
      const { perUser, ...result } = await evaluateRanking(
        retriever,
        { history: data.split.known, train: data.split.train, test: data.split.test },
        {
          metrics: suite.metrics,
          split: `${data.split.description}; fitted on the training part`,
          perUser: true,
          ...shared,
        },
      );
      const cell: Cell = {
        label,
        system: row.system,
        options: chosen,
        seed,
        key,
        fitSeconds,
        result: { ...result, system: label },
      };
      // Before the cell, which says that all is measured.
      if (perUser)
        await writeUserValues(options.folder, cell, { ...result, perUser }, suite.metrics[0] ?? '');
      await writeJson(path, cell);
      for (const warning of result.warnings ?? []) say(`warning: ${label}: ${warning}`);
      await rm(checkpoints, { recursive: true, force: true });
      const values = suite.metrics
        .map((metric) => `${metric} ${result.metrics[metric]?.mean.toFixed(4)}`)
        .join(', ');
      say(
        `${label}, seed ${seed}: ${values} (fit ${fitSeconds.toFixed(1)} s, evaluation ${result.seconds.toFixed(1)} s)`,
      );
    }
  }
}

/** Tries a grid on the validation part; every combination tried is kept, so that a stopped search goes on. */
async function tune(
  suite: Suite,
  row: SuiteSystem,
  data: Prepared,
  basis: readonly unknown[],
  options: RunOptions,
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
