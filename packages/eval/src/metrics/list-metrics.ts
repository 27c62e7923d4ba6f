import { checkNumber, type EmbeddingTable, InvalidInputError } from '@palate/core';
import type { ListMetricName } from './rank-metrics.js';

/** Context that {@link ListMetrics} needs beside the lists. */
export interface ListMetricsContext {
  /** Items in the catalogue. */
  readonly itemCount: number;
  /** Interactions of each item in the histories, by dense index. */
  readonly popularity: Int32Array;
  /** Users with a history. */
  readonly userCount: number;
  /** Item vectors for `diversity`. */
  readonly vectors?: EmbeddingTable | undefined;
}

/**
 * Accumulates, list by list, what the metrics beyond accuracy need; memory is one counter an item.
 *
 * - coverage: share of the catalogue that appears in any list (Herlocker et al. 2004).
 * - gini: Gini coefficient of how often each catalogue item is recommended; 0 when all equally (Adomavicius and
 *   Kwon 2012).
 * - novelty: mean self-information `-log2(count / users)` of the recommended items, items without an interaction
 *   counted as one (Zhou et al. 2010).
 * - popularity: mean interaction count of the recommended items (ARP, Yin et al. 2012).
 * - diversity: mean over lists of `1 - cosine` between all pairs in the list (Smyth and McClave 2001).
 * - serendipity: relevant recommended items that are not among the `k` most popular, over `k` (Ge et al. 2010).
 */
export class ListMetrics {
  readonly #context: ListMetricsContext;
  readonly #k: number;
  readonly #recommended: Int32Array;
  readonly #isPopular: Uint8Array;
  readonly #norms: Float64Array | undefined;
  #lists = 0;
  #entries = 0;
  #selfInformation = 0;
  #popularity = 0;
  #diversity = 0;
  #serendipity = 0;

  constructor(context: ListMetricsContext, k: number) {
    this.#context = context;
    this.#k = checkNumber('k', k, { min: 1, integer: true });
    this.#recommended = new Int32Array(context.itemCount);
    this.#isPopular = new Uint8Array(context.itemCount);
    const order = Array.from({ length: context.itemCount }, (_, i) => i).sort(
      (a, b) => context.popularity[b]! - context.popularity[a]! || a - b,
    );
    for (const item of order.slice(0, k)) this.#isPopular[item] = 1;
    const { vectors } = context;
    if (vectors)
      this.#norms = Float64Array.from({ length: vectors.ids.size }, (_, i) =>
        Math.sqrt(vectors.vector(i).reduce((sum, value) => sum + value * value, 0)),
      );
  }

  /**
   * Takes a list in.
   *
   * @param list - dense items, best first; only the first `k` count
   * @throws InvalidInputError for an item outside of the catalogue
   */
  add(list: ArrayLike<number>, relevant: ReadonlySet<number>): void {
    const length = Math.min(this.#k, list.length);
    const { itemCount } = this.#context;
    for (let rank = 0; rank < length; rank++)
      if (!(list[rank]! >= 0 && list[rank]! < itemCount && Number.isInteger(list[rank])))
        throw new InvalidInputError({
          expected: `items from 0 to ${itemCount - 1}`,
          received: `${list[rank]} at position ${rank} of a list`,
          hint: 'Use dense indexes of the catalogue that is measured.',
        });
    this.#lists++;
    this.#entries += length;
    const { popularity, userCount } = this.#context;
    for (let rank = 0; rank < length; rank++) {
      const item = list[rank]!;
      this.#recommended[item]! += 1;
      const count = popularity[item]!;
      this.#popularity += count;
      this.#selfInformation -= Math.log2(Math.max(count, 1) / Math.max(userCount, 1));
      if (relevant.has(item) && !this.#isPopular[item]) this.#serendipity += 1 / this.#k;
    }
    if (this.#context.vectors) this.#diversity += this.#pairwiseDistance(list, length);
  }

  #pairwiseDistance(list: ArrayLike<number>, length: number): number {
    const vectors = this.#context.vectors as EmbeddingTable;
    const norms = this.#norms as Float64Array;
    if (length < 2) return 0;
    let sum = 0;
    for (let i = 0; i < length; i++) {
      const a = vectors.vector(list[i]!);
      for (let j = i + 1; j < length; j++) {
        const b = vectors.vector(list[j]!);
        let dot = 0;
        for (let d = 0; d < a.length; d++) dot += a[d]! * b[d]!;
        const scale = norms[list[i]!]! * norms[list[j]!]!;
        sum += 1 - (scale === 0 ? 0 : dot / scale);
      }
    }
    return sum / ((length * (length - 1)) / 2);
  }

  /**
   * The value of a metric over all lists added.
   *
   * @throws InvalidInputError for `diversity` without item vectors
   */
  value(metric: ListMetricName): number {
    switch (metric) {
      case 'coverage':
        return (
          this.#recommended.reduce((sum, count) => sum + (count > 0 ? 1 : 0), 0) / this.#context.itemCount
        );
      case 'gini':
        return gini(this.#recommended);
      case 'novelty':
        return this.#entries === 0 ? 0 : this.#selfInformation / this.#entries;
      case 'popularity':
        return this.#entries === 0 ? 0 : this.#popularity / this.#entries;
      case 'serendipity':
        return this.#lists === 0 ? 0 : this.#serendipity / this.#lists;
      case 'diversity':
        if (!this.#context.vectors)
          throw new InvalidInputError({
            expected: 'item vectors for the metric diversity',
            received: 'none',
            hint: 'Pass itemVectors, an EmbeddingTable over the items.',
          });
        return this.#lists === 0 ? 0 : this.#diversity / this.#lists;
    }
  }
}

/** Gini coefficient of counts: `sum_i (2i - n - 1) x_i / (n sum x)` over ascending `x`, `i` from 1. */
function gini(counts: Int32Array): number {
  const sorted = counts.slice().sort();
  const n = sorted.length;
  let weighted = 0;
  let total = 0;
  for (let i = 0; i < n; i++) {
    weighted += (2 * (i + 1) - n - 1) * sorted[i]!;
    total += sorted[i]!;
  }
  return total === 0 ? 0 : weighted / (n * total);
}
