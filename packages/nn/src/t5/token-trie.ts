import { InvalidInputError } from '@palate/core';
import type { AllowedTokens } from './generate.js';

interface Growing {
  readonly next: Map<number, Growing>;
  sequence: number;
}

/**
 * A tree of allowed token sequences, to bound generation: what may follow a prefix is what some sequence continues
 * with, and the end token where a sequence is complete. Nodes are numbered from the root, 0, level by level; the children of
 * a node have numbers side by side.
 *
 * @example
 * ```ts
 * const trie = new TokenTrie([[5, 6], [5, 7, 8]], 1);
 * trie.after([5]); // [6, 7]
 * trie.find([5, 7, 8]); // 1
 * ```
 */
export class TokenTrie {
  /** Token that ends a sequence. */
  readonly end: number;
  /** By node: its token. */
  readonly token: Int32Array;
  /** By node: the number of the sequence that is complete there, -1 for none; of equal sequences the first. */
  readonly sequence: Int32Array;
  /** By node: its first child. */
  readonly childFrom: Int32Array;
  readonly childCount: Int32Array;
  /** By node: how many different sequences go through it or end there. */
  readonly count: Int32Array;
  /** By node: how many tokens the longest continuation has, without the end. */
  readonly height: Int32Array;
  readonly #parent: Int32Array;
  /** Node where each sequence ends. */
  readonly #ends: Int32Array;

  /**
   * @param sequences - tokens without the end; numbered in this order
   * @param end - the end token
   */
  constructor(sequences: Iterable<readonly number[]>, end: number) {
    this.end = end;
    const root: Growing = { next: new Map(), sequence: -1 };
    const reached: Growing[] = [];
    let nodes = 1;
    for (const sequence of sequences) {
      if (sequence.length === 0)
        throw new InvalidInputError({
          expected: 'sequences of at least one token',
          received: `an empty one, number ${reached.length}`,
          hint: 'Leave empty sequences out.',
        });
      let node = root;
      for (const token of sequence) {
        let child = node.next.get(token);
        if (!child) {
          child = { next: new Map(), sequence: -1 };
          node.next.set(token, child);
          nodes++;
        }
        node = child;
      }
      if (node.sequence < 0) node.sequence = reached.length;
      reached.push(node);
    }
    const column = (): Int32Array => new Int32Array(nodes);
    this.token = column();
    this.sequence = column().fill(-1);
    this.childFrom = column();
    this.childCount = column();
    this.count = column();
    this.height = column();
    this.#parent = column().fill(-1);
    const order = [root];
    const numbers = new Map<Growing, number>([[root, 0]]);
    for (const [at, node] of order.entries()) {
      this.sequence[at] = node.sequence;
      this.childFrom[at] = order.length;
      this.childCount[at] = node.next.size;
      for (const [token, child] of node.next) {
        numbers.set(child, order.length);
        this.token[order.length] = token;
        this.#parent[order.length] = at;
        order.push(child);
      }
    }
    for (let node = nodes - 1; node >= 0; node--) {
      if (this.sequence[node]! >= 0) this.count[node]!++;
      if (node === 0) break;
      const above = this.#parent[node]!;
      this.count[above]! += this.count[node]!;
      this.height[above] = Math.max(this.height[above]!, this.height[node]! + 1);
    }
    this.#ends = Int32Array.from(reached, (node) => numbers.get(node) as number);
  }

  /** How many nodes there are, the root included. */
  get nodeCount(): number {
    return this.token.length;
  }

  /** The node that some tokens lead to; -1 if they are no prefix of any sequence. */
  nodeAt(prefix: ArrayLike<number>): number {
    let node = 0;
    for (let k = 0; k < prefix.length; k++) {
      const from = this.childFrom[node]!;
      const at = this.token.subarray(from, from + this.childCount[node]!).indexOf(prefix[k]!);
      if (at < 0) return -1;
      node = from + at;
    }
    return node;
  }

  /** Tokens that may follow a prefix; the end token alone after what is no prefix of any sequence. */
  after(prefix: ArrayLike<number>): number[] {
    const node = this.nodeAt(prefix);
    return node < 0 ? [this.end] : this.following(node);
  }

  /** Tokens that may follow the prefix of a node: those of its children, and the end where a sequence is complete. */
  following(node: number): number[] {
    const from = this.childFrom[node]!;
    const tokens = Array.from(this.token.subarray(from, from + this.childCount[node]!));
    return this.sequence[node]! >= 0 ? [...tokens, this.end] : tokens;
  }

  /** The number of a sequence, with its end token behind or without; -1 for any other. */
  find(tokens: ArrayLike<number>): number {
    const own = Array.from(tokens);
    if (own.at(-1) === this.end) own.pop();
    const node = this.nodeAt(own);
    return node < 0 ? -1 : this.sequence[node]!;
  }

  /** For each node that some sequences go through or end at, how many of them do: to leave these out. */
  countThrough(sequences: ArrayLike<number>): Map<number, number> {
    const counts = new Map<number, number>();
    const ends = new Set(Array.from(sequences, (sequence) => this.#ends[sequence] ?? -1));
    for (let node of ends)
      for (; node >= 0; node = this.#parent[node]!) counts.set(node, (counts.get(node) ?? 0) + 1);
    return counts;
  }

  /** The tree as an `allowed` option of `generate`. */
  get allowed(): AllowedTokens {
    return (prefix) => this.after(prefix);
  }
}
