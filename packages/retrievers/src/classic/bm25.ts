import {
  type CatalogueScorer,
  checkNumber,
  checkOptions,
  type Dataset,
  fingerprint,
  type IdMap,
  InvalidInputError,
  LONG_CALL_OPTIONS,
  type LongCallOptions,
  listsFromScores,
  type Query,
  type RetrieveOptions,
  readArtifact,
  type Saveable,
  type ScoredItem,
  writeArtifact,
} from '@palate/core';
import { itemFiles, savedItems } from '../saved-items.js';
import { distinctHistory, scoreRows } from '../score-lists.js';

/** Options of {@link Bm25Retriever.fit}. */
export interface Bm25Options extends LongCallOptions {
  /** Catalogue fields that make the item text. Default: all text fields, then all attributes. */
  readonly fields?: readonly string[];
  /** How fast repeated words stop counting. Default 1.2. */
  readonly k1?: number;
  /** How much long texts are discounted, 0 to 1. Default 0.75. */
  readonly b?: number;
}

interface Config {
  readonly k1: number;
  readonly b: number;
}

/** Words of a text: runs of letters and digits in lower case, accents removed. */
function words(text: string): string[] {
  return (
    text
      .normalize('NFKD')
      .replace(/\p{M}/gu, '')
      .toLowerCase()
      .match(/[\p{L}\p{N}]+/gu) ?? []
  );
}

/**
 * BM25 over item text (Robertson and Zaragoza 2009): for each word of the query
 * `idf * tf * (k1 + 1) / (tf + k1 * (1 - b + b * length / mean length))` with
 * `idf = ln(1 + (N - n + 0.5) / (n + 0.5))`, which is never negative.
 *
 * The query is `query.text`; without it, the texts of the history's items. A word counts as often as the query
 * holds it.
 */
export class Bm25Retriever implements CatalogueScorer, Saveable {
  readonly name = 'BM25';
  readonly items: IdMap;
  readonly #texts: readonly string[];
  readonly #config: Config;
  readonly #dataFingerprint: string;
  /** For each word the items that hold it, with the word's weight there. */
  readonly #postings = new Map<string, { readonly items: Int32Array; readonly weights: Float32Array }>();
  /** Words of each item, for histories. */
  readonly #itemWords: readonly (readonly string[])[];

  private constructor(items: IdMap, texts: readonly string[], config: Config, dataFingerprint: string) {
    this.items = items;
    this.#texts = texts;
    this.#config = config;
    this.#dataFingerprint = dataFingerprint;
    this.#itemWords = texts.map(words);
    const lengths = this.#itemWords.map((list) => list.length);
    const mean = lengths.reduce((sum, length) => sum + length, 0) / Math.max(1, lengths.length);
    const counts = new Map<string, Map<number, number>>();
    for (const [item, list] of this.#itemWords.entries())
      for (const word of list) {
        const ofWord = counts.get(word) ?? new Map<number, number>();
        ofWord.set(item, (ofWord.get(item) ?? 0) + 1);
        counts.set(word, ofWord);
      }
    const { k1, b } = config;
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
    checkOptions('Bm25Retriever.fit', options, [...LONG_CALL_OPTIONS, 'fields', 'k1', 'b']);
    const { catalog, log } = dataset;
    const fields = options.fields ?? catalog.fields;
    const texts = Array.from({ length: log.items.size }, (_, item) => catalog.itemText(item, fields));
    if (texts.every((text) => text === ''))
      throw new InvalidInputError({
        expected: 'a catalogue with text',
        received: `none in the fields ${fields.join(', ') || '(none)'}`,
        hint: 'Load the item metadata, or name other fields.',
      });
    const config = {
      k1: checkNumber('k1', options.k1 ?? 1.2, { min: 0 }),
      b: checkNumber('b', options.b ?? 0.75, { min: 0, max: 1 }),
    };
    return new Bm25Retriever(log.items, texts, config, fingerprint(log));
  }

  async scoreAll(queries: readonly Query[], options: LongCallOptions = {}): Promise<Float32Array> {
    return scoreRows(this.name, this.items, queries, options, (query, row) => {
      const asked =
        query.text === undefined
          ? distinctHistory(query, this.items.size).flatMap((item) => this.#itemWords[item] ?? [])
          : words(query.text);
      for (const word of asked) {
        const posting = this.#postings.get(word);
        if (!posting) continue;
        for (let p = 0; p < posting.items.length; p++) row[posting.items[p]!]! += posting.weights[p]!;
      }
    });
  }

  retrieve(queries: readonly Query[], k: number, options: RetrieveOptions = {}): Promise<ScoredItem[][]> {
    return listsFromScores(this.name, this.items, queries, k, options, (chunk, rest) =>
      this.scoreAll(chunk, rest),
    );
  }

  async save(dir: string): Promise<void> {
    await writeArtifact(dir, {
      kind: 'bm25',
      version: 1,
      config: this.#config,
      dataFingerprint: this.#dataFingerprint,
      files: { ...itemFiles(this.items), 'texts.json': JSON.stringify(this.#texts) },
    });
  }

  static async load(dir: string): Promise<Bm25Retriever> {
    const artifact = await readArtifact(dir, 'bm25', 1);
    const texts = JSON.parse(Buffer.from(artifact.files['texts.json'] ?? []).toString('utf8')) as string[];
    return new Bm25Retriever(
      savedItems(dir, artifact),
      texts,
      artifact.manifest.config as Config,
      artifact.manifest.dataFingerprint ?? '',
    );
  }
}
