import { OutcomeCounter } from '../basics/outcome-counts.js';
import { yieldToEventLoop } from '../basics/progress.js';
import { checkRetrieval } from './check-request.js';
import type { CatalogueScorer, Query, RetrieveOptions, ScoredItem } from './retriever.js';
import { topK, unavailableItems } from './top-k.js';

/**
 * Turns catalogue scores into lists as the contract of `Retriever` has them, a few queries at a time so that
 * memory stays bounded and timers, input and cancellation have their turn: the `retrieve` of a scorer. Queries that the
 * scorer answers with its favourites are counted as a fallback.
 */
export async function listsFromScores(
  scorer: CatalogueScorer,
  queries: readonly Query[],
  k: number,
  options: RetrieveOptions,
): Promise<ScoredItem[][]> {
  const { name, items, favourites } = scorer;
  const n = items.size;
  checkRetrieval({ name, itemCount: n }, queries, k, options);
  const block = Math.max(1, Math.min(256, Math.floor(2 ** 23 / n)));
  const unavailable = new Uint8Array(n);
  const lists: ScoredItem[][] = [];
  const counter = new OutcomeCounter(name, queries.length);
  for (let from = 0; from < queries.length; from += block) {
    if (from > 0) await yieldToEventLoop(options.signal, name);
    const chunk = queries.slice(from, from + block);
    const scores = await scorer.scoreAll(chunk, options);
    for (const [q, query] of chunk.entries()) {
      const row = scores.subarray(q * n, (q + 1) * n);
      if (favourites?.isAnswer(row)) counter.fallBack('nothing to go by: general favourites');
      lists.push(topK(row, k, unavailableItems(query, n, options, unavailable)));
    }
    options.onProgress?.({ phase: `retrieve with ${name}`, done: lists.length, total: queries.length });
  }
  if (favourites) options.onOutcomes?.(counter.counts());
  return lists;
}
