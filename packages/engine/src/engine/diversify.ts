import type { ScoredItem } from '@palate/core';

/**
 * Maximal marginal relevance (Carbonell and Goldstein 1998): takes one item after the other, each time the one with the
 * highest `lambda * relevance - (1 - lambda) * likeness to the most alike item that is taken`.
 *
 * Relevance is the rank in the list, from 1 for the first to 0 behind the last, so that scales of scores do not matter.
 * Costs `k * list.length` likenesses.
 *
 * @param list - the best first
 * @param lambda - from 0, only unlikeness, to 1, the list as it is
 * @param likeness - from 0 to 1
 */
export function diversify(
  list: readonly ScoredItem[],
  k: number,
  lambda: number,
  likeness: (a: number, b: number) => number,
): ScoredItem[] {
  if (lambda >= 1) return list.slice(0, k);
  const rest = list.map((entry, rank) => ({ entry, relevance: 1 - rank / list.length, nearest: 0 }));
  const taken: ScoredItem[] = [];
  while (taken.length < k && rest.length > 0) {
    let best = 0;
    const value = (at: number): number => {
      const { relevance, nearest } = rest[at] as (typeof rest)[number];
      return lambda * relevance - (1 - lambda) * nearest;
    };
    for (let at = 1; at < rest.length; at++) if (value(at) > value(best)) best = at;
    const [{ entry } = { entry: undefined }] = rest.splice(best, 1);
    if (!entry) break;
    taken.push(entry);
    for (const each of rest) each.nearest = Math.max(each.nearest, likeness(entry.item, each.entry.item));
  }
  return taken;
}
