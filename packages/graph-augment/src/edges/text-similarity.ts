import {
  defineOptions,
  type EmbeddingTable,
  InvalidInputError,
  ItemEdges,
  type LongCallOptions,
  type OptionsOf,
  option,
  throwIfCancelled,
  type VectorIndex,
  yieldToEventLoop,
} from '@palate/core';
import { ExactIndex } from '@palate/retrievers';
import type { ItemRelation } from '../graph/relation-graph.js';

/** Classes of similarity, the closest first. */
export const SIMILARITY_CLASSES = ['high', 'medium', 'low'] as const;

/** Options of {@link textSimilarityEdges}. */
export const TEXT_SIMILARITY = defineOptions('textSimilarityEdges', {
  neighbours: option.integer({ min: 1 })({
    default: 10,
    doc: 'number of nearest items considered for each item',
  }),
  thresholds: option.choice(['distance', 'quantile'])({
    default: 'distance',
    doc: "unit of the thresholds for high, medium and low: cosine `'distance'`s, or `'quantile'`s of the distances of all nearest neighbours, since each encoder has its own scale",
  }),
  bounds: option.list(
    option.number({ min: 0, max: 2 }),
    3,
  )({
    default: ({ thresholds }) => (thresholds === 'quantile' ? [0.1, 0.3, 0.6] : [0.1, 0.2, 0.3]),
    defaultText: "`[0.1, 0.2, 0.3]`, the paper's for USE-large; `[0.1, 0.3, 0.6]` for quantiles",
    doc: 'largest distance, or quantile, of each class, in ascending order; pairs beyond the last are dropped',
  }),
  index: option
    .value<VectorIndex>('an empty vector index of the width of the vectors', (value) => {
      const index = value as Partial<VectorIndex> | null;
      return typeof index?.search === 'function' && typeof index.add === 'function';
    })
    .optional({ doc: 'index that finds the nearest; exact search, block by block, if left out' }),
});

/** Options of {@link textSimilarityEdges}; {@link TEXT_SIMILARITY} says what each does. */
export type TextSimilarityOptions = OptionsOf<typeof TEXT_SIMILARITY.declarations> & LongCallOptions;

/** Result of {@link textSimilarityEdges}. */
export interface TextSimilarity {
  /** One relation a class, symmetric; a pair is in one of them. Weights are cosines. */
  readonly relations: readonly ItemRelation[];
  /** Bounds of the classes as cosine distances. */
  readonly distances: readonly number[];
  /** Pairs that were looked at, and those among them that lie beyond the last bound. */
  readonly pairs: { readonly candidates: number; readonly dropped: number };
  /** Items whose vector is zero, which are like nothing. */
  readonly withoutText: number;
}

const SEARCHED_AT_ONCE = 1024;

/**
 * Joins items whose texts are alike: of the ten nearest neighbours of each item by cosine those within .1, .2 and .3 as
 * three relations, high, medium and low (arXiv 2109.09358). The edges are symmetric, and know of interactions what the
 * vectors do.
 *
 * The matrix of all similarities is never laid out: the search goes block by block, at the cost of one product of all
 * vectors with each other, or through an index.
 *
 * @param vectors - one an item, of any norm
 * @throws InvalidInputError for bounds that do not rise, an index that is not empty, or quantiles above 1
 * @throws CancelledError if `signal` fires
 */
