import type { EmbeddingTable } from '@palate/core';
import { codeUsage, type LevelUsage } from '../codebooks/code-usage.js';
import type { SemanticIds } from './semantic-ids.js';

/** How good a table of semantic IDs is. */
export interface IdReport {
  /** Usage, entropy and perplexity of each level of the codebook. */
  readonly levels: readonly LevelUsage[];
  /** Share of the items that share all codes with another one and need the last code. */
  readonly collisionRate: number;
  /** Most items with equal codes. */
  readonly largestCollision: number;
  /** Mean cosine of two items that share their first `l + 1` codes, for each level; none where no two do. */
  readonly similarity: readonly (number | undefined)[];
  /** Mean cosine of two items drawn at random, to compare with. */
  readonly similarityAtRandom: number;
}

/** Pairs at most that are looked at in a group, so that large groups cost no more than linear time. */
const PAIRS = 64;

/**
 * Measures a table of IDs.
 *
 * @param table - vectors of the items, in the order of the IDs or with the same ids
 */
export function reportIds(ids: SemanticIds, table: EmbeddingTable): IdReport {
  const { data, width } = table.align(ids.items);
  const { levels } = ids.codebook;
  const rows = ids.items.size;
  const codes = new Int32Array(rows * levels);
  for (let item = 0; item < rows; item++)
    codes.set(ids.tuples.subarray(item * ids.depth, item * ids.depth + levels), item * levels);
  const cosine = (a: number, b: number): number => {
    let product = 0;
    let first = 0;
    let second = 0;
    for (let k = 0; k < width; k++) {
      product += data[a * width + k]! * data[b * width + k]!;
      first += data[a * width + k]! ** 2;
      second += data[b * width + k]! ** 2;
    }
    return product / Math.sqrt(first * second || 1);
  };
  const groups = (length: number): number[][] => {
    const found = new Map<string, number[]>();
    for (let item = 0; item < rows; item++) {
      const key = codes.subarray(item * levels, item * levels + length).join();
      const own = found.get(key);
      if (own) own.push(item);
      else found.set(key, [item]);
    }
    return [...found.values()];
  };
  const meanCosine = (lists: readonly number[][]): number | undefined => {
    let sum = 0;
    let pairs = 0;
    for (const list of lists)
      for (let k = 1; k < Math.min(list.length, PAIRS); k++) {
        sum += cosine(list[k - 1]!, list[k]!);
        pairs++;
      }
    return pairs === 0 ? undefined : sum / pairs;
  };
  const same = groups(levels);
  const shared = same.filter((list) => list.length > 1);
  // Neighbours in a fixed stride stand for random pairs.
  const stride = Array.from({ length: rows }, (_, k) => (k * 7919) % Math.max(1, rows));
  return {
    levels: codeUsage(codes, levels, ids.size),
    collisionRate: shared.reduce((sum, list) => sum + list.length, 0) / Math.max(1, rows),
    largestCollision: Math.max(0, ...same.map((list) => list.length)),
    similarity: Array.from({ length: levels }, (_, level) => meanCosine(groups(level + 1))),
    similarityAtRandom:
      stride.slice(1).reduce((sum, item, k) => sum + cosine(stride[k]!, item), 0) / Math.max(1, rows - 1),
  };
}
