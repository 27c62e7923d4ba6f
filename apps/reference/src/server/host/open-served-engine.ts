import { type FeedbackStore, fingerprint, type Progress, userCacheFolder } from '@palate/core';
import { Engine, type PipelineConfig } from '@palate/engine';
import { loadData } from '../../data.js';
import { knownOf, pipelineFor } from '../../engine/known-of.js';
import { liveModel } from '../../engine/live-model.js';
import type { EngineSettings } from './protocol.js';

/** Options of {@link openServedEngine} beside its settings. */
export interface ServedEngineOptions {
  /** Opens the store of the feedback once the data are known. */
  readonly openStore: (data: {
    readonly name: string;
    readonly fingerprint: string;
  }) => Promise<FeedbackStore>;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Progress) => void;
  readonly onNotice: (notice: string) => void;
}

/** Opens the engine that a server answers from: the data by their name, with what is recorded of them. */
export async function openServedEngine(
  settings: EngineSettings,
  { openStore, signal, onProgress, onNotice }: ServedEngineOptions,
): Promise<Engine> {
  const dataset = await loadData(settings.data, { signal });
  const feedback = await openStore({ name: dataset.name, fingerprint: fingerprint(dataset.log) });
  const live = await liveModel(settings.folder ?? userCacheFolder());
  return Engine.open({
    dataset,
    feedback,
    seed: settings.seed,
    effort: settings.effort,
    signal,
    onProgress,
    onNotice,
    folder: settings.folder,
    pipeline: pipelineOf(settings, live !== undefined),
    model: live,
    knowledge: await knownOf(settings.data, dataset),
  });
}

function pipelineOf(
  { data, retrievers, ranker }: EngineSettings,
  isLive: boolean,
): PipelineConfig | undefined {
  if (!retrievers) return pipelineFor(data, isLive);
  return {
    retrievers: retrievers.map((method) => ({ method })),
    ...(ranker === undefined
      ? isLive
        ? { rankers: [{ live: true }] }
        : {}
      : { rankers: [{ method: ranker }] }),
  };
}