export async function textSimilarityEdges(
  vectors: EmbeddingTable,
  options: TextSimilarityOptions = {},
): Promise<TextSimilarity> {
  const { neighbours, thresholds, bounds, index } = TEXT_SIMILARITY.settings(options);
  checkBounds(bounds, thresholds);
  throwIfCancelled(options.signal, 'joining similar texts');
  const { items, rows, withoutText } = unitRows(vectors);
  const search = index ?? new ExactIndex(vectors.width);
  if (search.size > 0 || search.width !== vectors.width)
    throw new InvalidInputError({
      expected: `an empty index of width ${vectors.width}`,
      received: `one of width ${search.width} with ${search.size} vectors`,
      hint: 'Make a new index for each table of vectors.',
    });
  await search.add(
    items.map((item) => vectors.ids.idOf(item)),
    rows,
  );
  const found = new Map<number, number>();
  const n = vectors.ids.size;
  for (let from = 0; from < items.length; from += SEARCHED_AT_ONCE) {
    await yieldToEventLoop(options.signal, 'joining similar texts');
    const to = Math.min(items.length, from + SEARCHED_AT_ONCE);
    // One more, since an item finds itself.
    const lists = await search.search(
      rows.subarray(from * vectors.width, to * vectors.width),
      neighbours + 1,
    );
    for (const [k, list] of lists.entries()) {
      const item = items[from + k] as number;
      const others = list.filter(({ id }) => id !== vectors.ids.idOf(item)).slice(0, neighbours);
      for (const { id, score } of others) {
        const other = vectors.ids.indexOf(id);
        found.set(Math.min(item, other) * n + Math.max(item, other), score);
      }
    }
    options.onProgress?.({ phase: 'join similar texts', done: to, total: items.length });
  }
  const distances =
    thresholds === 'distance'
      ? [...bounds]
      : quantiles(Float64Array.from(found.values(), distanceOf).sort(), bounds);
  const pairs = SIMILARITY_CLASSES.map(() => ({
    source: [] as number[],
    target: [] as number[],
    weight: [] as number[],
  }));
  let dropped = 0;
  for (const [pair, score] of found) {
    const own = pairs[distances.findIndex((bound) => distanceOf(score) <= bound)];
    // A similarity of nothing is no edge, wherever the bounds lie.
    if (!own || score <= 0) {
      dropped++;
      continue;
    }
    const [a, b] = [Math.floor(pair / n), pair % n];
    own.source.push(a, b);
    own.target.push(b, a);
    own.weight.push(score, score);
  }
  return {
    relations: SIMILARITY_CLASSES.map((name, k) => ({
      name: `similar text, ${name}`,
      edges: ItemEdges.fromPairs(vectors.ids, pairs[k] as (typeof pairs)[number], vectors.provenance),
    })),
    distances,
    pairs: { candidates: found.size, dropped },
    withoutText,
  };
}

/** Cosine distance; equal vectors whose product is rounded above 1 are at distance 0. */
const distanceOf = (score: number): number => Math.max(0, 1 - score);

/** Distances below which the shares asked for of the candidate pairs lie. */
function quantiles(sorted: Float64Array, shares: readonly number[]): number[] {
  return shares.map((share) =>
    sorted.length === 0 || share === 0 ? -1 : (sorted[Math.ceil(share * sorted.length) - 1] as number),
  );
}

function checkBounds(bounds: readonly number[], thresholds: 'distance' | 'quantile'): void {
  const rises = bounds.every((bound, k) => k === 0 || bound >= (bounds[k - 1] as number));
  const fits = thresholds === 'distance' || bounds.every((bound) => bound <= 1);
  if (rises && fits && bounds.length === SIMILARITY_CLASSES.length) return;
  throw new InvalidInputError({
    expected: `ascending thresholds of the ${SIMILARITY_CLASSES.length} classes${thresholds === 'quantile' ? ', quantiles from 0 to 1' : ''}`,
    received: bounds.join(', '),
    hint: 'Pass ascending thresholds, for example 0.1, 0.2, 0.3.',
  });
}

/** Items with a vector, and their vectors at norm 1. */
function unitRows({ ids, width, data }: EmbeddingTable): {
  items: number[];
  rows: Float32Array;
  withoutText: number;
} {
  const items: number[] = [];
  const rows = new Float32Array(data.length);
  for (let item = 0; item < ids.size; item++) {
    let square = 0;
    for (let j = 0; j < width; j++) square += data[item * width + j]! ** 2;
    if (square === 0) continue;
    const at = items.push(item) - 1;
    for (let j = 0; j < width; j++) rows[at * width + j] = data[item * width + j]! / Math.sqrt(square);
  }
  return { items, rows: rows.subarray(0, items.length * width), withoutText: ids.size - items.length };
}
