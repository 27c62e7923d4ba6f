/*
 * Terms: a *code* is one number of an ID; a *prefix* is its first codes, and a *node* of the *trie*, the tree of all
 * IDs; a *beam* is a prefix that the search follows, with its *score*, the log-probability of its codes; the *width* is
 * the beams kept on a level; a *leaf* is a node of the last level, an item.
 */

import { byScore, type ScoredItem } from '@palate/core';
import type { SemanticIds } from '../ids/semantic-ids.js';
import { joined, rootAt } from './beams.js';
import { ChildBeams } from './child-beams.js';
import { FindableNodes } from './findable-nodes.js';
import type { IdModel } from './id-model.js';
import type { IdSearch } from './id-search.js';
import type { UnseenItems } from './unseen-items.js';

/**
 * Beam search over the tree of IDs, for several histories at once: on each level the best nodes are kept that lead to
 * an item which may be found. Nodes that lead to items without interactions have beams of their own, so that neither
 * kind crowds out the other. As wide as the catalogue it is exhaustive; a history's list does not depend on the others.
 */
export class IdSearcher {
  readonly #model: IdModel;
  readonly #ids: SemanticIds;
  readonly #findableNodes: FindableNodes;
  readonly #children: ChildBeams;

  /** @param unseen - items of which the model knows the codes but not those that distinguish collisions */
  constructor(model: IdModel, ids: SemanticIds, unseen: UnseenItems) {
    this.#model = model;
    this.#ids = ids;
    this.#findableNodes = new FindableNodes(ids.trie, unseen.items);
    this.#children = new ChildBeams(ids, unseen, model.sharesWithUnseen ? 0 : unseen.logShare);
  }

  /**
   * @param pause - called between levels: others have their turn, and a cancellation rejects
   * @returns for each history its items by log-probability, best first, equal ones by lower index: as many of each kind
   *   as its width or all that may be found
   */
  async search(searches: readonly IdSearch[], pause: () => Promise<void>): Promise<ScoredItem[][]> {
    const atOnce = await this.#searchAtOnce(searches, pause);
    if (atOnce) return atOnce;
    const { trie, depth } = this.#ids;
    const codeLevels = this.#ids.codebook.levels;
    const children = this.#children;
    const findable = searches.map((search) => this.#findableNodes.of(search));
    const steps = this.#model.start(
      searches.map(({ history }) => history),
      Math.max(...searches.map(({ width, coldWidth }) => width + coldWidth)),
    );
    try {
      let beams = searches.map((_, row) => rootAt(row));
      let logChances = steps.next();
      for (let level = 0; level < depth; level++) {
        await pause();
        if (level > 0) logChances = steps.next(joined(beams, 'row'), joined(beams, 'node'));
        let row = 0;
        let read = 0;
        beams = beams.map((own, at) => {
          const search = searches[at] as IdSearch;
          const nodes = findable[at] as Uint8Array;
          children.clear();
          for (let k = 0; k < own.node.length; k++, row++) {
            const from = children.count;
            children.add(own, k, row, nodes, logChances, read, level >= codeLevels);
            read += trie.childCount[own.node[k]!]!;
            if (search.sampling) children.draw(from, own, k, search.sampling);
          }
          const kept = children.kept(nodes, search);
          if (search.leftOut) children.tellLeftOut(kept, nodes, search.leftOut);
          return kept;
        });
      }
      return beams.map(({ node, score }) => this.#itemsAt(node, score));
    } finally {
      steps.dispose();
    }
  }

  /** The same where the model searches by itself; nothing where it does not. */
  async #searchAtOnce(
    searches: readonly IdSearch[],
    pause: () => Promise<void>,
  ): Promise<ScoredItem[][] | undefined> {
    const width = searches[0]?.width ?? 0;
    // Of what it leaves out it tells nothing.
    if (searches.some((each) => each.width !== width || each.coldWidth > 0 || each.sampling || each.leftOut))
      return undefined;
    const { atOnce } = this.#model;
    const rows = atOnce?.rows(width) ?? 0;
    if (!atOnce || rows === 0) return undefined;
    const lists: ScoredItem[][] = [];
    for (let from = 0; from < searches.length; from += rows) {
      if (from > 0) await pause();
      const some = searches.slice(from, from + rows);
      const found = atOnce.search(
        some.map(({ history }) => history),
        some.map((search) => this.#findableNodes.of(search)),
        width,
      );
      lists.push(...found.map(({ nodes, scores }) => this.#itemsAt(nodes, scores)));
    }
    return lists;
  }

  #itemsAt(leaves: Int32Array, scores: Float64Array): ScoredItem[] {
    const { trie } = this.#ids;
    return Array.from(leaves, (leaf, k) => ({ item: trie.item[leaf]!, score: scores[k]! })).sort(byScore);
  }
}
