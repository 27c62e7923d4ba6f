import type { RandomStream } from '@palate/core';
import { nearestCodes } from './nearest-code.js';

/** Rows among which starting centres are chosen, for each centre. */
const SAMPLE_PER_CENTRE = 40;

/**
 * Starting centres by k-means++ (Arthur and Vassilvitskii 2007): each next one is drawn with a chance that grows with
 * the squared distance to those already chosen.
 */
function startingCentres(x: Float32Array, width: number, count: number, random: RandomStream): Float32Array {
  const all = x.length / width;
  const rows = random.sample(all, Math.min(all, count * SAMPLE_PER_CENTRE));
  const centres = new Float32Array(count * width);
  const distances = new Float64Array(rows.length).fill(Number.POSITIVE_INFINITY);
  let chosen = random.integer(rows.length);
  for (let centre = 0; centre < count; centre++) {
    const own = x.subarray(rows[chosen]! * width, (rows[chosen]! + 1) * width);
    centres.set(own, centre * width);
    let total = 0;
    for (let r = 0; r < rows.length; r++) {
      const from = rows[r]! * width;
      let square = 0;
      for (let k = 0; k < width; k++) square += (x[from + k]! - own[k]!) ** 2;
      if (square < distances[r]!) distances[r] = square;
      total += distances[r]!;
    }
    // All rows are chosen or equal to a chosen one: any row will do.
    if (total === 0) chosen = random.integer(rows.length);
    else {
      let left = random.uniform() * total;
      chosen = 0;
      while (chosen < rows.length - 1 && left >= distances[chosen]!) left -= distances[chosen++]!;
    }
  }
  return centres;
}

/** Centres and the code of each row. */
export interface Clusters {
  readonly centres: Float32Array;
  readonly codes: Int32Array;
}

/**
 * K-means with k-means++ starts; a centre that no row is nearest to takes the place of the row that is farthest from
 * its own.
 *
 * @param x - row-major, rows of `width`
 * @param iterations - most rounds; it ends when no row changes its centre
 */
export function kMeans(
  x: Float32Array,
  width: number,
  count: number,
  iterations: number,
  random: RandomStream,
): Clusters {
  const rows = x.length / width;
  const centres = startingCentres(x, width, count, random);
  let { codes, distances } = nearestCodes(x, centres, width);
  for (let round = 0; round < iterations; round++) {
    const sums = new Float64Array(centres.length);
    const counts = new Int32Array(count);
    for (let row = 0; row < rows; row++) {
      const code = codes[row]!;
      counts[code]!++;
      for (let k = 0; k < width; k++) sums[code * width + k]! += x[row * width + k]!;
    }
    const farthest = emptyCount(counts) > 0 ? farthestRows(distances) : [];
    for (let code = 0; code < count; code++) {
      if (counts[code]! > 0)
        for (let k = 0; k < width; k++) centres[code * width + k] = sums[code * width + k]! / counts[code]!;
      else {
        const row = farthest.pop();
        if (row !== undefined) centres.set(x.subarray(row * width, (row + 1) * width), code * width);
      }
    }
    const next = nearestCodes(x, centres, width);
    const changed = next.codes.some((code, row) => code !== codes[row]);
    ({ codes, distances } = next);
    if (!changed) break;
  }
  return { centres, codes };
}

const emptyCount = (counts: Int32Array): number =>
  counts.reduce((sum, count) => sum + (count === 0 ? 1 : 0), 0);

/** Rows in the order of rising distance; rows at distance 0 are left out. */
function farthestRows(distances: Float32Array): number[] {
  return Array.from(distances.keys())
    .filter((row) => distances[row]! > 0)
    .sort((a, b) => distances[a]! - distances[b]!);
}
