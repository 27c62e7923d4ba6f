import { defineOptions, InvalidInputError, type OptionsOf, option, type SettingsOf } from '@palate/core';
import type { Graph } from './bipartite-graph.js';

/** Options of personalised PageRank. */
export const PAGE_RANK = defineOptions(
  'personalisedPageRank',
  {
    restart: option.number({ min: 1e-6, max: 1 })({
      default: 0.15,
      doc: 'chance of restarting at the source in each step',
    }),
    tolerance: option.number({ min: 0 })({
      default: 1e-6,
      doc: "largest residual per edge: the error is at most this times a node's degree",
    }),
  },
  [],
);

/** Options of personalised PageRank; {@link PAGE_RANK} says what each does. */
export type PageRankOptions = OptionsOf<typeof PAGE_RANK.declarations>;

/** Result of forward push. */
export interface PageRank {
  /** Mass of each node; no more than the exact one. */
  readonly mass: Float64Array;
  /** Mass that has not been handed out: `mass` and this sum to 1. */
  readonly residual: Float64Array;
}

function check(
  graph: Graph,
  source: number,
  options: PageRankOptions,
): SettingsOf<typeof PAGE_RANK.declarations> {
  const settings = PAGE_RANK.settings(options);
  if (!(Number.isInteger(source) && source >= 0 && source < graph.nodes))
    throw new InvalidInputError({
      expected: `a node from 0 to ${graph.nodes - 1}`,
      received: String(source),
      hint: 'Items are the first nodes of a user-item graph, users the ones behind them.',
    });
  return settings;
}

/**
 * Personalised PageRank by forward push (Andersen, Chung and Lang 2006): only nodes with enough residual are touched,
 * so that the cost depends on the tolerance and not on the size of the graph.
 *
 * @param source - node at which walks start and start again
 * @throws InvalidInputError for a node that does not exist
 */
export function forwardPush(graph: Graph, source: number, options: PageRankOptions = {}): PageRank {
  const { restart, tolerance } = check(graph, source, options);
  const { offsets, targets } = graph;
  const mass = new Float64Array(graph.nodes);
  const residual = new Float64Array(graph.nodes);
  residual[source] = 1;
  const queue = [source];
  const queued = new Uint8Array(graph.nodes);
  queued[source] = 1;
  for (let head = 0; head < queue.length; head++) {
    const node = queue[head]!;
    queued[node] = 0;
    const left = residual[node]!;
    const from = offsets[node]!;
    const degree = offsets[node + 1]! - from;
    residual[node] = 0;
    // A walk that cannot go on stays where it is.
    if (degree === 0) {
      mass[node]! += left;
      continue;
    }
    mass[node]! += restart * left;
    const share = ((1 - restart) * left) / degree;
    for (let edge = from; edge < from + degree; edge++) {
      const target = targets[edge]!;
      residual[target]! += share;
      const targetDegree = offsets[target + 1]! - offsets[target]!;
      if (!queued[target] && residual[target]! > tolerance * Math.max(1, targetDegree)) {
        queued[target] = 1;
        queue.push(target);
      }
    }
  }
  return { mass, residual };
}

/**
 * Personalised PageRank by power iteration, to any exactness, over the whole graph: the oracle of {@link forwardPush}.
 *
 * @param iterations - the error is at most `(1 - restart) ^ iterations`
 */
export function powerIteration(
  graph: Graph,
  source: number,
  iterations: number,
  options: Pick<PageRankOptions, 'restart'> = {},
): Float64Array {
  const { restart } = check(graph, source, options);
  const { offsets, targets } = graph;
  const mass = new Float64Array(graph.nodes);
  let walking = new Float64Array(graph.nodes);
  walking[source] = 1;
  for (let round = 0; round <= iterations; round++) {
    const next = new Float64Array(graph.nodes);
    for (let node = 0; node < graph.nodes; node++) {
      const here = walking[node]!;
      if (here === 0) continue;
      const from = offsets[node]!;
      const degree = offsets[node + 1]! - from;
      if (degree === 0 || round === iterations) {
        mass[node]! += here;
        continue;
      }
      mass[node]! += restart * here;
      for (let edge = from; edge < from + degree; edge++)
        next[targets[edge]!]! += ((1 - restart) * here) / degree;
    }
    walking = next;
  }
  return mass;
}
