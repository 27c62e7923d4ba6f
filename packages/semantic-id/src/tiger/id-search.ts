import type { RandomStream, ScoredItem } from '@palate/core';
import type { IdTrie } from '../ids/id-trie.js';
import type { SemanticIds } from '../ids/semantic-ids.js';
import type { IdHistory, IdModel } from './id-model.js';

/** A history to be continued, and what may be found for it. */
export interface IdSearch {
  readonly history: IdHistory;
  /** 1 for items that must not be found. */
  readonly closed: Uint8Array;
  /** Nodes kept on each level that lead to items with interactions. */
  readonly width: number;
  /** Nodes kept beside them that lead to items without interactions; 0 to find none of those. */
  readonly coldWidth: number;
  /** Draws nodes without replacement instead of taking the likeliest, with chances raised to `1 / temperature`. */
  readonly sampling?: { readonly temperature: number; readonly random: RandomStream };
}

/** A node that the search stands at. */
interface Place {
  readonly node: number;
  /** Row of the model's last answer that the node was reached from. */
  readonly row: number;
  readonly score: number;
  /** Log-chance of being drawn; the score where nothing is drawn. */
  readonly chance: number;
  /** What the places are ranked by: the score, or the log-chance with a random part. */
  readonly key: number;
}

/** What lies below a node and may be found. */
const WARM = 1;
const COLD = 2;

/**
 * Beam search over the tree of IDs, for several histories at once: on each level the best nodes are kept that lead to
 * an item which may be found. Nodes that lead to items without interactions have places of their own, so that neither
 * kind crowds out the other. As wide as the catalogue it is exhaustive; a history's list does not depend on the others.
 *
 * @param cold - 1 for items of which the model knows the codes but not the last one that tells collisions apart
 * @returns for each history its items by log-probability, best first, equal ones by lower index: as many of each kind
 *   as its width or all that are open
 */
export function searchIds(
  model: IdModel,
  ids: SemanticIds,
  cold: Uint8Array,
  searches: readonly IdSearch[],
): ScoredItem[][] {
  const { trie, depth, size } = ids;
  const below = searches.map((search) => itemsBelow(trie, cold, search));
  const steps = model.start(
    searches.map(({ history }) => history),
    Math.max(...searches.map(({ width, coldWidth }) => width + coldWidth)),
  );
  try {
    let places: Place[][] = searches.map((_, row) => [{ node: 0, row, score: 0, chance: 0, key: 0 }]);
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
      places = places.map((own, at) => {
        const search = searches[at] as IdSearch;
        const open = below[at] as Uint8Array;
        const next: Place[] = [];
        for (const place of own) {
          const children = childrenOf(trie, place, row, open, (node) => {
            const item = trie.item[node]!;
            // The last code of an item that the model never saw means nothing to it: all are alike there.
            return item >= 0 && cold[item]
              ? -Math.log(trie.childCount[place.node]!)
              : scores[row * size + trie.code[node]!]!;
          });
          next.push(...(search.sampling ? drawn(children, place, search.sampling) : children));
          row++;
        }
        next.sort((a, b) => b.key - a.key || a.node - b.node);
        return kept(next, open, search);
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

/** The nodes below a place that lead to an open item. */
function childrenOf(
  trie: IdTrie,
  place: Place,
  row: number,
  open: Uint8Array,
  logChance: (node: number) => number,
): Place[] {
  const children: Place[] = [];
  const from = trie.childFrom[place.node]!;
  for (let node = from; node < from + trie.childCount[place.node]!; node++) {
    if (!open[node]) continue;
    const score = place.score + logChance(node);
    children.push({ node, row, score, chance: score, key: score });
  }
  return children;
}

/**
 * Keys whose order is a draw without replacement (Kool, van Hoof and Welling 2019): Gumbel noise on each log-chance,
 * conditioned on its largest being the parent's.
 */
function drawn(
  children: readonly Place[],
  parent: Place,
  { temperature, random }: NonNullable<IdSearch['sampling']>,
): Place[] {
  const scaled = children.map(({ score }) => (score - parent.score) / temperature);
  const largest = Math.max(...scaled);
  const total = largest + Math.log(scaled.reduce((sum, value) => sum + Math.exp(value - largest), 0));
  const chances = scaled.map((value) => parent.chance + value - total);
  const noisy = chances.map((chance) => chance - Math.log(-Math.log(random.uniform() || 1e-300)));
  const top = Math.max(...noisy);
  return children.map((child, k) => {
    const value = noisy[k] as number;
    // -log(exp(-parent) - exp(-top) + exp(-value)), without overflow.
    const rest = parent.key - value + Math.log1p(-Math.exp(value - top));
    const key = parent.key - Math.max(0, rest) - Math.log1p(Math.exp(-Math.abs(rest)));
    return { ...child, chance: chances[k] as number, key };
  });
}

/** The best places of each kind, in the order given; a place that leads to both kinds counts for both. */
function kept(places: readonly Place[], open: Uint8Array, { width, coldWidth }: IdSearch): Place[] {
  let warm = width;
  let cold = coldWidth;
  return places.filter(({ node }) => {
    const kinds = open[node]!;
    const stays = (kinds & WARM && warm > 0) || (kinds & COLD && cold > 0);
    if (kinds & WARM) warm--;
    if (kinds & COLD) cold--;
    return stays;
  });
}

/** For every node, which kinds of items lie below it that the search may find. */
function itemsBelow(trie: IdTrie, cold: Uint8Array, { closed, coldWidth }: IdSearch): Uint8Array {
  const below = new Uint8Array(trie.nodeCount);
  for (let node = trie.nodeCount - 1; node > 0; node--) {
    const item = trie.item[node]!;
    if (item >= 0 && !closed[item]) below[node] = !cold[item] ? WARM : coldWidth > 0 ? COLD : 0;
    below[trie.parent[node]!]! |= below[node]!;
  }
  return below;
}
