import { type EmbeddingTable, throwIfCancelled } from '@palate/core';
import { reduceVectors } from '@palate/llm';
import { RqKMeans, SemanticIds } from '@palate/semantic-id';

/** Most components that the codes are fitted on; the plane is the first two. */
const COMPONENTS = 32;
/** Most codes of a level: few enough to be looked through. */
const CODES = 16;
/** Levels of codes before the one that distinguishes items of equal codes. */
const LEVELS = 3;

/** Options of {@link layOut}. */
export interface LayOutOptions {
  readonly seed?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Items on a plane, and their semantic IDs. */
export interface LaidOut {
  /** Row-major, two coordinates an item, from -1 to 1 with the mean of all items at 0. */
  readonly plane: Float32Array;
  readonly ids: SemanticIds;
}

/**
 * Lays items out by their text vectors: the two directions of most variance as a plane, on one scale, and residual k-means
 * over the leading components as semantic IDs. Each direction points to where its largest coordinate is positive, so that
 * equal vectors give equal planes. Costs `rows x width^2` operations.
 *
 * @param table - vectors of the items, at least one
 */
export async function layOut(table: EmbeddingTable, options: LayOutOptions = {}): Promise<LaidOut> {
  const { seed = 0, signal } = options;
  throwIfCancelled(signal, 'laying out the items');
  const rows = table.ids.size;
  const components = Math.min(COMPONENTS, table.width, rows);
  const reduced = reduceVectors(table, { width: components, whiten: false, seed });
  const size = Math.max(2, Math.min(CODES, Math.floor(Math.sqrt(rows))));
  const codebook = await RqKMeans.fit(reduced, { levels: LEVELS, size, minimumUsage: 0, seed, signal });
  return {
    plane: planeOf(reduced.data, components, rows),
    ids: await SemanticIds.assign(codebook, reduced, {
      encoder: `${components} components of the items’ vectors`,
    }),
  };
}

/** The first two components on one scale; the second is 0 where there is none. */
function planeOf(data: Float32Array, width: number, rows: number): Float32Array {
  const plane = new Float32Array(rows * 2);
  const largest = [0, 0];
  for (let axis = 0; axis < Math.min(2, width); axis++)
    for (let row = 0; row < rows; row++) {
      const value = data[row * width + axis] as number;
      plane[row * 2 + axis] = value;
      if (Math.abs(value) > Math.abs(largest[axis] as number)) largest[axis] = value;
    }
  const scale = Math.max(...largest.map(Math.abs));
  if (scale === 0) return plane;
  for (let k = 0; k < plane.length; k++)
    plane[k] = ((plane[k] as number) / scale) * ((largest[k % 2] as number) < 0 ? -1 : 1);
  return plane;
}
