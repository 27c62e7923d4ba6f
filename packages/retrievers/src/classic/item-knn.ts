import {
  type CatalogueScorer,
  type Dataset,
  defineOptions,
  distinctHistory,
  Favourites,
  fingerprint,
  type IdMap,
  type LongCallOptions,
  listsFromScores,
  type OptionsOf,
  option,
  type Query,
  type RetrieveOptions,
  type Saveable,
  type ScoredItem,
  type SettingsOf,
  throwIfCancelled,
  topK,
  yieldToEventLoop,
} from '@palate/core';
import { savedFloats, savedIntegers, savedOffsets } from '../saved-tensors.js';
import { scoreRows } from '../score-rows.js';
import { transpose, userItemMatrix } from '../sparse.js';
import { loadRetriever, saveRetriever } from '../stored-retriever.js';

/** Options of {@link ItemKnn.fit}. */
export const ITEM_KNN = defineOptions('ItemKnn.fit', {
  neighbours: option.integer({ min: 1 })({ default: 200, doc: 'nearest items kept for each item' }),
  shrinkage: option.number({ min: 0 })({
    default: 0,
    doc: 'added to the denominator of the cosine, against chance similarity of rare items',
  }),
});

/** Options of {@link ItemKnn.fit}; {@link ITEM_KNN} says what each does. */
export type ItemKnnOptions = OptionsOf<typeof ITEM_KNN.declarations> & LongCallOptions;

type Config = SettingsOf<typeof ITEM_KNN.declarations>;

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
  readonly favourites: Favourites;
  /** Positions `offsets[i]` to `offsets[i + 1]` hold what item `i` votes for. */
  readonly #offsets: Int32Array;
  readonly #candidates: Int32Array;
  readonly #similarities: Float32Array;
  readonly #config: Config;
  readonly #dataFingerprint: string;

  private constructor(
    items: IdMap,
    parts: { offsets: Int32Array; candidates: Int32Array; similarities: Float32Array },
    config: Config,
    favourites: Favourites,
    dataFingerprint: string,
  ) {
    this.items = items;
    this.favourites = favourites;
    this.#offsets = parts.offsets;
    this.#candidates = parts.candidates;
    this.#similarities = parts.similarities;
    this.#config = config;
    this.#dataFingerprint = dataFingerprint;
  }

  /** Finds the nearest items of every item. */
  static async fit(dataset: Dataset, options: ItemKnnOptions = {}): Promise<ItemKnn> {
    const config = ITEM_KNN.settings(options);
    throwIfCancelled(options.signal, 'fitting ItemKNN');
    const { neighbours, shrinkage } = config;
    const { log } = dataset;
    const n = log.items.size;
    const byUser = userItemMatrix(log);
    const byItem = transpose(byUser, n);
    const count = (item: number): number => byItem.offsets[item + 1]! - byItem.offsets[item]!;
    const nearest: ScoredItem[][] = [];
    const offsets = new Int32Array(n + 1);
    const together = new Int32Array(n);
    for (let item = 0; item < n; item++) {
      // Only items that share a user are looked at: the others' counts stay 0.
      const met: number[] = [];
      for (let p = byItem.offsets[item]!; p < byItem.offsets[item + 1]!; p++) {
        const user = byItem.columns[p]!;
        for (let q = byUser.offsets[user]!; q < byUser.offsets[user + 1]!; q++) {
          const other = byUser.columns[q]!;
          if (other === item) continue;
          if (together[other] === 0) met.push(other);
          together[other]! += 1;
        }
      }
      // Rising, so that of equally near ones the lower index is nearer.
      const others = Int32Array.from(met).sort();
      const similarity = Float32Array.from(
        others,
        (other) => together[other]! / (Math.sqrt(count(item) * count(other)) + shrinkage),
      );
      const own = topK(similarity, neighbours).map(({ item: at, score }) => ({ item: others[at]!, score }));
      for (const other of others) together[other] = 0;
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
      config,
      Favourites.of(log),
      fingerprint(log),
    );
  }

  /**
   * The items that an item of a history votes for, with their similarity, best first: those that have it among their
   * nearest.
   *
   * @throws InvalidInputError if the item or `k` is out of range
   */
  votes(item: number, k: number): ScoredItem[] {
    this.items.idOf(item);
    const [from, to] = [this.#offsets[item]!, this.#offsets[item + 1]!];
    // Candidates lie by rising index: equal similarities stand by lower index.
    return topK(this.#similarities.subarray(from, to), k).map(({ item: at, score }) => ({
      item: this.#candidates[from + at]!,
      score,
    }));
  }

  async scoreAll(queries: readonly Query[], options: LongCallOptions = {}): Promise<Float32Array> {
    const sum = new Float64Array(this.items.size);
    return scoreRows(this, queries, options, (query, row) => {
      sum.fill(0);
      for (const item of distinctHistory(query, this.items.size))
        for (let p = this.#offsets[item]!; p < this.#offsets[item + 1]!; p++)
          sum[this.#candidates[p]!]! += this.#similarities[p]!;
      row.set(sum);
    });
  }

  retrieve(queries: readonly Query[], k: number, options: RetrieveOptions = {}): Promise<ScoredItem[][]> {
    return listsFromScores(this, queries, k, options);
  }

  async save(dir: string): Promise<void> {
    const { items, favourites } = this;
    const stored = {
      items,
      favourites,
      config: ITEM_KNN.saved(this.#config),
      dataFingerprint: this.#dataFingerprint,
    };
    await saveRetriever(dir, 'item-knn', stored, {
      offsets: { shape: [this.#offsets.length], values: this.#offsets },
      candidates: { shape: [this.#candidates.length], values: this.#candidates },
      similarities: { shape: [this.#similarities.length], values: this.#similarities },
    });
  }

  static async load(dir: string): Promise<ItemKnn> {
    const { items, favourites, config, dataFingerprint, artifact } = await loadRetriever(
      dir,
      'item-knn',
      (from, saved) => ITEM_KNN.restored(from, saved),
    );
    const offsets = savedOffsets(dir, artifact.tensors, 'offsets', items.size);
    const total = offsets[items.size]!;
    const votes = {
      offsets,
      candidates: savedIntegers(dir, artifact.tensors, 'candidates', total, items.size),
      similarities: savedFloats(dir, artifact.tensors, 'similarities', [total]),
    };
    return new ItemKnn(items, votes, config, favourites, dataFingerprint);
  }
}
