/*
 * Terms: a *node* of the *trie*, the tree of IDs, is a prefix of IDs; it is *findable* if an item below it may be in
 * the list; a *warm* item has interactions, a *cold* one none.
 */

import type { IdTrie } from '../ids/id-trie.js';
import type { IdSearch } from './id-search.js';

/** Bit of nodes that lead to an item with interactions which may be found. */
export const WARM = 1;
/** Bit of nodes that lead to an item without interactions which may be found. */
export const COLD = 2;

/** Tells which kinds of items can be found below each node of the tree. */
export class FindableNodes {
  readonly #trie: IdTrie;
  readonly #cold: Uint8Array;
  /** Items of each kind below each node. */
  readonly #warmCount: Int32Array;
  readonly #coldCount: Int32Array;
  /** Kinds below each node where nothing is excluded. */
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
  of({ excluded, coldWidth }: IdSearch): Uint8Array {
    const { path, depth } = this.#trie;
    const below = this.#all.slice();
    const taken: number[] = [];
    for (let item = 0; item < excluded.length; item++)
      if (excluded[item] || (this.#cold[item] && coldWidth === 0)) taken.push(item);
    for (const item of taken) this.#count(item, -1);
    for (const item of taken)
      for (let at = item * depth; at < (item + 1) * depth; at++) below[path[at]!] = this.#kinds(path[at]!);
    for (const item of taken) this.#count(item, 1);
    return below;
  }
}
