import { byScore, type InteractionLog, type ScoredItem } from '@palate/core';

/** Neighbours that are kept of an item. */
const MOST = 50;
/** Precision of a walk: more touches nodes that no list of 50 shows. */
const TOLERANCE = 1e-6;

/**
 * Which items a walk from an item comes by most often: personalised PageRank in the graph of users and items, by forward push,
 * over an item's popularity (plus twice the median), since otherwise the best known are everyone's neighbours. It reaches
 * items that nobody chose together with the first, through users who are alike.
 *
 * The first question builds the graph; each item costs one walk, and its answer is kept.
 */
export class GraphWalk {
  readonly #log: InteractionLog;
  readonly #neighbours = new Map<number, Promise<readonly ScoredItem[]>>();
  #graph: Promise<WalkedGraph> | undefined;

  constructor(log: InteractionLog) {
    this.#log = log;
  }

  /** Up to 50 items with most weight, the best first; none for an item that was never chosen. */
  neighbours(item: number): Promise<readonly ScoredItem[]> {
    let known = this.#neighbours.get(item);
    if (!known) {
      known = this.#find(item);
      this.#neighbours.set(item, known);
    }
    return known;
  }

  async #find(item: number): Promise<readonly ScoredItem[]> {
    const items = this.#log.items.size;
    if (item >= items) return [];
    this.#graph ??= this.#build();
    const { walk, counts, median } = await this.#graph;
    if (counts[item] === 0) return [];
    const mass = walk(item);
    return Array.from({ length: items }, (_, other) => ({
      item: other,
      score: (mass[other] as number) / ((counts[other] as number) + 2 * median),
    }))
      .filter(({ item: other, score }) => other !== item && score > 0)
      .sort(byScore)
      .slice(0, MOST);
  }

  async #build(): Promise<WalkedGraph> {
    const { bipartiteGraph, forwardPush } = await import('@palate/graph-augment');
    const graph = bipartiteGraph(this.#log);
    const counts = this.#log.itemCounts();
    return {
      walk: (item) => forwardPush(graph, item, { tolerance: TOLERANCE }).mass,
      counts,
      median: counts.toSorted()[counts.length >> 1] ?? 0,
    };
  }
}

interface WalkedGraph {
  /** Mass of each node after a walk from an item; items come first. */
  readonly walk: (item: number) => Float64Array;
  readonly counts: ArrayLike<number>;
  readonly median: number;
}
