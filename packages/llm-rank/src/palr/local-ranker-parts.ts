import type { Favourites, Provenance } from '@palate/core';
import type { EpochReport } from '@palate/nn';
import type { LocalRankerConfig } from './local-ranker-options.js';
import type { RankerModel } from './ranker-model.js';
import type { RankerVocabulary } from './ranker-vocabulary.js';

/** Parts that a fitted local ranker is made of. */
export interface LocalRankerParts {
  readonly model: RankerModel;
  readonly vocabulary: RankerVocabulary;
  /** By external user id. */
  readonly profiles: ReadonlyMap<string, string>;
  readonly config: LocalRankerConfig;
  /** Of the fit; empty after loading. */
  readonly history: readonly EpochReport[];
  /** 1 for users whose histories it was tuned on; empty after loading. */
  readonly tuned: Uint8Array;
  /** Weight of the retriever's order. */
  readonly orderWeight: number;
  readonly favourites: Favourites;
  readonly provenance: Provenance | undefined;
  readonly dataFingerprint: string;
  readonly fittedOn: readonly string[];
}
