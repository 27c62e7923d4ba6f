import { byScore, type LongCallOptions, type ScoredItem, topK } from '@palate/core';
import { TokenTrie } from '@palate/nn';
import type { P5Parts } from './p5-parts.js';
import { endOf, type TextSource } from './text-row.js';

/** Most beams of a search, however long a list is asked for. */
const MOST_BEAMS = 128;

/** Items that a free search wrote, with what it wrote beside. */
export interface FreeItems {
  readonly items: readonly ScoredItem[];
  /** Sequences that no item has. */
  readonly invalid: number;
  readonly written: number;
}

/** Finds items by writing their names, several beams at once. */
export class ItemSearch {
  readonly #parts: P5Parts;
  readonly #trie: TokenTrie;
  readonly #longest: number;

  constructor(parts: P5Parts) {
    const { tokens, itemNames } = parts;
    const names = itemNames.names.map((name) => Array.from(tokens.tokensOf(name) ?? []));
    this.#parts = parts;
    this.#longest = names.reduce((most, name) => Math.max(most, name.length), 0) + 1;
    this.#trie = new TokenTrie(names, endOf(tokens));
  }

  #beamsFor(k: number): number {
    return Math.min(MOST_BEAMS, Math.max(this.#parts.settings.beams, k));
  }

  /**
   * The items whose names are likeliest.
   *
   * @param exclude - for each question the items that must not be named
   * @returns for each at most as many as there are beams, best first, scored by log-probability
   */
  async among(
    sources: readonly TextSource[],
    k: number,
    exclude: readonly (readonly number[])[],
    { signal }: LongCallOptions,
  ): Promise<ScoredItem[][]> {
    const beams = Math.min(this.#beamsFor(k), this.#parts.items.size);
    const written = await this.#parts.model.generate(sources, {
      beams,
      sequences: beams,
      maxTokens: this.#longest,
      lengthPenalty: 0,
      among: this.#trie,
      exclude,
      signal,
    });
    return written.map((sequences) => this.#itemsOf(sequences).items.slice());
  }

  /** The same without bounds: what no item is called is left out and counted, as is an item that comes again. */
  async freely(sources: readonly TextSource[], k: number, { signal }: LongCallOptions): Promise<FreeItems[]> {
    const beams = this.#beamsFor(k);
    const written = await this.#parts.model.generate(sources, {
      beams,
      sequences: beams,
      maxTokens: this.#longest,
      lengthPenalty: 0,
      signal,
    });
    return written.map((sequences) => this.#itemsOf(sequences));
  }

  #itemsOf(sequences: readonly { readonly tokens: readonly number[]; readonly score: number }[]): FreeItems {
    const found = new Map<number, number>();
    let invalid = 0;
    for (const { tokens, score } of sequences) {
      const item = this.#trie.find(tokens);
      if (item < 0) invalid++;
      else if (!found.has(item)) found.set(item, score);
    }
    const items = Array.from(found, ([item, score]) => ({ item, score }));
    items.sort(byScore);
    return { items, invalid, written: sequences.length };
  }
}

/**
 * A list with the general favourites behind what was found, as long as items are available.
 *
 * @param found - best first
 * @param unavailable - 1 for items that may not be in the list
 */
export function filledUp(
  found: readonly ScoredItem[],
  k: number,
  unavailable: Uint8Array,
  favourites: Float32Array,
): ScoredItem[] {
  const list = found.slice(0, k);
  if (list.length === k) return list;
  const skip = unavailable.slice();
  for (const { item } of list) skip[item] = 1;
  const rest = topK(favourites, k - list.length, skip);
  // Below what was found, and in their own order.
  const floor = list.at(-1)?.score ?? 0;
  const most = rest[0]?.score ?? 0;
  for (const { item, score } of rest) list.push({ item, score: floor - 1 + (score - most) / (most + 1) });
  return list;
}
