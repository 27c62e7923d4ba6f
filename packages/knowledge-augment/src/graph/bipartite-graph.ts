import type { InteractionLog } from '@palate/core';

/** An undirected graph as compressed rows: node `v` is joined to `targets[offsets[v]]` up to `targets[offsets[v + 1]]`. */
export interface Graph {
  readonly nodes: number;
  readonly offsets: Int32Array;
  readonly targets: Int32Array;
}

/**
 * The user-item graph of a log: items are the nodes from 0, users those behind them. Repeated interactions are one edge.
 * Build it from training interactions alone: an edge of the test is a leak.
 */
export function bipartiteGraph(log: InteractionLog): Graph {
  const items = log.items.size;
  const nodes = items + log.users.size;
  const neighbours = Array.from({ length: nodes }, () => new Set<number>());
  for (let row = 0; row < log.length; row++) {
    const user = items + log.user[row]!;
    neighbours[user]?.add(log.item[row]!);
    neighbours[log.item[row]!]?.add(user);
  }
  const offsets = new Int32Array(nodes + 1);
  for (let node = 0; node < nodes; node++)
    offsets[node + 1] = offsets[node]! + (neighbours[node] as Set<number>).size;
  const targets = new Int32Array(offsets[nodes]!);
  for (const [node, own] of neighbours.entries())
    targets.set(
      [...own].sort((a, b) => a - b),
      offsets[node]!,
    );
  return { nodes, offsets, targets };
}
