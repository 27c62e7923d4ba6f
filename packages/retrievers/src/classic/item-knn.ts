import {
  type Dataset,
  defineOptions,
  distinctHistory,
  edgePriorOf,
  edgePriorOptions,
  type LongCallOptions,
  type OptionsOf,
  option,
  type Provenance,
  type ScoredItem,
  type SettingsOf,
  throwIfCancelled,
  topK,
  withEdgeProvenance,
  yieldToEventLoop,
} from '@palate/core';
import { FittedRetriever, fittedOn } from '../fitted-retriever.js';
import { savedFloats, savedIntegers, savedOffsets } from '../saved-tensors.js';
import type { RowScorer } from '../score-rows.js';
import { transpose, userItemMatrix } from '../sparse.js';
import { loadWithEdges, type RetrieverContents, type StoredRetriever } from '../stored-retriever.js';

/** Users that an edge counts for, where nothing is said. */
const EDGE_STRENGTH = 1;

/** Options of {@link ItemKnn.fit}. */
export const ITEM_KNN = defineOptions('ItemKnn.fit', {
  neighbours: option.integer({ min: 1 })({ default: 200, doc: 'nearest items kept for each item' }),
  shrinkage: option.number({ min: 0 })({
    default: 0,
    doc: 'added to the denominator of the cosine, against chance similarity of rare items',
  }),
  ...edgePriorOptions({
    strength: 'number of users that an edge of weight 1 counts as in the similarity of its items',
    default: EDGE_STRENGTH,
  }),
});

/** Options of {@link ItemKnn.fit}; {@link ITEM_KNN} says what each does. */
export type ItemKnnOptions = OptionsOf<typeof ITEM_KNN.declarations> & LongCallOptions;

type Config = SettingsOf<typeof ITEM_KNN.declarations>;

/** For each item the candidates that it votes for, with their similarities. */
interface Votes {
  readonly offsets: Int32Array;
  readonly candidates: Int32Array;
  readonly similarities: Float32Array;
}

/**
 * Item-based nearest neighbours (Sarwar et al. 2001; Deshpande and Karypis 2004) on binary interactions: items are
 * as similar as the cosine of their user sets, `both / (sqrt(a * b) + shrinkage)`. A candidate's score is the sum of
 * its similarities to those history items that are among its `neighbours` nearest; of equally near ones the lower
 * index is nearer.
 *
 * An edge between items of weight `w` counts like `t` users who have both, with `t` the `edgeStrength`:
 * `(both + t w) / (sqrt((a + t) (b + t)) + shrinkage)`. Pairs without an edge are as they were; items that nobody has
 * met are found through their edges.
 *
 * Fitting costs the sum of the squared history lengths; memory is `items * neighbours`.
 */
export class ItemKnn extends FittedRetriever<Config> {
  readonly name = 'ItemKNN';
  /** Positions `offsets[i]` to `offsets[i + 1]` hold what item `i` votes for. */
  readonly #offsets: Int32Array;
  readonly #candidates: Int32Array;
  readonly #similarities: Float32Array;

  readonly provenance?: Provenance;

  private constructor(
    fitted: StoredRetriever<Config>,
    { offsets, candidates, similarities }: Votes,
    provenance: Provenance | undefined,
  ) {
    super(fitted);
    if (provenance) this.provenance = provenance;
    this.#offsets = offsets;
    this.#candidates = candidates;
    this.#similarities = similarities;
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
    const prior = edgePriorOf(config, log.items, EDGE_STRENGTH);
    const edges = prior?.edges.symmetric();
    const users = prior?.strength ?? 0;
    const joined = new Float64Array(n);
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
      if (edges)
        for (let e = edges.offsets[item]!; e < edges.offsets[item + 1]!; e++) {
          const other = edges.targets[e]!;
          if (together[other] === 0) met.push(other);
          joined[other] = edges.weights[e]! * users;
        }
      // Rising, so that of equally near ones the lower index is nearer.
      const others = Int32Array.from(met).sort();
      const similarity = Float32Array.from(others, (other) => {
        const more = joined[other] === 0 ? 0 : users;
        return (
          (together[other]! + joined[other]!) /
          (Math.sqrt((count(item) + more) * (count(other) + more)) + shrinkage)
        );
      });
      const own = topK(similarity, neighbours).map(({ item: at, score }) => ({ item: others[at]!, score }));
      for (const other of others) {
        together[other] = 0;
        joined[other] = 0;
      }
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
    return new ItemKnn(fittedOn(log, config), { offsets, candidates, similarities }, prior?.edges.provenance);
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

  protected rowScorer(): RowScorer {
    const sum = new Float64Array(this.items.size);
    return (query, row) => {
      sum.fill(0);
      for (const item of distinctHistory(query, this.items.size))
        for (let p = this.#offsets[item]!; p < this.#offsets[item + 1]!; p++)
          sum[this.#candidates[p]!]! += this.#similarities[p]!;
      row.set(sum);
    };
  }

  protected contents(): RetrieverContents {
    return {
      kind: 'item-knn',
      config: withEdgeProvenance(
        ITEM_KNN.saved(this.config),
        this.provenance,
        this.config.edgeStrength ?? EDGE_STRENGTH,
      ),
      tensors: {
        offsets: { shape: [this.#offsets.length], values: this.#offsets },
        candidates: { shape: [this.#candidates.length], values: this.#candidates },
        similarities: { shape: [this.#similarities.length], values: this.#similarities },
      },
    };
  }

  static async load(dir: string): Promise<ItemKnn> {
    const { fitted, provenance, artifact } = await loadWithEdges(dir, 'item-knn', ITEM_KNN);
    const { size } = fitted.items;
    const offsets = savedOffsets(dir, artifact.tensors, 'offsets', size);
    const total = offsets[size]!;
    const votes = {
      offsets,
      candidates: savedIntegers(dir, artifact.tensors, 'candidates', total, size),
      similarities: savedFloats(dir, artifact.tensors, 'similarities', [total]),
    };
    return new ItemKnn(fitted, votes, provenance);
  }
}
