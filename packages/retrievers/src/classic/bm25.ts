import {
  type Dataset,
  defineOptions,
  distinctHistory,
  InvalidInputError,
  type LongCallOptions,
  type OptionsOf,
  option,
  type Provenance,
  type SettingsOf,
  savedProvenance,
  savedTexts,
  throwIfCancelled,
  UNKNOWN,
  wordsOf,
} from '@palate/core';
import { FittedRetriever, fittedOn } from '../fitted-retriever.js';
import type { RowScorer } from '../score-rows.js';
import { loadRetriever, type RetrieverContents, type StoredRetriever } from '../stored-retriever.js';
import { englishWords } from './english-words.js';

/** Options of {@link Bm25Retriever.fit}. */
export const BM25 = defineOptions('Bm25Retriever.fit', {
  fields: option.list(option.text()).optional({
    doc: 'catalogue fields that make the item text; all text fields, then all attributes, if left out',
  }),
  k1: option.number({ min: 0 })({ default: 1.2, doc: 'how fast repeated words stop counting' }),
  b: option.number({ min: 0, max: 1 })({ default: 0.75, doc: 'how much long texts are discounted' }),
  k3: option.number({ min: 0 }).optional({
    doc: 'how fast words that the request repeats stop counting; if left out, every repetition counts. 2 does well for long requests',
  }),
  words: option.choice(['whole', 'english'])({
    default: 'whole',
    doc: "`'whole'`: words as they are, of any script; `'english'`: cut to their stems, without function words",
  }),
  leaveOut: option.list(option.text()).optional({
    doc: 'texts whose words are ignored, such as the small talk around a request',
  }),
});

/** Options of {@link Bm25Retriever.fit}; {@link BM25} says what each does. */
export type Bm25Options = OptionsOf<typeof BM25.declarations> & LongCallOptions;

type Config = SettingsOf<typeof BM25.declarations>;

/**
 * BM25 over item text (Robertson and Zaragoza 2009): for each word of the query
 * `idf * tf * (k1 + 1) / (tf + k1 * (1 - b + b * length / mean length))` with
 * `idf = ln(1 + (N - n + 0.5) / (n + 0.5))`, which is never negative.
 *
 * The query is `query.text`; without it, the texts of the history's items. A word counts as often as the query
 * holds it; with `k3`, a word that it holds `n` times counts `n * (k3 + 1) / (n + k3)` times.
 */
export class Bm25Retriever extends FittedRetriever<Config> {
  readonly name = 'BM25';
  /** Knowledge of interactions in the fields of the catalogue that it reads. */
  readonly provenance: Provenance;
  readonly #texts: readonly string[];
  /** For each word the items that hold it, with the word's weight there. */
  readonly #postings = new Map<string, { readonly items: Int32Array; readonly weights: Float32Array }>();
  /** Words of each item, for histories. */
  readonly #itemWords: readonly (readonly string[])[];
  readonly #wordsOf: (text: string) => string[];

  private constructor(fitted: StoredRetriever<Config>, texts: readonly string[], provenance: Provenance) {
    super(fitted);
    this.provenance = provenance;
    this.#texts = texts;
    this.#wordsOf = readerOf(fitted.config);
    this.#itemWords = texts.map(this.#wordsOf);
    const lengths = this.#itemWords.map((list) => list.length);
    const mean = lengths.reduce((sum, length) => sum + length, 0) / Math.max(1, lengths.length);
    const counts = new Map<string, Map<number, number>>();
    for (const [item, list] of this.#itemWords.entries())
      for (const word of list) {
        const ofWord = counts.get(word) ?? new Map<number, number>();
        ofWord.set(item, (ofWord.get(item) ?? 0) + 1);
        counts.set(word, ofWord);
      }
    const { k1, b } = fitted.config;
    for (const [word, ofWord] of counts) {
      const idf = Math.log(1 + (texts.length - ofWord.size + 0.5) / (ofWord.size + 0.5));
      this.#postings.set(word, {
        items: Int32Array.from(ofWord.keys()),
        weights: Float32Array.from(
          ofWord,
          ([item, tf]) => (idf * tf * (k1 + 1)) / (tf + k1 * (1 - b + (b * lengths[item]!) / mean)),
        ),
      });
    }
  }

  /**
   * Indexes the catalogue's text.
   *
   * @throws InvalidInputError if the catalogue has no such field, or no text at all
   */
  static async fit(dataset: Dataset, options: Bm25Options = {}): Promise<Bm25Retriever> {
    const config = BM25.settings(options);
    throwIfCancelled(options.signal, 'fitting BM25');
    const { catalog, log } = dataset;
    const fields = config.fields ?? catalog.fields;
    const texts = Array.from({ length: log.items.size }, (_, item) => catalog.itemText(item, fields));
    if (texts.every((text) => text === ''))
      throw new InvalidInputError({
        expected: 'a catalogue with text',
        received: `none in the fields ${fields.join(', ') || '(none)'}`,
        hint: 'Load the item metadata, or name other fields.',
      });
    return new Bm25Retriever(fittedOn(log, config), texts, catalog.provenanceOf(fields));
  }

  protected rowScorer(): RowScorer {
    const { k3 } = this.config;
    return (query, row) => {
      const asked =
        query.text === undefined
          ? distinctHistory(query, this.items.size).flatMap((item) => this.#itemWords[item] ?? [])
          : this.#wordsOf(query.text);
      const counts = new Map<string, number>();
      for (const word of asked) counts.set(word, (counts.get(word) ?? 0) + 1);
      for (const [word, count] of counts) {
        const posting = this.#postings.get(word);
        if (!posting) continue;
        const times = k3 === undefined ? count : (count * (k3 + 1)) / (count + k3);
        for (let p = 0; p < posting.items.length; p++) row[posting.items[p]!]! += times * posting.weights[p]!;
      }
    };
  }

  protected contents(): RetrieverContents {
    return {
      kind: 'bm25',
      config: { ...BM25.saved(this.config), provenance: this.provenance },
      tensors: {},
      files: { 'texts.json': JSON.stringify(this.#texts) },
    };
  }

  static async load(dir: string): Promise<Bm25Retriever> {
    const { fitted, artifact } = await loadRetriever(dir, 'bm25', {
      restored: (from, saved) => {
        const { provenance, ...settings } = Object(saved) as Record<string, unknown>;
        return { settings: BM25.restored(from, settings), known: savedProvenance(from, provenance) };
      },
    });
    const { settings, known = UNKNOWN } = fitted.config;
    return new Bm25Retriever(
      { ...fitted, config: settings },
      savedTexts(dir, artifact, 'texts.json', 'texts', fitted.items.size),
      known,
    );
  }
}

/** Reads the words of texts that count. */
function readerOf({ words, leaveOut = [] }: Config): (text: string) => string[] {
  const read = words === 'english' ? englishWords : wordsOf;
  const left = new Set(leaveOut.flatMap(read));
  return left.size === 0 ? read : (text) => read(text).filter((word) => !left.has(word));
}
