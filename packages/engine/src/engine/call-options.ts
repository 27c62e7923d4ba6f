import type { LongCallOptions } from '@palate/core';
import type { ChosenModel } from './refit.js';

/** Options of a call of an engine. */
export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
}

/** Options of `Engine.explain`. */
export interface ExplainCallOptions extends CallOptions {
  /** Told each piece of the text as a live model writes it; the whole text where none does. */
  readonly onText?: ((piece: string) => void) | undefined;
}

/** Options of a refit, and of preparing. */
export interface RefitOptions extends LongCallOptions {
  /** Models beside those that are in use here, or in the pipeline. */
  readonly models?: readonly ChosenModel[] | undefined;
}
