import {
  type CatalogueScorer,
  checkSameItems,
  defineOptions,
  type Favourites,
  fittedOnParts,
  type IdMap,
  InvalidInputError,
  type LongCallOptions,
  listsFromScores,
  type OptionsOf,
  option,
  type Provenance,
  provenanceOfParts,
  type Query,
  type RetrieveOptions,
  type ScoredItem,
  throwIfCancelled,
  topK,
  unavailableItems,
  yieldToEventLoop,
} from '@palate/core';
import { ndcgOfLists } from '@palate/eval';
import { rangeOf } from '../range-of.js';
import { chooseWeight, groupOf, groupsBy, sureness } from './choose-weight.js';

/** Options of {@link RequestFusion.fit}. */
export const REQUEST_FUSION = defineOptions('RequestFusion.fit', {
  weights: option.list(option.number({ min: 0 }))({
    default: [0.05, 0.1, 0.2, 0.35, 0.5, 1],
    doc: "weights of the request's scores to try besides 0; the history's scores have weight 1",
  }),
  groups: option.integer({ min: 1 })({
    default: 2,
    doc: 'number of groups of requests, by how far their best item is ahead; each group has its own weight',
  }),
  errors: option.number({ min: 0 })({
    default: 2,
    doc: 'number of standard errors by which a weight must beat 0 in NDCG@10; otherwise 0 is used',
  }),
});

/** Options of {@link RequestFusion.fit}; {@link REQUEST_FUSION} says what each does. */
export type RequestFusionOptions = OptionsOf<typeof REQUEST_FUSION.declarations> & LongCallOptions;

/** Queries whose right items are known: none that results are measured by. */
export interface KnownAnswers {
  readonly queries: readonly Query[];
  /** Right items of each query. */
  readonly targets: readonly ArrayLike<number>[];
}

/** Queries that are scored at once while weights are tried. */
const BLOCK = 128;

/**
 * Scorer by a history and a request together, by their scores from 0 to 1: how much the request counts was chosen on
 * known answers, request by request, and is nothing where it did not clearly help there.
 */
export class RequestFusion implements CatalogueScorer {
  readonly name: string;
  readonly items: IdMap;
  readonly favourites: Favourites | undefined;
  readonly provenance: Provenance | undefined;
  readonly fittedOn: readonly string[];
  /** Weight of the request in each group, the least sure requests first. */
  readonly weights: readonly number[];
  readonly #history: CatalogueScorer;
  readonly #request: CatalogueScorer;
  readonly #bounds: readonly number[];

  private constructor(
    history: CatalogueScorer,
    request: CatalogueScorer,
    bounds: readonly number[],
    weights: readonly number[],
  ) {
    this.name = `${history.name} + ${request.name}`;
    this.items = history.items;
    this.favourites = history.favourites;
    this.provenance = provenanceOfParts([history, request]);
    this.fittedOn = fittedOnParts([history, request]);
    this.weights = weights;
    this.#history = history;
    this.#request = request;
    this.#bounds = bounds;
  }

  /**
   * Chooses the weights on queries whose right items are known.
   *
   * @param history - answers from a query's history
   * @param request - answers from its text
   * @throws InvalidInputError if the scorers have different items, or there are no known answers
   */
  static async fit(
    history: CatalogueScorer,
    request: CatalogueScorer,
    { queries, targets }: KnownAnswers,
    options: RequestFusionOptions = {},
  ): Promise<RequestFusion> {
    const { weights, groups, errors } = REQUEST_FUSION.settings(options);
    const n = history.items.size;
    checkSameItems([history, request]);
    if (queries.length === 0 || queries.length !== targets.length)
      throw new InvalidInputError({
        expected: 'queries and the correct items of each',
        received: `${queries.length} queries and correct items of ${targets.length}`,
        hint: 'Hold some queries out to choose the weights by.',
      });
    const tried = [0, ...weights];
    const sure: number[] = [];
    const gains: number[][] = [];
    const unavailable = new Uint8Array(n);
    for (let from = 0; from < queries.length; from += BLOCK) {
      if (from > 0) await yieldToEventLoop(options.signal, 'choosing weights');
      throwIfCancelled(options.signal, 'choosing weights');
      const some = queries.slice(from, from + BLOCK);
      const [byHistory, byRequest] = [await history.scoreAll(some), await request.scoreAll(some)];
      for (const [q, query] of some.entries()) {
        const own = byHistory.subarray(q * n, (q + 1) * n);
        const asked = byRequest.subarray(q * n, (q + 1) * n);
        unavailableItems(query, n, {}, unavailable);
        sure.push(sureness(asked));
        gains.push(
          tried.map((weight) =>
            ndcgOfLists([topK(fused(own, asked, weight), 10, unavailable)], [targets[from + q] ?? []], 10),
          ),
        );
      }
    }
    const bounds = groupsBy(sure, groups);
    const chosen = Array.from({ length: bounds.length + 1 }, (_, group) =>
      chooseWeight(
        tried,
        gains.filter((_, q) => groupOf(sure[q] ?? 0, bounds) === group),
        errors,
      ),
    );
    return new RequestFusion(history, request, bounds, chosen);
  }

  async scoreAll(queries: readonly Query[], options: LongCallOptions = {}): Promise<Float32Array> {
    const n = this.items.size;
    const byHistory = await this.#history.scoreAll(queries, options);
    if (this.weights.every((weight) => weight === 0)) return byHistory;
    const byRequest = await this.#request.scoreAll(queries, options);
    for (let q = 0; q < queries.length; q++) {
      const own = byHistory.subarray(q * n, (q + 1) * n);
      const asked = byRequest.subarray(q * n, (q + 1) * n);
      if (!queries[q]?.text || this.#request.favourites?.isAnswer(asked)) continue;
      own.set(fused(own, asked, this.weights[groupOf(sureness(asked), this.#bounds)] ?? 0));
    }
    return byHistory;
  }

  retrieve(queries: readonly Query[], k: number, options: RetrieveOptions = {}): Promise<ScoredItem[][]> {
    return listsFromScores(this, queries, k, options);
  }
}

/** Two rows of scores, each brought to 0 to 1, the second weighted. */
function fused(own: Float32Array, asked: Float32Array, weight: number): Float32Array {
  if (weight === 0) return own;
  const [a, b] = [scaleOf(own), scaleOf(asked)];
  return own.map((score, item) => (score - a.low) * a.scale + weight * (asked[item]! - b.low) * b.scale);
}

function scaleOf(row: Float32Array): { readonly low: number; readonly scale: number } {
  const { low, high } = rangeOf(row);
  return { low, scale: high > low ? 1 / (high - low) : 0 };
}
