import { MemoryFeedbackStore } from '@palate/core';
import type { Engine } from '@palate/engine';
import { openServedEngine } from '../src/server/host/open-served-engine.js';

/** Command-line options that say which engine is measured. */
export const ENGINE_ARGUMENTS = {
  artifacts: { type: 'string' },
  effort: { type: 'string', default: 'full' },
  ranker: { type: 'string' },
} as const;

/** Opens the engine that a server would answer from, over the bundled films, whose candidates SASRec finds. */
export function openBundled(values: {
  readonly artifacts?: string | undefined;
  readonly effort: string;
  readonly ranker?: string | undefined;
}): Promise<Engine> {
  return openServedEngine(
    {
      data: 'bundled',
      folder: values.artifacts,
      seed: 0,
      effort: values.effort === 'quick' ? 'quick' : 'full',
      retrievers: ['sasrec'],
      ranker: values.ranker,
    },
    {
      openStore: async () => new MemoryFeedbackStore(),
      signal: new AbortController().signal,
      onProgress: () => undefined,
      onNotice: (notice) => process.stderr.write(`${notice}\n`),
    },
  );
}
