import { join } from 'node:path';
import {
  type CatalogueScorer,
  type Dataset,
  fingerprint,
  type LongCallOptions,
  loadOrFit,
  type Saveable,
} from '@palate/core';
import { Listr } from 'listr2';
import type { System } from './systems.js';

/** A fitted system and where it came from. */
export interface Fitted {
  readonly system: System;
  readonly retriever: CatalogueScorer & Saveable;
  /** True if it was read from its artifact, false if it was fitted now. */
  readonly reused: boolean;
  readonly seconds: number;
}

/** Options of {@link fitOrLoad}. */
export interface FitOptions extends LongCallOptions {
  /** Folder of the artifacts. */
  readonly artifacts: string;
  /** The data set's name on the command line; one folder each. */
  readonly data: string;
  /** Fit again even where an artifact of the same data is there. */
  readonly force?: boolean | undefined;
  /** Never draw progress, even on a terminal. */
  readonly quiet?: boolean | undefined;
  /** Write progress as lines to the error stream, for logs. */
  readonly lines?: boolean | undefined;
}

/**
 * Brings systems up for a data set: reads the artifacts that were fitted on equal data, fits and saves the others.
 * Progress is drawn on the error stream of a terminal. A cancelled fit leaves the artifacts as they were.
 */
export async function fitOrLoad(
  systems: readonly System[],
  dataset: Dataset,
  options: FitOptions,
): Promise<Fitted[]> {
  const { artifacts, data, force = false, quiet = false, signal } = options;
  const dataFingerprint = fingerprint(dataset.log);
  const done: Fitted[] = [];
  const tasks = new Listr(
    systems.map((system) => ({
      title: system.key,
      task: async (_, task) => {
        const dir = join(artifacts, data, system.key);
        const started = performance.now();
        const shared: LongCallOptions = {
          seed: options.seed ?? 0,
          signal,
          onProgress: ({ phase, done: count, total }) => {
            if (options.lines) process.stderr.write(`${system.key}: ${phase} ${count} of ${total ?? '?'}\n`);
            task.title = `${system.key}: ${phase}${total === undefined ? '' : ` ${Math.floor((100 * count) / total)} %`}`;
          },
        };
        const { model: retriever, reused } = await loadOrFit(dir, {
          load: (from) => system.load(from),
          fit: () => system.fit(dataset, shared),
          isCurrent: (manifest) => manifest.dataFingerprint === dataFingerprint,
          force,
          onNotice: (notice) => process.stderr.write(`${system.key}: ${notice}\n`),
        });
        const seconds = (performance.now() - started) / 1000;
        task.title = `${system.key}: ${reused ? 'read' : 'fitted'} in ${seconds.toFixed(1)} s`;
        done.push({ system, retriever, reused, seconds });
      },
    })),
    {
      concurrent: false,
      exitOnError: true,
      registerSignalListeners: false,
      renderer: !quiet && !options.lines && process.stderr.isTTY ? 'default' : 'silent',
    },
  );
  await tasks.run();
  return done;
}
