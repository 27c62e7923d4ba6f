import { InvalidInputError } from '../basics/errors.js';
import type { IdMap } from './id-map.js';
import { type Provenance, UNKNOWN } from './provenance.js';

/** Columns of {@link ItemEdges.fromPairs}, one entry an edge. */
export interface ItemPairs {
  readonly source: ArrayLike<number>;
  readonly target: ArrayLike<number>;
  /** Weight of each edge; 1 if left out. */
  readonly weight?: ArrayLike<number> | undefined;
}

/**
 * Weighted edges from items to items in compressed rows: item `i` is joined to `targets[offsets[i]]` up to
 * `targets[offsets[i + 1]]` (excluded), rising, each once. What texts, catalogues or people say of items that belong
 * together; retrievers take them as a prior.
 */
export class ItemEdges {
  readonly items: IdMap;
  /** `items + 1` positions. */
  readonly offsets: Int32Array;
  readonly targets: Int32Array;
  /** One an edge, finite and above 0. */
  readonly weights: Float32Array;
  /** Knowledge of interactions in the edges; evaluation refuses edges that do not say it. */
  readonly provenance: Provenance;

  private constructor(
    items: IdMap,
    rows: { offsets: Int32Array; targets: Int32Array; weights: Float32Array },
    provenance: Provenance,
  ) {
    this.items = items;
    this.offsets = rows.offsets;
    this.targets = rows.targets;
    this.weights = rows.weights;
    this.provenance = provenance;
  }

  /**
   * Makes edges from pairs, in time linear in their number. Of a pair that is given more than once the heaviest edge stays.
   *
   * @param provenance - `WORLD` for edges of catalogue texts and the like; unknown if left out
   * @throws InvalidInputError for columns of different length, an index out of range, an edge from an item to itself,
   * or a weight that is not a finite number above 0
   */
  static fromPairs(items: IdMap, pairs: ItemPairs, provenance: Provenance = UNKNOWN): ItemEdges {
    checkPairs(items, pairs);
    const { source, target, weight } = pairs;
    // Twice by counting: the edges lie by target first, so that targets rise within the rows of the sources.
    const byTarget = bucketed(
      target,
      items.size,
      Int32Array.from(target, (_, edge) => edge),
    );
    const order = bucketed(source, items.size, byTarget);
    const offsets = new Int32Array(items.size + 1);
    const targets = new Int32Array(order.length);
    const weights = new Float32Array(order.length);
    let at = 0;
    let row = 0;
    for (const edge of order) {
      for (; row < source[edge]!; row++) offsets[row + 1] = at;
      const own = weight ? weight[edge]! : 1;
      if (at > offsets[row]! && targets[at - 1] === target[edge]) {
        weights[at - 1] = Math.max(weights[at - 1]!, own);
        continue;
      }
      targets[at] = target[edge]!;
      weights[at++] = own;
    }
    for (; row < items.size; row++) offsets[row + 1] = at;
    return new ItemEdges(
      items,
      { offsets, targets: targets.slice(0, at), weights: weights.slice(0, at) },
      provenance,
    );
  }

  /** How many edges there are; an edge in both directions counts twice. */
  get length(): number {
    return this.targets.length;
  }

  /** The items that an item is joined to: a view, not a copy. */
  neighbours(item: number): Int32Array {
    this.items.idOf(item);
    return this.targets.subarray(this.offsets[item], this.offsets[item + 1]);
  }

  /** Source of each edge. */
  sources(): Int32Array {
    const sources = new Int32Array(this.length);
    for (let item = 0; item < this.items.size; item++)
      sources.fill(item, this.offsets[item], this.offsets[item + 1]);
    return sources;
  }

  /** The same edges with each in both directions; of two that differ the heavier stays. */
  symmetric(): ItemEdges {
    const sources = this.sources();
    const both = (first: Int32Array, second: Int32Array): Int32Array => {
      const joined = new Int32Array(2 * first.length);
      joined.set(first);
      joined.set(second, first.length);
      return joined;
    };
    const weight = new Float32Array(2 * this.length);
    weight.set(this.weights);
    weight.set(this.weights, this.length);
    return ItemEdges.fromPairs(
      this.items,
      { source: both(sources, this.targets), target: both(this.targets, sources), weight },
      this.provenance,
    );
  }

  /** The edges in the order of another id map; those of items that it does not hold are left out. */
  align(items: IdMap): ItemEdges {
    if (items === this.items) return this;
    const index = Int32Array.from(this.items, (id) => items.find(id) ?? -1);
    const sources = this.sources();
    const kept: number[] = [];
    for (let edge = 0; edge < this.length; edge++)
      if (index[sources[edge]!]! >= 0 && index[this.targets[edge]!]! >= 0) kept.push(edge);
    return ItemEdges.fromPairs(
      items,
      {
        source: Int32Array.from(kept, (edge) => index[sources[edge]!]!),
        target: Int32Array.from(kept, (edge) => index[this.targets[edge]!]!),
        weight: Float32Array.from(kept, (edge) => this.weights[edge]!),
      },
      this.provenance,
    );
  }

  /** Hash of all that decides a result made with the edges. */
  identity(): unknown {
    return [this.items, this.offsets, this.targets, this.weights];
  }
}

/** The entries of `order` by rising key, those of one key in the order that they had. */
function bucketed(keys: ArrayLike<number>, size: number, order: Int32Array): Int32Array {
  const cursor = new Int32Array(size + 1);
  for (const entry of order) cursor[keys[entry]! + 1]! += 1;
  for (let key = 0; key < size; key++) cursor[key + 1]! += cursor[key]!;
  const sorted = new Int32Array(order.length);
  for (const entry of order) {
    const key = keys[entry]!;
    sorted[cursor[key]!] = entry;
    cursor[key]! += 1;
  }
  return sorted;
}

function checkPairs({ size }: IdMap, { source, target, weight }: ItemPairs): void {
  const refuse = (expected: string, received: string): never => {
    throw new InvalidInputError({
      expected,
      received,
      hint: 'Give each edge one source, one target and, where edges have weights, one weight.',
    });
  };
  if (source.length !== target.length || (weight && weight.length !== source.length))
    refuse(
      'columns of one length',
      `source ${source.length}, target ${target.length}, weight ${weight?.length ?? 'none'}`,
    );
  for (let edge = 0; edge < source.length; edge++) {
    for (const item of [source[edge]!, target[edge]!])
      if (!(Number.isInteger(item) && item >= 0 && item < size))
        refuse(`items from 0 to ${size - 1}`, `${item} at edge ${edge}`);
    if (source[edge] === target[edge])
      refuse('edges between different items', `${source[edge]} with itself at edge ${edge}`);
    const own = Math.fround(weight ? weight[edge]! : 1);
    if (!(own > 0 && own < Number.POSITIVE_INFINITY))
      refuse('finite weights above 0', `${own} at edge ${edge}`);
  }
}
