import type { LongCallOptions } from '@palate/core';

/** A request and the text of an item, to be scored. */
export interface RequestGivenItem {
  readonly request: string;
  readonly item: string;
}

/** Scores how likely a request is once an item is known: query likelihood (Ponte and Croft 1998; Sachan et al. 2022). */
export interface RequestLikelihood {
  /** Name in tables. */
  readonly name: string;
  /**
   * Log-likelihood of each request given its item, never the other way, in nats a token of the request, so that long
   * requests are not less likely than short ones.
   */
  logLikelihoods(pairs: readonly RequestGivenItem[], options?: LongCallOptions): Promise<Float32Array>;
}
