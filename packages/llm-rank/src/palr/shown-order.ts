import { contentHash, type Query, type RandomStream, type ScoredItem } from '@palate/core';

/**
 * Puts candidates into a random order in which they are shown to a model, so that their position says nothing. The order
 * goes by the query and its candidates alone: not by the order in which they came, nor by who asks beside it.
 *
 * @param draw - tells apart several orders of the same candidates
 * @returns items by their dense indexes
 */
export function shownOrder(
  random: RandomStream,
  { user, history, text }: Query,
  candidates: readonly ScoredItem[],
  draw = 0,
): number[] {
  const items = candidates.map(({ item }) => item).sort((a, b) => a - b);
  return random.fork(contentHash([user, Array.from(history ?? []), text, items, draw])).shuffle(items);
}
