import {
  type CatalogueScorer,
  checkSameItems,
  defineOptions,
  fittedOnParts,
  type IdMap,
  InvalidInputError,
  isCatalogueScorer,
  type LongCallOptions,
  listsFromScores,
  type OptionsOf,
  option,
  type Provenance,
  provenanceOfParts,
  type Query,
  type RetrieveOptions,
  type Retriever,
  type ScoredItem,
} from '@palate/core';
import { RANK_CONSTANT } from './fuse-lists.js';

/** Options of {@link Fusion}. */
export const FUSION = defineOptions(
  'Fusion',
  {
    method: option.choice(['reciprocal-rank', 'scores'])({
      default: 'reciprocal-rank',
      doc: "`'reciprocal-rank'` sums `weight / (k + rank)` (Cormack et al. 2009); `'scores'` sums weighted scores, each part's scaled to 0 to 1 by its minimum and maximum",
    }),
    weights: option
      .list(option.number({ min: 0 }))
      .optional({ doc: 'one weight per part; 1 each if left out' }),
    k: option.number({ min: 0 })({
      default: RANK_CONSTANT,
      doc: 'the constant `k` of reciprocal rank fusion',
    }),
    name: option.text(1).optional({
      doc: "name in tables; the parts' names joined by `' + '` if left out",
    }),
  },
  [],
);

/** Options of {@link Fusion}; {@link FUSION} says what each does. */
export type FusionOptions = OptionsOf<typeof FUSION.declarations>;

/**
 * Several retrievers over the same items as one. Ranks and ranges are taken over the whole catalogue; items of equal
 * score in a part share the best rank of the group. A part with nothing to work with for a query is ignored, unless no
 * part has more.
 *
 * @example
 * ```ts
 * const both = new Fusion([ease, bm25], { weights: [2, 1] });
 * ```
 */
export class Fusion implements CatalogueScorer {
  readonly name: string;
  readonly items: IdMap;
  /** Knowledge of interactions in all parts together. */
  readonly provenance: Provenance | undefined;
  readonly fittedOn: readonly string[];
  readonly #parts: readonly CatalogueScorer[];
  readonly #weights: readonly number[];
  readonly #method: 'reciprocal-rank' | 'scores';
  readonly #k: number;

  /** @throws InvalidInputError if parts have different items or cannot score their catalogue, or weights do not fit */
  constructor(parts: readonly Retriever[], options: FusionOptions = {}) {
    const { method, weights, k, name } = FUSION.settings(options);
    const [first] = parts;
    if (!first)
      throw new InvalidInputError({
        expected: 'at least one part',
        received: 'none',
        hint: 'Pass retrievers to fuse.',
      });
    this.#parts = parts.map((part) => {
      if (!isCatalogueScorer(part))
        throw new InvalidInputError({
          expected: 'retrievers that score their whole catalogue',
          received: part.name,
          hint: 'Fuse catalogue scorers; put others into a Pipeline.',
        });
      return part;
    });
    checkSameItems(parts);
    this.#weights = weights ?? parts.map(() => 1);
    if (this.#weights.length !== parts.length)
      throw new InvalidInputError({
        expected: `${parts.length} weights`,
        received: String(this.#weights.length),
        hint: 'Give one weight for each part.',
      });
    this.#method = method;
    this.#k = k;
    this.items = first.items;
    this.provenance = provenanceOfParts(parts);
    this.fittedOn = fittedOnParts(parts);
    this.name = name ?? parts.map((part) => part.name).join(' + ');
  }

  async scoreAll(queries: readonly Query[], options: LongCallOptions = {}): Promise<Float32Array> {
    const n = this.items.size;
    const sum = new Float32Array(queries.length * n);
    const order = new Int32Array(n);
    const all: Float32Array[] = [];
    for (const part of this.#parts) all.push(await part.scoreAll(queries, options));
    for (let q = 0; q < queries.length; q++) {
      const rows = all.map((scores) => scores.subarray(q * n, (q + 1) * n));
      const speak = rows.map((row, p) => !this.#parts[p]?.favourites?.isAnswer(row));
      const noneSpeaks = !speak.includes(true);
      const target = sum.subarray(q * n, (q + 1) * n);
      for (const [p, row] of rows.entries()) {
        if (!speak[p] && !noneSpeaks) continue;
        if (this.#method === 'scores') addScaled(row, this.#weights[p]!, target);
        else addReciprocalRanks(row, this.#weights[p]!, this.#k, order, target);
      }
    }
    return sum;
  }

  retrieve(queries: readonly Query[], k: number, options: RetrieveOptions = {}): Promise<ScoredItem[][]> {
    return listsFromScores(this, queries, k, options);
  }
}

function addScaled(row: Float32Array, weight: number, target: Float32Array): void {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const score of row) {
    low = Math.min(low, score);
    high = Math.max(high, score);
  }
  const scale = high > low ? weight / (high - low) : 0;
  for (let item = 0; item < row.length; item++) target[item]! += (row[item]! - low) * scale;
}

function addReciprocalRanks(
  row: Float32Array,
  weight: number,
  k: number,
  order: Int32Array,
  target: Float32Array,
): void {
  for (let item = 0; item < order.length; item++) order[item] = item;
  order.sort((a, b) => row[b]! - row[a]! || a - b);
  let rank = 1;
  for (let position = 0; position < order.length; position++) {
    if (position > 0 && row[order[position]!] !== row[order[position - 1]!]) rank = position + 1;
    target[order[position]!]! += weight / (k + rank);
  }
}
