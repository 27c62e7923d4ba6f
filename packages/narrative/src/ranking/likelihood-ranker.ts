import {
  checkNumber,
  checkOptions,
  type Provenance,
  type Query,
  type Ranker,
  type RetrieveOptions,
  type ScoredItem,
  WORLD,
} from '@palate/core';
import type { RequestLikelihood } from '../filter/request-likelihood.js';
import { rankRequests } from './rank-requests.js';
import { reorder } from './reorder.js';

/** Options of {@link LikelihoodRanker}. */
export interface LikelihoodRankerOptions {
  /** Most candidates of a list that are scored; those beyond keep their order behind them. Default 200. */
  readonly depth?: number | undefined;
  /** Share of the given order in the new one, from 0 to 1. Default 0. */
  readonly orderWeight?: number | undefined;
  /** Knowledge of interactions in the scorer. Default none. */
  readonly provenance?: Provenance | undefined;
}

/** Orders candidates by how likely the request is given each, in the manner of UPR (Sachan et al. 2022). */
export class LikelihoodRanker implements Ranker {
  readonly name: string;
  readonly provenance: Provenance;
  readonly #scorer: RequestLikelihood;
  readonly #texts: readonly string[];
  readonly #depth: number;
  readonly #orderWeight: number;

  /** @param texts - one an item by dense index */
  constructor(scorer: RequestLikelihood, texts: readonly string[], options: LikelihoodRankerOptions = {}) {
    checkOptions('LikelihoodRanker', options, ['depth', 'orderWeight', 'provenance']);
    this.name = scorer.name;
    this.provenance = options.provenance ?? WORLD;
    this.#scorer = scorer;
    this.#texts = texts;
    this.#depth = checkNumber('depth', options.depth ?? 200, { min: 1, integer: true });
    this.#orderWeight = checkNumber('orderWeight', options.orderWeight ?? 0, { min: 0, max: 1 });
  }

  async rank(
    queries: readonly Query[],
    candidates: readonly (readonly ScoredItem[])[],
    k: number,
    options: RetrieveOptions = {},
  ): Promise<ScoredItem[][]> {
    return rankRequests(this.name, queries, candidates, k, options, async (text, given) => {
      if (text === '') return undefined;
      const pairs = given
        .slice(0, this.#depth)
        .map(({ item }) => ({ request: text, item: this.#texts[item] ?? '' }));
      const scores = await this.#scorer.logLikelihoods(pairs, { signal: options.signal });
      return reorder(given, scores, this.#orderWeight, k);
    });
  }
}
