import type { RandomStream, ScoredItem } from '@palate/core';
import type { SemanticIds } from '../ids/semantic-ids.js';
import type { IdHistory, IdModel } from './id-model.js';

/** What a search may return for one history. */
export interface OpenItems {
  /** 1 for items that must not be found. */
  readonly closed: Uint8Array;
}

/** How the search goes down the tree. */
export interface SearchOptions {
  /** Nodes kept on each level. */
  readonly width: number;
  /** 1 for items of which the model knows the codes but not the last one that tells collisions apart. */
  readonly cold: Uint8Array;
  /** Draws nodes instead of taking the likeliest, with chances raised to `1 / temperature`. */
  readonly sampling?: { readonly temperature: number; readonly random: RandomStream };
}

/** A node that the search stands at. */
interface Place {
  readonly node: number;
  /** Row of the model's last answer that the node was reached from. */
  readonly row: number;
  readonly score: number;
  /** What the places are ranked by: the score, or the score with a random part. */
  readonly key: number;
}

/**
 * Beam search over the tree of IDs, for several histories at once: on each level the best nodes are kept that lead to
 * an item which may be returned. As wide as the catalogue it is exhaustive.
 *
 * @returns for each history its items by log-probability, best first, equal ones by lower index: as many as the width
 *   or all that are open
 */
export function searchIds(
  model: IdModel,
  ids: SemanticIds,
  histories: readonly IdHistory[],
  open: readonly OpenItems[],
  options: SearchOptions,
): ScoredItem[][] {
  const { trie, depth, size } = ids;
  const { width, cold, sampling } = options;
  const closedNodes = open.map(({ closed }) => nodesWithoutItems(ids, closed));
  const steps = model.start(histories, width);
  try {
    let places: Place[][] = histories.map((_, row) => [{ node: 0, row, score: 0, key: 0 }]);
    let scores = steps.next();
    for (let level = 0; level < depth; level++) {
      if (level > 0) {
        const flat = places.flat();
        scores = steps.next(
          Int32Array.from(flat, ({ row }) => row),
          Int32Array.from(flat, ({ node }) => node),
        );
      }
      let row = 0;
      places = places.map((own, query) => {
        const next: Place[] = [];
        const shut = closedNodes[query] as Uint8Array;
        for (const place of own) {
          const from = trie.childFrom[place.node]!;
          for (let node = from; node < from + trie.childCount[place.node]!; node++) {
            if (shut[node]) continue;
            const item = trie.item[node]!;
            // The last code of an item that the model never saw means nothing to it: all are alike there.
            const step =
              item >= 0 && cold[item]
                ? -Math.log(trie.childCount[place.node]!)
                : scores[row * size + trie.code[node]!]!;
            const score = place.score + step;
            // Gumbel noise draws without replacement (Kool et al. 2019): the best of the noisy are a sample.
            const key = sampling
              ? step / sampling.temperature +
                place.key -
                Math.log(-Math.log(sampling.random.uniform() || 1e-300))
              : score;
            next.push({ node, row, score, key });
          }
          row++;
        }
        next.sort((a, b) => b.key - a.key || a.node - b.node);
        return next.slice(0, width);
      });
    }
    return places.map((own) =>
      own
        .map(({ node, score }) => ({ item: trie.item[node]!, score }))
        .sort((a, b) => b.score - a.score || a.item - b.item),
    );
  } finally {
    steps.dispose();
  }
}

/** 1 for nodes below which every item is closed. */
function nodesWithoutItems(ids: SemanticIds, closed: Uint8Array): Uint8Array {
  const { trie } = ids;
  const shut = new Uint8Array(trie.nodeCount).fill(1);
  for (let node = trie.nodeCount - 1; node > 0; node--) {
    const item = trie.item[node]!;
    if (item >= 0) shut[node] = closed[item]!;
    if (!shut[node]) shut[trie.parent[node]!] = 0;
  }
  return shut;
}
