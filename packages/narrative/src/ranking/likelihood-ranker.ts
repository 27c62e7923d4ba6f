import {
  defineOptions,
  type OptionsOf,
  option,
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
export const LIKELIHOOD_RANKER = defineOptions(
  'LikelihoodRanker',
  {
    depth: option.integer({ min: 1 })({
      default: 200,
      doc: 'most candidates of a list that are scored; the others follow in their order',
    }),
    orderWeight: option.number({ min: 0, max: 1 })({
      default: 0,
      doc: 'weight of the given order in the new one, by reciprocal ranks',
    }),
    provenance: option.value<Provenance>(
      'a provenance',
      (value) => typeof Object(value).kind === 'string',
    )({
      default: WORLD,
      defaultText: 'none',
      doc: 'knowledge of interactions in the scorer',
    }),
  },
  [],
);

/** Options of {@link LikelihoodRanker}; {@link LIKELIHOOD_RANKER} says what each does. */
export type LikelihoodRankerOptions = OptionsOf<typeof LIKELIHOOD_RANKER.declarations>;

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
    const { depth, orderWeight, provenance } = LIKELIHOOD_RANKER.settings(options);
    this.name = scorer.name;
    this.provenance = provenance;
    this.#scorer = scorer;
    this.#texts = texts;
    this.#depth = depth;
    this.#orderWeight = orderWeight;
  }

  async rank(
    queries: readonly Query[],
    candidates: readonly (readonly ScoredItem[])[],
    k: number,
    options: RetrieveOptions = {},
  ): Promise<ScoredItem[][]> {
    const asked = { name: this.name, itemCount: this.#texts.length };
    return rankRequests(asked, queries, candidates, k, options, async (text, given) => {
      if (text === '') return undefined;
      const pairs = given
        .slice(0, this.#depth)
        .map(({ item }) => ({ request: text, item: this.#texts[item] ?? '' }));
      const scores = await this.#scorer.logLikelihoods(pairs, { signal: options.signal });
      return reorder(given, scores, this.#orderWeight, k);
    });
  }
}
