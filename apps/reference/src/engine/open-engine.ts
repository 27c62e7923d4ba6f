import { type CommandContext, checkWritable, type WorkOptions, withProgress } from '@palate/command-line';
import { type Dataset, type Progress, type TextEncoder, userCacheFolder } from '@palate/core';
import { Engine } from '@palate/engine';
import type { FittingOptions } from '../command-options.js';
import { loadData } from '../data.js';
import { knownOf, pipelineFor } from './known-of.js';
import { liveModel } from './live-model.js';
import { modelFolder } from './model-folder.js';

/** Engine of a command, with the data that it answers from. */
export interface Opened {
  readonly engine: Engine;
  readonly dataset: Dataset;
  /** Shows how far the command is. */
  readonly onProgress: (progress: Progress) => void;
}

/**
 * Opens the engine of a data set for one command, with what is known of its items, and shows what it waits for: models
 * that are fitted now, say. An unwritable folder is reported before anything is read. `isLive: false` leaves a live model out;
 * `encoder` encodes in place of the engine's own.
 */
export async function withEngine<T>(
  options: FittingOptions & {
    readonly isLive?: boolean | undefined;
    readonly encoder?: TextEncoder | undefined;
  },
  context: CommandContext,
  use: (opened: Opened) => Promise<T>,
  work?: WorkOptions,
): Promise<T> {
  const folder = modelFolder(options);
  await checkWritable(folder ?? userCacheFolder());
  const { signal } = context;
  const dataset = await loadData(options.data, { signal });
  const live = options.isLive === false ? undefined : await liveModel(folder ?? userCacheFolder());
  return withProgress(
    'models',
    context,
    async (report) => {
      await using engine = await Engine.open({
        dataset,
        folder,
        seed: options.seed,
        effort: options.effort,
        encoder: options.encoder,
        signal,
        model: live,
        knowledge: await knownOf(options.data, dataset),
        pipeline: pipelineFor(options.data, live !== undefined),
        onProgress: report.onProgress,
        onNotice: report.onNotice,
      });
      // The engine is closed when this block is left: not before the answer is there.
      return await use({ engine, dataset, onProgress: report.onProgress });
    },
    work,
  );
}
