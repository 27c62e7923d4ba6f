import { type InteractionLog, InvalidInputError, type ItemEdges } from '@palate/core';
import { transpose, userItemMatrix } from '@palate/retrievers';

/** An undirected graph as compressed rows: node `v` is joined to `targets[offsets[v]]` up to `targets[offsets[v + 1]]`. */
export interface Graph {
  readonly nodes: number;
  readonly offsets: Int32Array;
  readonly targets: Int32Array;
}

/**
 * The user-item graph of a log: items are the nodes from 0, users those behind them. Repeated interactions are one edge.
 * With edges between items these are part of it, in both directions.
 *
 * Its cost is linear in the log and the edges, 16 bytes an interaction while it is built and 8 after.
 *
 * Build it from training interactions alone: an edge of the test is a leak.
 *
 * @param edges - edges between the log's items
 * @throws InvalidInputError for edges of other items than the log's
 */
export function bipartiteGraph(log: InteractionLog, edges?: ItemEdges): Graph {
  const items = log.items.size;
  const nodes = items + log.users.size;
  if (edges && edges.items !== log.items)
    throw new InvalidInputError({
      expected: "edges between the log's own items",
      received: 'edges with another id map',
      hint: 'Align them: edges.align(log.items).',
    });
  const byUser = userItemMatrix(log);
  const byItem = transpose(byUser, items);
  const between = edges?.symmetric();
  const offsets = new Int32Array(nodes + 1);
  const targets = new Int32Array(2 * byUser.columns.length + (between?.length ?? 0));
  let at = 0;
  for (let item = 0; item < items; item++) {
    if (between) {
      const own = between.neighbours(item);
      targets.set(own, at);
      at += own.length;
    }
    for (let p = byItem.offsets[item]!; p < byItem.offsets[item + 1]!; p++)
      targets[at++] = items + byItem.columns[p]!;
    offsets[item + 1] = at;
  }
  targets.set(byUser.columns, at);
  for (let user = 0; user < log.users.size; user++)
    offsets[items + user + 1] = at + byUser.offsets[user + 1]!;
  return { nodes, offsets, targets };
}
