import {
  type CatalogueScorer,
  checkNumber,
  checkOptions,
  type Dataset,
  fingerprint,
  type IdMap,
  LONG_CALL_OPTIONS,
  type LongCallOptions,
  listsFromScores,
  type Query,
  type RetrieveOptions,
  readArtifact,
  type Saveable,
  type ScoredItem,
  topK,
  writeArtifact,
  yieldToEventLoop,
} from '@palate/core';
import { itemFiles, savedFloats, savedIntegers, savedItems } from '../saved-items.js';
import { distinctHistory, scoreRows } from '../score-lists.js';
import { transpose, userItemMatrix } from '../sparse.js';

/** Options of {@link ItemKnn.fit}. */
export interface ItemKnnOptions extends LongCallOptions {
  /** Nearest items kept for each item. Default 200. */
  readonly neighbours?: number;
  /** Added to the denominator of the cosine, against chance similarity of rare items. Default 0. */
  readonly shrinkage?: number;
}

/**
 * Item-based nearest neighbours (Sarwar et al. 2001; Deshpande and Karypis 2004) on binary interactions: items are
 * as similar as the cosine of their user sets, `both / (sqrt(a * b) + shrinkage)`. A candidate's score is the sum of
 * its similarities to those history items that are among its `neighbours` nearest; of equally near ones the lower
 * index is nearer.
 *
 * Fitting costs the sum of the squared history lengths; memory is `items * neighbours`.
 */
export class ItemKnn implements CatalogueScorer, Saveable {
  readonly name = 'ItemKNN';
  readonly items: IdMap;
  /** What item `i` votes for stands at positions `offsets[i]` to `offsets[i + 1]`. */
  readonly #offsets: Int32Array;
  readonly #candidates: Int32Array;
  readonly #similarities: Float32Array;
  readonly #config: { readonly neighbours: number; readonly shrinkage: number };
  readonly #dataFingerprint: string;

  private constructor(
    items: IdMap,
    parts: { offsets: Int32Array; candidates: Int32Array; similarities: Float32Array },
    config: { neighbours: number; shrinkage: number },
    dataFingerprint: string,
  ) {
    this.items = items;
    this.#offsets = parts.offsets;
    this.#candidates = parts.candidates;
    this.#similarities = parts.similarities;
    this.#config = config;
    this.#dataFingerprint = dataFingerprint;
  }

  /** Finds the nearest items of every item. */
  static async fit(dataset: Dataset, options: ItemKnnOptions = {}): Promise<ItemKnn> {
    checkOptions('ItemKnn.fit', options, [...LONG_CALL_OPTIONS, 'neighbours', 'shrinkage']);
    const neighbours = checkNumber('neighbours', options.neighbours ?? 200, { min: 1, integer: true });
    const shrinkage = checkNumber('shrinkage', options.shrinkage ?? 0, { min: 0 });
    const { log } = dataset;
    const n = log.items.size;
    const byUser = userItemMatrix(log);
    const byItem = transpose(byUser, n);
    const count = (item: number): number => byItem.offsets[item + 1]! - byItem.offsets[item]!;
    const nearest: ScoredItem[][] = [];
    const offsets = new Int32Array(n + 1);
    const similarity = new Float32Array(n);
    const together = new Int32Array(n);
    const none = new Uint8Array(n);
    for (let item = 0; item < n; item++) {
      together.fill(0);
      for (let p = byItem.offsets[item]!; p < byItem.offsets[item + 1]!; p++) {
        const user = byItem.columns[p]!;
        for (let q = byUser.offsets[user]!; q < byUser.offsets[user + 1]!; q++)
          together[byUser.columns[q]!]! += 1;
      }
      together[item] = 0;
      for (let other = 0; other < n; other++) {
        const both = together[other]!;
        none[other] = both === 0 ? 1 : 0;
        similarity[other] = both === 0 ? 0 : both / (Math.sqrt(count(item) * count(other)) + shrinkage);
      }
      const own = topK(similarity, neighbours, none);
      for (const entry of own) offsets[entry.item + 1]! += 1;
      nearest.push(own);
      if (item % 256 === 255) {
        options.onProgress?.({ phase: 'fit ItemKNN', done: item + 1, total: n });
        await yieldToEventLoop(options.signal, 'fitting ItemKNN');
      }
    }
    options.onProgress?.({ phase: 'fit ItemKNN', done: n, total: n });
    // Turned round: from a candidate's nearest items to the candidates that a history item votes for.
    for (let item = 0; item < n; item++) offsets[item + 1]! += offsets[item]!;
    const cursor = offsets.slice(0, -1);
    const candidates = new Int32Array(offsets[n]!);
    const similarities = new Float32Array(offsets[n]!);
    for (const [candidate, own] of nearest.entries())
      for (const entry of own) {
        const at = cursor[entry.item]!;
        cursor[entry.item] = at + 1;
        candidates[at] = candidate;
        similarities[at] = entry.score;
      }
    return new ItemKnn(
      log.items,
      { offsets, candidates, similarities },
      { neighbours, shrinkage },
      fingerprint(log),
    );
  }

  async scoreAll(queries: readonly Query[], options: LongCallOptions = {}): Promise<Float32Array> {
    const sum = new Float64Array(this.items.size);
    return scoreRows(this.name, this.items, queries, options, (query, row) => {
      sum.fill(0);
      for (const item of distinctHistory(query, this.items.size))
        for (let p = this.#offsets[item]!; p < this.#offsets[item + 1]!; p++)
          sum[this.#candidates[p]!]! += this.#similarities[p]!;
      row.set(sum);
    });
  }

  retrieve(queries: readonly Query[], k: number, options: RetrieveOptions = {}): Promise<ScoredItem[][]> {
    return listsFromScores(this.name, this.items, queries, k, options, (chunk, rest) =>
      this.scoreAll(chunk, rest),
    );
  }

  async save(dir: string): Promise<void> {
    await writeArtifact(dir, {
      kind: 'item-knn',
      version: 1,
      config: this.#config,
      dataFingerprint: this.#dataFingerprint,
      tensors: {
        offsets: { shape: [this.#offsets.length], values: this.#offsets },
        candidates: { shape: [this.#candidates.length], values: this.#candidates },
        similarities: { shape: [this.#similarities.length], values: this.#similarities },
      },
      files: itemFiles(this.items),
    });
  }

  static async load(dir: string): Promise<ItemKnn> {
    const artifact = await readArtifact(dir, 'item-knn', 1);
    const items = savedItems(dir, artifact);
    const offsets = savedIntegers(dir, artifact.tensors, 'offsets', items.size + 1);
    const total = offsets[items.size]!;
    return new ItemKnn(
      items,
      {
        offsets,
        candidates: savedIntegers(dir, artifact.tensors, 'candidates', total),
        similarities: savedFloats(dir, artifact.tensors, 'similarities', total),
      },
      artifact.manifest.config as { neighbours: number; shrinkage: number },
      artifact.manifest.dataFingerprint ?? '',
    );
  }
}
