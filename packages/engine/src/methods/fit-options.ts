import type { LongCallOptions } from '@palate/core';
import type { FitContext } from './method.js';

/** The part of the context that every fit reads. */
export function callOptions({ signal, onProgress, seed }: FitContext): LongCallOptions {
  return { signal, onProgress, seed: seed ?? 0 };
}

/** The context of models that train in epochs. */
export function trainingOptions(context: FitContext) {
  const { checkpoints, validation } = context;
  return {
    ...callOptions(context),
    checkpoint: checkpoints === undefined ? undefined : { dir: checkpoints },
    validation,
  };
}
