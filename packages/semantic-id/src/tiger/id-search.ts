import { type RandomStream, type ScoredItem, topK } from '@palate/core';
import type { IdTrie } from '../ids/id-trie.js';
import type { SemanticIds } from '../ids/semantic-ids.js';
import type { IdHistory, IdModel } from './id-model.js';
import type { UnseenItems } from './unseen-items.js';

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
  readonly sampling?: { readonly temperature: number; readonly random: RandomStream } | undefined;
}

/** Nodes that a search stands at, in columns. */
interface Places {
  readonly node: Int32Array;
  /** Row of the model's last answer that each was reached from. */
  readonly row: Int32Array;
  readonly score: Float64Array;
  /** Log-chance of being drawn; the score where nothing is drawn. */
  readonly chance: Float64Array;
  /** What places are ranked by: the score, or the log-chance with a random part. */
  readonly key: Float32Array;
}

/** What lies below a node and may be found. */
const WARM = 1;
const COLD = 2;

/**
 * Beam search over the tree of IDs, for several histories at once: on each level the best nodes are kept that lead to
 * an item which may be found. Nodes that lead to items without interactions have places of their own, so that neither
 * kind crowds out the other. As wide as the catalogue it is exhaustive; a history's list does not depend on the others.
 */
export class IdSearcher {
  readonly #model: IdModel;
  readonly #ids: SemanticIds;
  readonly #openNodes: OpenNodes;
  readonly #children: Children;

  /** @param unseen - items of which the model knows the codes but not those that tell collisions apart */
  constructor(model: IdModel, ids: SemanticIds, unseen: UnseenItems) {
    this.#model = model;
    this.#ids = ids;
    this.#openNodes = new OpenNodes(ids.trie, unseen.items);
    this.#children = new Children(ids, unseen, model.sharesWithUnseen ? 0 : unseen.logShare);
  }

  /**
   * @returns for each history its items by log-probability, best first, equal ones by lower index: as many of each kind
   *   as its width or all that are open
   */
  search(searches: readonly IdSearch[]): ScoredItem[][] {
    const { trie, depth } = this.#ids;
    const codeLevels = this.#ids.codebook.levels;
    const children = this.#children;
    const openNodes = searches.map((search) => this.#openNodes.of(search));
    const steps = this.#model.start(
      searches.map(({ history }) => history),
      Math.max(...searches.map(({ width, coldWidth }) => width + coldWidth)),
    );
    try {
      let places = searches.map((_, row) => rootAt(row));
      let logChances = steps.next();
      for (let level = 0; level < depth; level++) {
        if (level > 0) logChances = steps.next(joined(places, 'row'), joined(places, 'node'));
        let row = 0;
        let read = 0;
        places = places.map((own, at) => {
          const search = searches[at] as IdSearch;
          const open = openNodes[at] as Uint8Array;
          children.clear();
          for (let k = 0; k < own.node.length; k++, row++) {
            const from = children.count;
            children.add(own, k, row, open, logChances, read, level >= codeLevels);
            read += trie.childCount[own.node[k]!]!;
            if (search.sampling) children.draw(from, own, k, search.sampling);
          }
          return children.kept(open, search);
        });
      }
      return places.map(({ node, score }) =>
        Array.from(node, (leaf, k) => ({ item: trie.item[leaf]!, score: score[k]! })).sort(
          (a, b) => b.score - a.score || a.item - b.item,
        ),
      );
    } finally {
      steps.dispose();
    }
  }
}

const rootAt = (row: number): Places => ({
  node: Int32Array.of(0),
  row: Int32Array.of(row),
  score: Float64Array.of(0),
  chance: Float64Array.of(0),
  key: Float32Array.of(0),
});

/** A column of the places of all histories. */
function joined(places: readonly Places[], column: 'node' | 'row'): Int32Array {
  const all = new Int32Array(places.reduce((sum, own) => sum + own.node.length, 0));
  let at = 0;
  for (const own of places) {
    all.set(own[column], at);
    at += own.node.length;
  }
  return all;
}

/** Nodes of the next level that one history can go to; the columns are used again for each history. */
class Children {
  /** Nodes collected since the last {@link Children.clear}. */
  count = 0;
  readonly #ids: SemanticIds;
  readonly #unseen: UnseenItems;
  /** Added where the way to an unseen item leaves the seen ones among equal codes. */
  readonly #logShare: number;
  readonly #all: Places;

