import type { Query, ScoredItem } from '@palate/core';

/** Lists of the parts for one query as the gate sees them. */
export interface MixedLists {
  /** Items that some part listed, in the order of their index. */
  readonly items: Int32Array;
  /** `-log(1 + rank)` of each item in each part, row-major; as twice the depth where a part does not list it. */
  readonly evidence: Float32Array;
  /** Numbers of the query: see {@link FEATURES}. */
  readonly features: Float64Array;
}

/** Names of the features that every query has; behind them stands how sure each part is. */
export const FEATURES = ['length of the history', 'popularity of the newest items'] as const;

/**
 * Puts the lists of all parts for a query side by side.
 *
 * @param lists - one a part, best first
 * @param depth - entries that a part's sureness is measured on
 * @param counts - interactions of each item
 */
export function mixedLists(
  query: Query,
  lists: readonly (readonly ScoredItem[])[],
  depth: number,
  counts: Int32Array,
): MixedLists {
  const items = Int32Array.from(new Set(lists.flatMap((list) => list.map(({ item }) => item)))).sort();
  const rowOf = new Map(Array.from(items, (item, row) => [item, row]));
  const longest = lists.reduce((most, { length }) => Math.max(most, length), depth);
  const evidence = new Float32Array(items.length * lists.length).fill(-Math.log(1 + 2 * longest));
  for (const [part, list] of lists.entries())
    for (const [rank, { item }] of list.entries())
      evidence[(rowOf.get(item) as number) * lists.length + part] = -Math.log(1 + rank);
  const history = query.history ?? [];
  const last = history.length > 0 ? (counts[history[history.length - 1] as number] as number) : 0;
  return {
    items,
    evidence,
    features: Float64Array.of(
      Math.log1p(history.length),
      Math.log1p(last),
      ...lists.map((list) => sureness(list.slice(0, depth))),
    ),
  };
}

/** How far the best item of a list is ahead: its distance from the mean score, in standard deviations. */
function sureness(list: readonly ScoredItem[]): number {
  if (list.length < 2) return 0;
  const mean = list.reduce((sum, { score }) => sum + score, 0) / list.length;
  const deviation = Math.sqrt(list.reduce((sum, { score }) => sum + (score - mean) ** 2, 0) / list.length);
  return deviation > 0 ? ((list[0] as ScoredItem).score - mean) / deviation : 0;
}
