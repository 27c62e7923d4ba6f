import type { EdgePrior, RandomStream } from '@palate/core';

/** Chance that a target is replaced, where nothing is said. */
export const EDGE_STRENGTH = 0.1;

/**
 * Targets of training under a prior of edges: an item to be predicted is replaced, with the chance `edgeStrength`, by one of
 * the items that it is joined to, drawn by the weights of the edges. In other words the target is smoothed along the
 * edges: `P(j | i) = (1 - s) [i = j] + s w_ij / sum_j w_ij`.
 */
export class EdgeTargets {
  readonly #prior: EdgePrior;

  constructor(prior: EdgePrior) {
    this.#prior = prior;
  }

  /** The item that is asked for where `item` came next. */
  draw(item: number, random: RandomStream): number {
    const { edges, strength } = this.#prior;
    const [from, to] = [edges.offsets[item]!, edges.offsets[item + 1]!];
    if (from === to || random.uniform() >= strength) return item;
    let sum = 0;
    for (let edge = from; edge < to; edge++) sum += edges.weights[edge]!;
    let left = random.uniform() * sum;
    for (let edge = from; edge < to; edge++) {
      left -= edges.weights[edge]!;
      if (left < 0) return edges.targets[edge]!;
    }
    return edges.targets[to - 1]!;
  }

  /** 1 for items that an item with interactions is joined to: they may be asked for though nobody has met them. */
  reached(counts: Int32Array): Uint8Array {
    const { edges } = this.#prior;
    const reached = new Uint8Array(counts.length);
    for (let item = 0; item < counts.length; item++)
      if (counts[item]! > 0) for (const target of edges.neighbours(item)) reached[target] = 1;
    return reached;
  }
}