  constructor(ids: SemanticIds, unseen: UnseenItems, logShare: number) {
    this.#ids = ids;
    this.#unseen = unseen;
    this.#logShare = logShare;
    const { levelFrom, depth } = ids.trie;
    let widest = 0;
    for (let level = 0; level <= depth; level++)
      widest = Math.max(widest, levelFrom[level + 1]! - levelFrom[level]!);
    this.#all = {
      node: new Int32Array(widest),
      row: new Int32Array(widest),
      score: new Float64Array(widest),
      chance: new Float64Array(widest),
      key: new Float32Array(widest),
    };
  }

  clear(): void {
    this.count = 0;
  }

  /**
   * Adds the nodes below a place that lead to an open item; their log-chances lie from `read` on.
   *
   * @param isCollision - true where the codes tell items of equal codes apart
   */
  add(
    places: Places,
    at: number,
    row: number,
    open: Uint8Array,
    logChances: Float32Array,
    read: number,
    isCollision: boolean,
  ): void {
    const { trie } = this.#ids;
    const { isSeen } = this.#unseen;
    const { node: nodes, row: rows, score: scores, chance: chances, key: keys } = this.#all;
    const parent = places.node[at]!;
    const before = places.score[at]!;
    const from = trie.childFrom[parent]!;
    const to = from + trie.childCount[parent]!;
    // What tells an item apart that the model never saw means nothing to it: all of equal codes are alike.
    const alike = before - Math.log(trie.itemCount[parent]!) + (isSeen[parent] ? this.#logShare : 0);
    let count = this.count;
    for (let node = from; node < to; node++) {
      if (open[node] === 0) continue;
      const score =
        isCollision && !isSeen[node]
          ? alike + Math.log(trie.itemCount[node]!)
          : before + logChances[read + node - from]!;
      nodes[count] = node;
      rows[count] = row;
      scores[count] = score;
      chances[count] = score;
      keys[count] = score;
      count++;
    }
    this.count = count;
  }

  /**
   * Gives the nodes from `from` on keys whose order is a draw without replacement (Kool, van Hoof and Welling 2019):
   * Gumbel noise on each log-chance, conditioned on its largest being the parent's.
   */
  draw(
    from: number,
    parents: Places,
    at: number,
    { temperature, random }: NonNullable<IdSearch['sampling']>,
  ): void {
    if (from === this.count) return;
    const { score, chance, key } = this.#all;
    const parentKey = parents.key[at]!;
    const scaled = Array.from(
      score.subarray(from, this.count),
      (value) => (value - parents.score[at]!) / temperature,
    );
    const largest = Math.max(...scaled);
    const total = largest + Math.log(scaled.reduce((sum, value) => sum + Math.exp(value - largest), 0));
    const chances = scaled.map((value) => parents.chance[at]! + value - total);
    const noisy = chances.map((each) => each - Math.log(-Math.log(random.uniform() || 1e-300)));
    const top = Math.max(...noisy);
    for (const [k, value] of noisy.entries()) {
      // -log(exp(-parent) - exp(-top) + exp(-value)), without overflow.
      const rest = parentKey - value + Math.log1p(-Math.exp(value - top));
      chance[from + k] = chances[k] as number;
      key[from + k] = parentKey - Math.max(0, rest) - Math.log1p(Math.exp(-Math.abs(rest)));
    }
  }

  /** The best nodes of each kind; one that leads to both kinds counts for both. */
  kept(open: Uint8Array, { width, coldWidth }: IdSearch): Places {
    const { node, row, score, chance, key } = this.#all;
    const keys = key.subarray(0, this.count);
    const bestOf = (kind: number, most: number): number[] => {
      if (most === 0 || this.count === 0) return [];
      const others = new Uint8Array(this.count);
      for (let k = 0; k < others.length; k++) others[k] = open[node[k]!]! & kind ? 0 : 1;
      return topK(keys, most, others).map(({ item }) => item);
    };
    const chosen = [...new Set([...bestOf(WARM, width), ...bestOf(COLD, coldWidth)])];
    return {
      node: Int32Array.from(chosen, (k) => node[k]!),
      row: Int32Array.from(chosen, (k) => row[k]!),
      score: Float64Array.from(chosen, (k) => score[k]!),
      chance: Float64Array.from(chosen, (k) => chance[k]!),
      key: Float32Array.from(chosen, (k) => key[k]!),
    };
  }
}

/** Which kinds of items lie below each node of the tree. */
class OpenNodes {
  readonly #trie: IdTrie;
  readonly #cold: Uint8Array;
  /** Items of each kind below each node. */
  readonly #warmCount: Int32Array;
  readonly #coldCount: Int32Array;
  /** Kinds below each node where nothing is closed. */
  readonly #all: Uint8Array;

  constructor(trie: IdTrie, cold: Uint8Array) {
    this.#trie = trie;
    this.#cold = cold;
    this.#warmCount = new Int32Array(trie.nodeCount);
    this.#coldCount = new Int32Array(trie.nodeCount);
    for (let item = 0; item < cold.length; item++) this.#count(item, 1);
    this.#all = Uint8Array.from(this.#warmCount, (_, node) => this.#kinds(node));
  }

  /** Adds to the counts on the way to an item. */
  #count(item: number, change: 1 | -1): void {
    const { path, depth } = this.#trie;
    const counts = this.#cold[item] ? this.#coldCount : this.#warmCount;
    for (let level = item * depth; level < (item + 1) * depth; level++) counts[path[level]!]! += change;
  }

  /** The kinds of items that are left below a node. */
  #kinds(node: number): number {
    return (this.#warmCount[node]! > 0 ? WARM : 0) | (this.#coldCount[node]! > 0 ? COLD : 0);
  }

  /** For every node, which kinds of items lie below it that a search may find. */
  of({ closed, coldWidth }: IdSearch): Uint8Array {
    const { path, depth } = this.#trie;
    const below = this.#all.slice();
    const shut: number[] = [];
    for (let item = 0; item < closed.length; item++)
      if (closed[item] || (this.#cold[item] && coldWidth === 0)) shut.push(item);
    for (const item of shut) this.#count(item, -1);
    for (const item of shut)
      for (let at = item * depth; at < (item + 1) * depth; at++) below[path[at]!] = this.#kinds(path[at]!);
    for (const item of shut) this.#count(item, 1);
    return below;
  }
}
