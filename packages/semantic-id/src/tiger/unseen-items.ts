/*
 * Terms: a *code* is one number of an ID; a *node* is a prefix of IDs; an item is *unseen* without training
 * interactions, and a node *seen* if a seen item is below it; *siblings* are the nodes below the same node; the *mass
 * of unseen siblings* is the probability that they have together, beside the seen ones.
 */

import type { InteractionLog } from '@palate/core';
import type { IdTrie } from '../ids/id-trie.js';

/**
 * Items that training never saw, and what their part of the tree of IDs is worth.
 *
 * Training normalises the codes at a node over those that lead to a seen item; so does serving, and lists of seen items
 * do not depend on what else is in the catalogue. Where the way to an unseen item leaves the seen ones, it gets the share
 * of {@link unseenShare}, beside the chances of the others.
 */
export class UnseenItems {
  /** 1 for items without training interactions. */
  readonly items: Uint8Array;
  /** 1 for nodes from which a seen item is reached. */
  readonly isSeen: Uint8Array;
  /** Logarithm of the chance that what comes next is unseen. */
  readonly logShare: number;

  /**
   * @param items - 1 for items without training interactions
   * @param share - chance that what comes next is one of them, above 0 and at most 1
   */
  constructor(trie: IdTrie, items: Uint8Array, share: number) {
    this.items = items;
    this.logShare = Math.log(share);
    this.isSeen = new Uint8Array(trie.nodeCount);
    for (let node = trie.nodeCount - 1; node > 0; node--) {
      const item = trie.item[node]!;
      if (item >= 0) this.isSeen[node] = items[item] ? 0 : 1;
      this.isSeen[trie.parent[node]!]! |= this.isSeen[node]!;
    }
  }
}

/**
 * Estimates from training data how likely the next item is one without interactions (Good 1953): the share of the
 * interactions that were their item's only one.
 */
export function unseenShare(log: InteractionLog): number {
  let once = 0;
  for (const count of log.itemCounts()) if (count === 1) once++;
  // One more of each keeps it above 0 and below 1.
  return (once + 1) / (log.length + 2);
}
