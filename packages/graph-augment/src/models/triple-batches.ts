import type { RandomStream } from '@palate/core';
import { type Batch, shuffledBatches } from '@palate/nn';
import { entityCount, type RelationGraph, rangeOf } from '../graph/relation-graph.js';

/** Where the tails of negatives are drawn from. */
export type NegativeRange = 'same-kind' | 'all-entities';

/**
 * The batches of an epoch: every edge of the graph once, in random order, as `heads` and `relations` `[rows]` and
 * `tails` `[rows, 1 + negatives]`, the true tail first. The tails of negatives are drawn uniformly, and may by chance be
 * true, as in the paper.
 *
 * @param range - `'all-entities'` draws among items, users and values alike; `'same-kind'` among entities of the kind of
 * the true tail: items for interactions and edges between items
 */
export function tripleBatches(
  graph: RelationGraph,
  settings: { readonly batchSize: number; readonly negatives: number; readonly range: NegativeRange },
  random: RandomStream,
): (() => Batch)[] {
  const { heads, types, tails, relations } = graph;
  const { batchSize, negatives, range } = settings;
  const ranges = relations.map(({ tail }): readonly [number, number] =>
    range === 'all-entities' ? [0, entityCount(graph)] : rangeOf(graph, tail),
  );
  const candidates = 1 + negatives;
  return shuffledBatches(
    Int32Array.from({ length: heads.length }, (_, edge) => edge),
    batchSize,
    random,
    (edges, index) => {
      const draws = random.fork(`negatives ${index}`);
      const rows = edges.length;
      const batch = {
        heads: new Int32Array(rows),
        relations: new Int32Array(rows),
        tails: new Int32Array(rows * candidates),
      };
      for (let row = 0; row < rows; row++) {
        const edge = edges[row]!;
        const type = types[edge]!;
        const [first, end] = ranges[type]!;
        batch.heads[row] = heads[edge]!;
        batch.relations[row] = type;
        batch.tails[row * candidates] = tails[edge]!;
        for (let k = 1; k < candidates; k++)
          batch.tails[row * candidates + k] = first + draws.integer(end - first);
      }
      return {
        heads: { shape: [rows], values: batch.heads },
        relations: { shape: [rows], values: batch.relations },
        tails: { shape: [rows, candidates], values: batch.tails },
      };
    },
  );
}
