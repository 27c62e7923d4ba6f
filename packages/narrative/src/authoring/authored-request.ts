import type { Provenance } from '@palate/core';

/** A request with the items that it was written from, by external ids: what training pairs are made of. */
export interface AuthoredRequest {
  /** Who would ask it. */
  readonly user: string;
  /** Items that answer it. */
  readonly items: readonly string[];
  readonly text: string;
  /** Knowledge of interactions in the text, where it is stated for each request. */
  readonly provenance?: Provenance | undefined;
}
