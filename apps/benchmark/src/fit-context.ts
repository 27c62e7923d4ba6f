import type { InteractionLog, LongCallOptions } from '@palate/core';

/** Context of a fit beside its options. */
export interface FitContext extends LongCallOptions {
  /** Held-out interactions for early stopping. */
  readonly validation?: InteractionLog | undefined;
  /** Folder for checkpoints, for systems that train long; removed when the cell is measured. */
  readonly checkpoints: string;
}

/** The part of the context that every fit reads. */
export function shared({ signal, onProgress, seed }: FitContext): LongCallOptions {
  return { signal, onProgress, seed: seed ?? 0 };
}

/** The context of models that train in epochs. */
export function trained(context: FitContext) {
  return {
    ...shared(context),
    checkpoint: { dir: context.checkpoints },
    validation: context.validation,
  };
}
