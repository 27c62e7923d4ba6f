/*
 * Terms: a *beam* is a prefix of IDs that a search follows, and a *node* of the tree of IDs; its *children* are the
 * prefixes longer by one *code*; a *warm* item has interactions and a *cold* one none; the *share* is the mass of
 * unseen siblings: the probability of cold items where they part from warm ones.
 */

import { topK } from '@palate/core';
import type { SemanticIds } from '../ids/semantic-ids.js';
import type { Beams } from './beams.js';
import { COLD, WARM } from './findable-nodes.js';
import type { IdSearch } from './id-search.js';
import type { LeftOut } from './left-out.js';
import type { UnseenItems } from './unseen-items.js';

/** Nodes of the next level that one history can go to; the columns are used again for each history. */
export class ChildBeams {
  /** Nodes collected since the last {@link ChildBeams.clear}. */
  count = 0;
  readonly #ids: SemanticIds;
  readonly #unseen: UnseenItems;
  /** Added where the way to an unseen item leaves the seen ones among equal codes. */
  readonly #logShare: number;
  readonly #all: Beams;

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

  /** Forgets the nodes of the history before. */
  clear(): void {
    this.count = 0;
  }

  /**
   * Adds the nodes below a beam that lead to an item that may be found; their log-chances lie from `read` on.
   *
   * @param findable - the kinds of items to be found below each node
   * @param isCollision - true where the codes distinguish items of equal codes
   */
  add(
    beams: Beams,
    at: number,
    row: number,
    findable: Uint8Array,
    logChances: Float32Array,
    read: number,
    isCollision: boolean,
  ): void {
    const { trie } = this.#ids;
    const { isSeen } = this.#unseen;
    const { node: nodes, row: rows, score: scores, chance: chances, key: keys } = this.#all;
    const parent = beams.node[at]!;
    const before = beams.score[at]!;
    const from = trie.childFrom[parent]!;
    const to = from + trie.childCount[parent]!;
    // The last code of an item that the model never saw means nothing to it: all items of equal codes are alike.
    const alike = before - Math.log(trie.itemCount[parent]!) + (isSeen[parent] ? this.#logShare : 0);
    let count = this.count;
    for (let node = from; node < to; node++) {
      if (findable[node] === 0) continue;
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
    parents: Beams,
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
  kept(findable: Uint8Array, { width, coldWidth }: IdSearch): Beams {
    const { node, row, score, chance, key } = this.#all;
    const keys = key.subarray(0, this.count);
    const bestOf = (kind: number, most: number): number[] => {
      if (most === 0 || this.count === 0) return [];
      const others = new Uint8Array(this.count);
      for (let k = 0; k < others.length; k++) others[k] = findable[node[k]!]! & kind ? 0 : 1;
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

  /** Tells which of the nodes are not among those kept. */
  tellLeftOut(kept: Beams, findable: Uint8Array, leftOut: LeftOut): void {
    const { node, score } = this.#all;
    const followed = new Set(kept.node);
    for (let k = 0; k < this.count; k++) {
      if (followed.has(node[k]!)) continue;
      const kinds = findable[node[k]!]!;
      leftOut.add(score[k]!, (kinds & WARM) !== 0, (kinds & COLD) !== 0);
    }
  }
}
