import { InvalidInputError } from '@palate/core';
import type { AllowedTokens } from './generate.js';

interface TrieNode {
  readonly next: Map<number, TrieNode>;
  isEnd: boolean;
}

/**
 * A tree of allowed token sequences, to bound generation: what may follow a prefix is what some sequence continues
 * with, and the end token where a sequence is complete.
 *
 * @example
 * ```ts
 * const trie = new TokenTrie([[5, 6], [5, 7, 8]], 1);
 * trie.after([5]); // [6, 7]
 * ```
 */
export class TokenTrie {
  readonly #root: TrieNode = { next: new Map(), isEnd: false };
  readonly #end: number;

  /** @param end - the end token */
  constructor(sequences: Iterable<readonly number[]>, end: number) {
    this.#end = end;
    for (const sequence of sequences) {
      if (sequence.length === 0)
        throw new InvalidInputError({
          expected: 'sequences of at least one token',
          received: 'an empty one',
          hint: 'Leave empty sequences out.',
        });
      let node = this.#root;
      for (const token of sequence) {
        let child = node.next.get(token);
        if (!child) {
          child = { next: new Map(), isEnd: false };
          node.next.set(token, child);
        }
        node = child;
      }
      node.isEnd = true;
    }
  }

  /** Tokens that may follow a prefix; the end token alone after what is no prefix of any sequence. */
  after(prefix: readonly number[]): number[] {
    let node: TrieNode | undefined = this.#root;
    for (const token of prefix) node = node?.next.get(token);
    if (!node) return [this.#end];
    return [...node.next.keys(), ...(node.isEnd ? [this.#end] : [])];
  }

  /** The tree as an `allowed` option of `generate`. */
  get allowed(): AllowedTokens {
    return (prefix) => this.after(prefix);
  }
}
