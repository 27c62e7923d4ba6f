import {
  type Query,
  type RetrieveOptions,
  type ScoredItem,
  unavailableItems,
  yieldToEventLoop,
} from '@palate/core';
import type { SemanticIds } from '../ids/semantic-ids.js';
import type { FaithfulModel } from './faithful-model.js';
import { historyOf } from './tiger-search.js';

/** How far a free search is widened, against its first width. */
const WIDEST_FACTOR = 8;

/** Result of a search over all codes. */
export interface FreeSearch {
  readonly lists: ScoredItem[][];
  /** Share of the IDs that no item has, of all that the first search generated. */
  readonly invalidShare: number;
}

/**
 * Searches over all codes: IDs that no item has are dropped and counted. A history that is left with fewer than `k` items
 * is searched again with twice as many beams, up to eight times as many.
 *
 * @param narrowest - beams of the first search
 * @param what - the name of the model, for a cancellation
 */
export async function searchFreely(
  model: FaithfulModel,
  ids: SemanticIds,
  queries: readonly Query[],
  k: number,
  narrowest: number,
  options: RetrieveOptions,
  what: string,
): Promise<FreeSearch> {
  const lists: ScoredItem[][] = queries.map(() => []);
  const pause = (): Promise<void> => yieldToEventLoop(options.signal, what);
  let generated = 0;
  let invalid = 0;
  let short = [...queries.keys()];
  for (let width = narrowest; short.length > 0 && width <= WIDEST_FACTOR * narrowest; width *= 2) {
    const block = Math.max(1, Math.floor(model.searchRows / width));
    for (let from = 0; from < short.length; from += block) {
      const chunk = short.slice(from, from + block);
      const histories = chunk.map((at) => historyOf(queries[at] as Query));
      const found = await model.searchFreely(histories, width, pause);
      for (const [row, beams] of found.entries()) {
        const at = chunk[row] as number;
        const excluded = unavailableItems(queries[at] as Query, ids.items.size, options);
        const items = beams.map(({ tuple, score }) => ({ item: ids.find(tuple), score }));
        if (width === narrowest) {
          generated += items.length;
          invalid += items.filter(({ item }) => item === undefined).length;
        }
        lists[at] = items
          .flatMap(({ item, score }) => (item === undefined || excluded[item] ? [] : [{ item, score }]))
          .slice(0, k);
      }
    }
    short = short.filter((at) => (lists[at] as ScoredItem[]).length < k);
  }
  return { lists, invalidShare: generated === 0 ? 0 : invalid / generated };
}
