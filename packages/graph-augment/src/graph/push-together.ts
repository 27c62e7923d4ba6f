import type { Filled } from '@palate/core';
import type { Graph } from './bipartite-graph.js';
import type { PageRankOptions } from './page-rank.js';

/** Sources whose walks are followed at once. */
export const TOGETHER = 8;

/**
 * Personalised PageRank of several sources at once: the pushes of `forwardPush`, in sweeps over all nodes, with the
 * numbers of the sources side by side, so that each edge is looked up once for all of them.
 *
 * A node is pushed while any source has more than `tolerance` times its degree left there, so that each mass is off by
 * at most that, as with `forwardPush`.
 *
 * @param sources - at most {@link TOGETHER} nodes
 * @returns the mass of node `v` for source `k` at `v * TOGETHER + k`
 */
export function pushTogether(
  graph: Graph,
  sources: ArrayLike<number>,
  { restart, tolerance }: Filled<PageRankOptions>,
): Float64Array {
  const { nodes, offsets, targets } = graph;
  const mass = new Float64Array(nodes * TOGETHER);
  const residual = new Float64Array(nodes * TOGETHER);
  const left = new Float64Array(TOGETHER);
  for (let k = 0; k < sources.length; k++) residual[sources[k]! * TOGETHER + k] = 1;
  for (let isActive = true; isActive; ) {
    isActive = false;
    for (let node = 0; node < nodes; node++) {
      const base = node * TOGETHER;
      const from = offsets[node]!;
      const end = offsets[node + 1]!;
      const bound = tolerance * Math.max(1, end - from);
      let isAbove = false;
      for (let k = 0; k < TOGETHER; k++) if (residual[base + k]! > bound) isAbove = true;
      if (!isAbove) continue;
      // A walk that cannot go on stays where it is.
      const stays = end === from ? 1 : restart;
      const share = end === from ? 0 : (1 - restart) / (end - from);
      for (let k = 0; k < TOGETHER; k++) {
        const here = residual[base + k]!;
        residual[base + k] = 0;
        mass[base + k]! += stays * here;
        left[k] = share * here;
      }
      if (end === from) continue;
      isActive = true;
      const a = left[0]!;
      const b = left[1]!;
      const c = left[2]!;
      const d = left[3]!;
      const e = left[4]!;
      const f = left[5]!;
      const g = left[6]!;
      const h = left[7]!;
      for (let edge = from; edge < end; edge++) {
        const at = targets[edge]! * TOGETHER;
        residual[at]! += a;
        residual[at + 1]! += b;
        residual[at + 2]! += c;
        residual[at + 3]! += d;
        residual[at + 4]! += e;
        residual[at + 5]! += f;
        residual[at + 6]! += g;
        residual[at + 7]! += h;
      }
    }
  }
  return mass;
}
