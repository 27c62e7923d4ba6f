/*
 * Terms: a *code* is one number of an ID; a *prefix* is its first codes; the *trie* is the tree of all IDs; a *node* is
 * a prefix, and on the last level an item; a node is *parting* if more than one item is reached from it.
 */

/**
 * The tree of all semantic IDs as flat arrays: node 0 is the root, then each level from left to right; a node of the
 * last level is an item.
 */
export class IdTrie {
  /** Levels of the tree. */
  readonly depth: number;
  readonly nodeCount: number;
  /** First child of each node; its children are consecutive, in the order of their codes. */
  readonly childFrom: Int32Array;
  readonly childCount: Int32Array;
  /** 1 for nodes from which more than one item is reached. */
  readonly isParting: Uint8Array;
  /** Code by which a node is reached from its parent; -1 for the root. */
  readonly code: Int32Array;
  readonly parent: Int32Array;
  /** Nodes of each level: `levelFrom[l]` up to `levelFrom[l + 1]`; level 0 is the root. */
  readonly levelFrom: Int32Array;
  /** Item at a node of the last level; -1 elsewhere. */
  readonly item: Int32Array;
  /** Nodes on the way to each item, row-major `depth` an item. */
  readonly path: Int32Array;
  /** Items that are reached from each node. */
  readonly itemCount: Int32Array;

  /** @param tuples - different IDs, row-major `depth` an item */
  constructor(tuples: Int32Array, depth: number) {
    const items = tuples.length / depth;
    const order = Int32Array.from({ length: items }, (_, item) => item).sort((a, b) => {
      for (let l = 0; l < depth; l++) {
        const difference = tuples[a * depth + l]! - tuples[b * depth + l]!;
        if (difference !== 0) return difference;
      }
      return a - b;
    });
    const levelFrom = new Int32Array(depth + 2);
    levelFrom[1] = 1;
    const code: number[] = [-1];
    const parent: number[] = [-1];
    this.path = new Int32Array(items * depth);
    for (let level = 0; level < depth; level++) {
      let last = -1;
      for (const item of order) {
        const above = level === 0 ? 0 : this.path[item * depth + level - 1]!;
        const own = tuples[item * depth + level]!;
        if (last < 0 || parent[last] !== above || code[last] !== own) {
          last = code.length;
          code.push(own);
          parent.push(above);
        }
        this.path[item * depth + level] = last;
      }
      levelFrom[level + 2] = code.length;
    }
    this.depth = depth;
    this.nodeCount = code.length;
    this.code = Int32Array.from(code);
    this.parent = Int32Array.from(parent);
    this.levelFrom = levelFrom;
    this.childFrom = new Int32Array(this.nodeCount);
    this.childCount = new Int32Array(this.nodeCount);
    for (let node = this.nodeCount - 1; node > 0; node--) {
      this.childFrom[parent[node]!] = node;
      this.childCount[parent[node]!]!++;
    }
    this.itemCount = new Int32Array(this.nodeCount);
    this.itemCount[0] = items;
    for (const node of this.path) this.itemCount[node]!++;
    this.isParting = new Uint8Array(this.nodeCount);
    for (let node = this.nodeCount - 1; node >= 0; node--) {
      if (this.childCount[node]! > 1) this.isParting[node] = 1;
      if (this.isParting[node] && node > 0) this.isParting[parent[node]!] = 1;
    }
    this.item = new Int32Array(this.nodeCount).fill(-1);
    for (let item = 0; item < items; item++) this.item[this.path[item * depth + depth - 1]!] = item;
  }

  /** How many children some nodes have together. */
  countChildren(nodes: Int32Array): number {
    return nodes.reduce((sum, node) => sum + this.childCount[node]!, 0);
  }
}
