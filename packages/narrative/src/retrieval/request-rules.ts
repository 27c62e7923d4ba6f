import {
  type Catalog,
  type CatalogueScorer,
  checkOptions,
  type Favourites,
  type IdMap,
  InvalidInputError,
  type LongCallOptions,
  listsFromScores,
  type OutcomeOptions,
  type Provenance,
  type Query,
  type RetrieveOptions,
  type ScoredItem,
} from '@palate/core';
import { rangeOf } from '../range-of.js';
import { applyRequest, type RuledOut } from '../understanding/apply-request.js';
import { describeRequest } from '../understanding/describe-request.js';
import { understandRequest } from '../understanding/understand-request.js';
import type { UnderstoodRequest } from '../understanding/understood-request.js';

/** Options of {@link RequestRules}. */
export interface RequestRulesOptions {
  /** One text an item that says what it is about, for dislikes. Default: all fields of the catalogue. */
  readonly texts?: readonly string[] | undefined;
}

/** A request as it was understood, and what of it a catalogue could follow. */
export interface UnderstoodQuery {
  readonly request: UnderstoodRequest;
  readonly ruledOut: RuledOut;
  /** Sentences that tell the user how the request was understood; none if it is taken literally. */
  readonly told: readonly string[];
}

/** Requests that are kept as they were understood. */
const REMEMBERED = 64;

/**
 * Any catalogue scorer with rules for what requests rule out: it is asked with what is wanted, and items that speak of a
 * dislike or lie beyond a limit come after all others.
 */
export class RequestRules implements CatalogueScorer {
  readonly name: string;
  readonly items: IdMap;
  readonly favourites: Favourites | undefined;
  readonly provenance: Provenance | undefined;
  readonly fittedOn: readonly string[] | undefined;
  readonly #scorer: CatalogueScorer;
  readonly #catalog: Catalog;
  readonly #texts: readonly string[] | undefined;
  readonly #understood = new Map<string, UnderstoodQuery>();

  /** @throws InvalidInputError if texts do not fit the items */
  constructor(scorer: CatalogueScorer, catalog: Catalog, options: RequestRulesOptions = {}) {
    checkOptions('RequestRules', options, ['texts']);
    const { texts } = options;
    if (texts && texts.length !== scorer.items.size)
      throw new InvalidInputError({
        expected: `a text for each of ${scorer.items.size} items`,
        received: `${texts.length} texts`,
        hint: "Give one text per item, '' for none.",
      });
    this.name = scorer.name;
    this.items = scorer.items;
    this.favourites = scorer.favourites;
    this.provenance = scorer.provenance;
    this.fittedOn = scorer.fittedOn;
    this.#scorer = scorer;
    this.#catalog = catalog.align(scorer.items);
    this.#texts = texts;
  }

  /** Tells how a request is understood here. Costs a pass over the texts of the items the first time. */
  understand(text: string): UnderstoodQuery {
    const known = this.#understood.get(text);
    if (known) return known;
    const request = understandRequest(text);
    const ruledOut = applyRequest(request, this.#catalog, { texts: this.#texts });
    const made = { request, ruledOut, told: describeRequest(request, ruledOut) };
    const [oldest] = this.#understood.keys();
    if (this.#understood.size >= REMEMBERED && oldest !== undefined) this.#understood.delete(oldest);
    this.#understood.set(text, made);
    return made;
  }

  /** Scores of the scorer for what is wanted; those of items that are ruled out lie below all others. */
  async scoreAll(
    queries: readonly Query[],
    options: LongCallOptions & OutcomeOptions = {},
  ): Promise<Float32Array> {
    const understood = queries.map(({ text }) => (text ? this.understand(text) : undefined));
    const wanted = queries.map((query, q) => {
      const own = understood[q];
      return own ? { ...query, text: own.request.likes === '' ? undefined : own.request.likes } : query;
    });
    const scores = await this.#scorer.scoreAll(wanted, options);
    const n = this.items.size;
    for (const [q, own] of understood.entries())
      if (own?.ruledOut.marks.includes(1)) putLast(scores.subarray(q * n, (q + 1) * n), own.ruledOut.marks);
    return scores;
  }

  retrieve(queries: readonly Query[], k: number, options: RetrieveOptions = {}): Promise<ScoredItem[][]> {
    return listsFromScores(this, queries, k, options);
  }
}

/** Lowers marked scores below all others, in their order. */
function putLast(row: Float32Array, marks: Uint8Array): void {
  const { low, high } = rangeOf(row);
  const down = high - low + 1;
  for (let item = 0; item < row.length; item++) if (marks[item]) row[item]! -= down;
}
