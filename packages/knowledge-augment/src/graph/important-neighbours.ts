import { checkNumber, type InteractionLog } from '@palate/core';
import { bipartiteGraph } from './bipartite-graph.js';
import { forwardPush, type PageRankOptions } from './page-rank.js';

/** Options of {@link importantNeighbours}. */
export interface ImportantNeighboursOptions extends PageRankOptions {
  /** Neighbours of an item. Default 3. */
  readonly count?: number;
  /** Least interactions of a neighbour. Default 8. */
  readonly least?: number;
  /**
   * True to divide by an item's popularity (plus twice its median): without it the best known items are everyone's
   * neighbours. Default true.
   */
  readonly correctPopularity?: boolean;
}

/**
 * Important neighbours of each item: those with most mass of a personalised PageRank that starts again at the item, in
 * the user-item graph of a training log (LLM-Rec's engagement-guided prompting).
 *
 * @returns for each item its neighbours, the most important first
 */
export function importantNeighbours(
  log: InteractionLog,
  options: ImportantNeighboursOptions = {},
): number[][] {
  const { count = 3, least = 8, correctPopularity = true, ...rank } = options;
  checkNumber('count', count, { min: 1, integer: true });
  const graph = bipartiteGraph(log);
  const counts = log.itemCounts();
  const sorted = Array.from(counts).sort((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)] ?? 0;
  return Array.from({ length: log.items.size }, (_, item) => {
    const { mass } = forwardPush(graph, item, rank);
    return Array.from({ length: log.items.size }, (__, other) => other)
      .filter((other) => other !== item && counts[other]! >= least && mass[other]! > 0)
      .map((other) => ({
        other,
        value: correctPopularity ? mass[other]! / (counts[other]! + 2 * median) : mass[other]!,
      }))
      .sort((a, b) => b.value - a.value || a.other - b.other)
      .slice(0, count)
      .map(({ other }) => other);
  });
}
