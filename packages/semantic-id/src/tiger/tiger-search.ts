/*
 * Terms: a *beam* is a prefix of IDs that a search follows; the *width* is how many are kept on a level; a *warm* item
 * has interactions and a *cold* one none; the *cold share* is the entries of a list that cold ones may take; a *block*
 * is queries searched together.
 */

import {
  byScore,
  type Favourites,
  type IdMap,
  type Query,
  RandomStream,
  type RetrieveOptions,
  type ScoredItem,
  throwIfCancelled,
  topK,
  unavailableItems,
  yieldToEventLoop,
} from '@palate/core';
import { selectBackend } from '@palate/nn';
import type { SemanticIds } from '../ids/semantic-ids.js';
import type { IdHistory, IdModel } from './id-model.js';
import type { IdSearch } from './id-search.js';
import { IdSearcher } from './id-searcher.js';
import { LeftOut, type SearchProof } from './left-out.js';
import type { UnseenItems } from './unseen-items.js';

/** Options of `Tiger.retrieve`. */
export interface TigerRetrieveOptions extends RetrieveOptions {
  /** Draws lists instead of taking the likeliest items; higher is more mixed. 0, the default, draws nothing. */
  readonly temperature?: number | undefined;
  /** Share of a list that is kept for items without training interactions, where it differs from the fit's. */
  readonly epsilon?: number | undefined;
  /**
   * True to search on, each time twice as wide, until no prefix that was left out can lead to a better item: the list is
   * that of scoring every item. Default false.
   */
  readonly exact?: boolean | undefined;
  /** Told how far each list is certain, in the order of the queries; lists that are not exact say what they may miss. */
  readonly onProofs?: ((proofs: readonly SearchProof[]) => void) | undefined;
}

/** Parts of a {@link TigerSearch}. */
export interface TigerSearchParts {
  readonly name: string;
  readonly model: IdModel;
  readonly ids: SemanticIds;
  readonly unseen: UnseenItems;
  readonly favourites: Favourites;
  /** Share of a list that is kept for items without training interactions. */
  readonly epsilon: number;
}

/** A search for queries: beams down the tree of IDs, and the favourites for queries without a history. */
export class TigerSearch {
  readonly #parts: TigerSearchParts;
  readonly #items: IdMap;
  readonly #searcher: IdSearcher;

  constructor(parts: TigerSearchParts) {
    const { model, ids, unseen } = parts;
    this.#parts = parts;
    this.#items = ids.items;
    this.#searcher = new IdSearcher(model, ids, unseen);
  }

  /**
   * Searches for queries, those of like width together.
   *
   * @param width - nodes kept on each level
   */
  async lists(
    queries: readonly Query[],
    k: number,
    width: number,
    options: TigerRetrieveOptions,
  ): Promise<ScoredItem[][]> {
    throwIfCancelled(options.signal, this.#parts.name);
    await selectBackend();
    const lists: ScoredItem[][] = new Array(queries.length);
    const withHistory: number[] = [];
    for (const [at, query] of queries.entries())
      if (query.history?.length) withHistory.push(at);
      else lists[at] = this.#favouritesOf(this.#searchOf(query, at, k, width, options), k);
    const pause = (): Promise<void> => yieldToEventLoop(options.signal, this.#parts.name);
    const proofs = lists.map((list): SearchProof => ({ proven: list.length, gap: 0, width: 0 }));
    let done = queries.length - withHistory.length;
    let waiting = withHistory;
    for (let times = 1; waiting.length > 0; times *= 2) {
      const again: number[] = [];
      for (const block of this.#blocksOf(queries, waiting, times * width)) {
        await pause();
        const searches = block.map((query) =>
          this.#searchOf(queries[query] as Query, query, k, width, options, times),
        );
        for (const [at, found] of (await this.#searcher.search(searches, pause)).entries()) {
          const { coldShare, leftOut, width: kept } = searches[at] as (typeof searches)[number];
          const query = block[at] as number;
          const list = this.#bestOf(found, k, coldShare);
          const proof = leftOut?.proof(list, this.#parts.unseen.items, kept);
          if (options.exact && proof && proof.proven < list.length) again.push(query);
          else done++;
          lists[query] = list;
          if (proof) proofs[query] = proof;
        }
        options.onProgress?.({ phase: `retrieve with ${this.#parts.name}`, done, total: queries.length });
      }
      waiting = again;
    }
    options.onProofs?.(proofs);
    return lists;
  }

  #blocksOf(queries: readonly Query[], chosen: readonly number[], width: number): number[][] {
    return blocksOf(queries, chosen, width, this.#items.size, this.#parts.model.searchRows);
  }

  /** The general favourites that a search may find, with its share of items without interactions. */
  #favouritesOf({ excluded, coldShare }: IdSearch & { readonly coldShare: number }, k: number): ScoredItem[] {
    return this.#bestOf(topK(this.#parts.favourites.scores, this.#items.size, excluded), k, coldShare);
  }

  #searchOf(
    query: Query,
    index: number,
    k: number,
    width: number,
    options: TigerRetrieveOptions,
    times = 1,
  ): IdSearch & { readonly coldShare: number } {
    const { temperature = 0, epsilon = this.#parts.epsilon, exact = false, onProofs } = options;
    const excluded = unavailableItems(query, this.#items.size, options);
    const cold = this.#parts.unseen.items;
    let warm = 0;
    for (let item = 0; item < excluded.length; item++) if (!excluded[item] && !cold[item]) warm++;
    // Items without interactions have their share, and fill up where the others are too few.
    const coldShare = Math.max(Math.floor(epsilon * k), k - warm);
    return {
      history: historyOf(query),
      excluded,
      coldShare,
      width: temperature > 0 ? k : searchWidth(query, times * width, this.#items.size),
      coldWidth:
        coldShare === 0 ? 0 : Math.min(temperature > 0 ? coldShare : 2 * times * coldShare, this.#items.size),
      leftOut: exact || onProofs ? new LeftOut() : undefined,
      sampling:
        temperature > 0
          ? { temperature, random: new RandomStream(options.seed ?? 0).fork('tiger').fork(`query ${index}`) }
          : undefined,
    };
  }

  /** The best `k` of a list, `coldShare` of them without interactions where there are as many. */
  #bestOf(list: readonly ScoredItem[], k: number, coldShare: number): ScoredItem[] {
    const isCold = ({ item }: ScoredItem): boolean => this.#parts.unseen.items[item] === 1;
    const cold = list.filter(isCold).slice(0, coldShare);
    const warm = list.filter((entry) => !isCold(entry)).slice(0, k - cold.length);
    return [...warm, ...cold].sort(byScore);
  }
}

/** Nodes that the search for a query keeps: a candidate list is answered exactly. */
function searchWidth({ candidates }: Query, width: number, itemCount: number): number {
  return Math.min(Math.max(width, candidates?.length ?? 0), itemCount);
}

/** Queries of like width together, so that a long candidate list does not widen the search of the others. */
function blocksOf(
  queries: readonly Query[],
  chosen: readonly number[],
  width: number,
  itemCount: number,
  searchRows: number,
): number[][] {
  const widths = queries.map((query) => searchWidth(query, width, itemCount));
  const order = [...chosen].sort((a, b) => widths[a]! - widths[b]! || a - b);
  const blocks: number[][] = [];
  for (const query of order) {
    const last = blocks.at(-1);
    if (last && (last.length + 1) * widths[query]! <= searchRows) last.push(query);
    else blocks.push([query]);
  }
  return blocks;
}

/** Gives the part of a query that a model reads. */
export const historyOf = ({ history, user }: Query): IdHistory => ({ items: history ?? [], user });
