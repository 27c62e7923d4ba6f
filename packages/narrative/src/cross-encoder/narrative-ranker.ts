import {
  type Catalog,
  defineOptions,
  InvalidInputError,
  type LongCallOptions,
  type OptionsOf,
  option,
  type Provenance,
  type Query,
  type Ranker,
  type RetrieveOptions,
  type ScoredItem,
} from '@palate/core';
import { LateCrossEncoder } from '../late/late-cross-encoder.js';
import { rankRequests } from '../ranking/rank-requests.js';
import { reorder } from '../ranking/reorder.js';
import { applyRequest } from '../understanding/apply-request.js';
import { understandRequest } from '../understanding/understand-request.js';
import { CrossEncoder } from './cross-encoder.js';

/** Options of {@link NarrativeRanker}. */
export const NARRATIVE_RANKER = defineOptions('NarrativeRanker', {
  crossEncoder: option
    .value<CrossEncoder | LateCrossEncoder>(
      'a CrossEncoder or a LateCrossEncoder',
      (value) => value instanceof CrossEncoder || value instanceof LateCrossEncoder,
    )
    .required({ doc: 'scores request and item together', identity: () => undefined }),
  texts: option.list(option.text()).optional({
    doc: 'one text per item, as in training; all fields of the catalogue if left out',
  }),
  depth: option.integer({ min: 1 })({
    default: 200,
    doc: 'most candidates of a list that are scored; the others follow in their order',
  }),
  orderWeight: option.number({ min: 0, max: 1 })({
    default: 0,
    doc: 'weight of the order in which the candidates arrive',
  }),
  orderBy: option.choice(['ranks', 'scores'])({
    default: 'ranks',
    doc: "how that order and the cross-encoder's are combined: by reciprocal ranks, or by the candidates' `'scores'`, each scaled to 0 to 1",
  }),
});

/** Options of {@link NarrativeRanker}; {@link NARRATIVE_RANKER} says what each does. */
export type NarrativeRankerOptions = OptionsOf<typeof NARRATIVE_RANKER.declarations>;

/**
 * Orders the best 200 of a first stage by the cross-encoder, for queries with a request. What a request rules out comes
 * last; a query without a request keeps the order of its candidates, and is counted as a fallback.
 */
export class NarrativeRanker implements Ranker {
  readonly name = 'Narrative (cross-encoder)';
  readonly provenance: Provenance;
  readonly #crossEncoder: CrossEncoder | LateCrossEncoder;
  readonly #catalog: Catalog;
  readonly #texts: readonly string[];
  readonly #depth: number;
  readonly #orderWeight: number;
  readonly #orderBy: 'ranks' | 'scores';

  /**
   * @param catalog - aligned with the indexes of the candidates
   * @throws InvalidInputError if texts do not fit the items
   */
  constructor(catalog: Catalog, options: NarrativeRankerOptions) {
    const { crossEncoder, texts, depth, orderWeight, orderBy } = NARRATIVE_RANKER.settings(options);
    if (texts && texts.length !== catalog.items.size)
      throw new InvalidInputError({
        expected: `a text for each of ${catalog.items.size} items`,
        received: `${texts.length} texts`,
        hint: "Give one text per item, '' for none.",
      });
    this.provenance = crossEncoder.provenance;
    this.#crossEncoder = crossEncoder;
    this.#catalog = catalog;
    this.#texts =
      texts ??
      Array.from({ length: catalog.items.size }, (_, item) => catalog.itemText(item, catalog.fields));
    this.#depth = depth;
    this.#orderWeight = orderWeight;
    this.#orderBy = orderBy;
  }

  async rank(
    queries: readonly Query[],
    candidates: readonly (readonly ScoredItem[])[],
    k: number,
    options: RetrieveOptions & LongCallOptions = {},
  ): Promise<ScoredItem[][]> {
    const asked = { name: this.name, itemCount: this.#texts.length };
    return rankRequests(asked, queries, candidates, k, options, async (text, given, q) => {
      const request = understandRequest(text);
      if (request.likes === '') return undefined;
      const { marks } = applyRequest(request, this.#catalog, { texts: this.#texts });
      const allowed = given.filter(({ item }) => !marks[item]);
      const ordered = [...allowed, ...given.filter(({ item }) => marks[item])];
      const scores = await this.#crossEncoder.score(
        request.likes,
        allowed.slice(0, this.#depth).map(({ item }) => this.#texts[item] ?? ''),
        { signal: options.signal },
      );
      const list = reorder(ordered, scores, this.#orderWeight, k, this.#orderBy);
      options.onProgress?.({ phase: `rank with ${this.name}`, done: q + 1, total: queries.length });
      return list;
    });
  }
}
