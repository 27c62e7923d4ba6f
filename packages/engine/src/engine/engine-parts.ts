import { join } from 'node:path';
import {
  type AddedItemStore,
  type Dataset,
  type FeedbackStore,
  fingerprint,
  MemoryFeedbackStore,
  throwIfCancelled,
  userCacheFolder,
} from '@palate/core';
import { defaultPipeline } from './default-pipeline.js';
import { EngineFolder } from './engine-folder.js';
import { LiveCatalogue } from './live-catalogue.js';
import { type Effort, ENGINE, type EngineOptions, type LiveModel, type PipelineConfig } from './options.js';
import { checkedPipeline } from './pipeline.js';
import { type OpenedState, openState } from './refit.js';

/** Parts that an engine is made of: its options, checked, and what it begins with. */
export interface EngineParts extends OpenedState {
  readonly options: EngineOptions;
  readonly folder: EngineFolder;
  readonly store: FeedbackStore;
  /** Where items that are added are kept: beside the feedback where its store keeps them, in the folder otherwise. */
  readonly items: AddedItemStore;
  readonly pipeline: PipelineConfig;
  readonly live: LiveModel | undefined;
  readonly effort: Effort;
  /** Fires when the engine is closed, and stops fits. */
  readonly closing: AbortController;
}

/** Checks the options of an engine, and reads feedback and added items. */
export async function openParts(options: EngineOptions): Promise<EngineParts> {
  const { dataset, effort, model } = ENGINE.settings(options);
  const { signal } = options;
  throwIfCancelled(signal, 'opening the engine');
  const live = model === undefined ? undefined : 'model' in model ? model : { model };
  const catalogue = LiveCatalogue.of(dataset, options);
  const pipeline = checkedPipeline(
    options.pipeline ?? {
      ...defaultPipeline(dataset, catalogue.hasTexts, effort),
      rankers: live ? [{ live: true as const }] : undefined,
    },
    catalogue,
    effort,
    live !== undefined,
  );
  const folder = await EngineFolder.open(options.folder ?? defaultFolder(dataset));
  const store: FeedbackStore = options.feedback ?? new MemoryFeedbackStore();
  const closing = new AbortController();
  const items = store.items ?? folder.addedItems(options.onNotice);
  const opened = await openState(catalogue, folder, store, items, options, closing.signal);
  return { ...opened, options, folder, store, items, pipeline, live, effort, closing };
}

function defaultFolder({ log, name }: Dataset): string {
  const plain = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
    .slice(0, 40);
  return join(userCacheFolder(), `${plain}-${fingerprint(log).slice(0, 16)}`);
}
