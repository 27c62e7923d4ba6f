import { rm } from 'node:fs/promises';
import { fingerprint, type LongCallOptions, throwIfCancelled, unknownName } from '@palate/core';
import { evaluateRanking } from '@palate/eval';
import { heartbeat } from './heartbeat.js';
import { prepare } from './prepare.js';
import { type Cell, cellPath, checkpointPath, hashOf, readJson, writeJson } from './results.js';
import { labelOf, type Suite } from './suite.js';
import { SYSTEMS } from './systems.js';
import { tuneRow } from './tune-row.js';
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
  if (unknown !== undefined) throw unknownName('rows', unknown, labels);
  const data = await prepare(suite, { signal });
  const dataFingerprint = fingerprint(data.split.known);
  say(`${suite.name}: ${data.split.description}`);
  for (const warning of data.split.warnings) say(`note: ${warning}`);
  for (const row of suite.systems) {
    if (options.only && !options.only.includes(labelOf(row))) continue;
    const system = SYSTEMS[row.system];
    if (!system)
      throw unknownName('a system', row.system, Object.keys(SYSTEMS), 'Register it in systems.ts.');
    const basis = [suite.data, suite.filter ?? null, suite.split, suite.metrics, dataFingerprint, row.system];
    const chosen = row.tune ? await tuneRow(suite, row, data, basis, options) : (row.options ?? {});
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
