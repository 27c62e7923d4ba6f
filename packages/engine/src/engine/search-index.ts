import { wordsOf } from '@palate/core';
import MiniSearch from 'minisearch';
import type { ItemTest } from './filter.js';
import type { LiveCatalogue } from './live-catalogue.js';

/** An item that was found. */
export interface FoundItem {
  readonly item: number;
  readonly score: number;
  /** Part of the item in which the words were found. */
  readonly field: 'title' | 'text';
}

/** Letters of a word from which on a misspelling is looked for. */
const LEAST_FUZZY = 4;

/**
 * Finds items by words: first by titles, of which a word may be begun or misspelt by a fifth of its letters; then by words
 * of the texts. Letter case and accents count nothing; scripts without spaces are found by pairs of characters.
 *
 * The index is made over the whole catalogue once, in time and memory linear in its texts.
 */
export class SearchIndex {
  readonly #titles: MiniSearch<{ id: number; title: string }>;
  readonly #texts: MiniSearch<{ id: number; text: string }>;

  constructor({ titles, texts }: LiveCatalogue) {
    // Words are folded when they are taken apart.
    const words = { tokenize: wordsOf, processTerm: (term: string) => term };
    this.#titles = new MiniSearch({ fields: ['title'], ...words });
    this.#titles.addAll(titles.map((title, id) => ({ id, title })));
    this.#texts = new MiniSearch({ fields: ['text'], ...words });
    this.#texts.addAll(texts.map((text, id) => ({ id, text })));
  }

  /** The `k` best items that pass the test: those found by title first, whose every word matches before others. */
  find(words: string, k: number, accepts: ItemTest = () => true): FoundItem[] {
    const filter = ({ id }: { readonly id: unknown }): boolean => accepts(id as number);
    const found = new Map<number, FoundItem>();
    const add = (
      hits: readonly { readonly id: unknown; readonly score: number }[],
      field: 'title' | 'text',
    ): void => {
      for (const { id, score } of hits)
        if (!found.has(id as number)) found.set(id as number, { item: id as number, score, field });
    };
    const near = {
      prefix: true,
      fuzzy: (term: string) => (term.length >= LEAST_FUZZY ? 0.2 : false),
      filter,
    };
    add(this.#titles.search(words, { ...near, combineWith: 'AND' }), 'title');
    if (found.size < k) add(this.#texts.search(words, { combineWith: 'AND', filter }), 'text');
    if (found.size < k) add(this.#titles.search(words, near), 'title');
    if (found.size < k) add(this.#texts.search(words, { filter }), 'text');
    return [...found.values()].slice(0, k);
  }
}
