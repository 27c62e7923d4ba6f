import type { Parameters } from '@palate/nn';
import * as tf from '@tensorflow/tfjs-core';
import type { Graph } from '../graph/bipartite-graph.js';

/** Nodes with numbers of neighbours between two powers of two. */
interface Bucket {
  /** Rows of the neighbours, `[nodes, most neighbours]`; the row behind the last node, which is zero, where there are fewer. */
  readonly neighbours: tf.Tensor2D;
}

/**
 * Products with the normalised adjacency of an undirected graph: `D^-1/2 A D^-1/2 x`, the step of LightGCN.
 *
 * Nodes are grouped by degree, so that each group is one lookup and one sum; a scatter would go through the edges one by
 * one. Costs at most twice the edges times the width. The gradient is the same product, since the matrix is symmetric.
 */
export class NeighbourSums {
  readonly #buckets: readonly Bucket[];
  /** Where each node lies among the buckets. */
  readonly #order: tf.Tensor1D;
  /** `1 / sqrt(degree)`, 0 without neighbours: `[nodes, 1]`. */
  readonly #scale: tf.Tensor2D;

  /** @param parameters - what the index tables are freed with */
  constructor(graph: Graph, parameters: Parameters) {
    const { nodes, offsets, targets } = graph;
    const degree = (node: number): number => offsets[node + 1]! - offsets[node]!;
    const groups = new Map<number, number[]>();
    for (let node = 0; node < nodes; node++) {
      const most = 2 ** Math.ceil(Math.log2(Math.max(1, degree(node))));
      const group = groups.get(most) ?? [];
      groups.set(most, group);
      group.push(node);
    }
    const order = new Int32Array(nodes);
    let at = 0;
    this.#buckets = [...groups]
      .sort(([a], [b]) => a - b)
      .map(([most, group]) => {
        const rows = new Int32Array(group.length * most).fill(nodes);
        for (const [k, node] of group.entries()) {
          rows.set(targets.subarray(offsets[node], offsets[node + 1]), k * most);
          order[node] = at++;
        }
        return { neighbours: parameters.hold(tf.tensor2d(rows, [group.length, most], 'int32')) };
      });
    this.#order = parameters.hold(tf.tensor1d(order, 'int32'));
    const scale = Float32Array.from({ length: nodes }, (_, node) =>
      degree(node) === 0 ? 0 : 1 / Math.sqrt(degree(node)),
    );
    this.#scale = parameters.hold(tf.tensor2d(scale, [nodes, 1]));
  }

  /** @param x - `[nodes, width]` */
  apply(x: tf.Tensor2D): tf.Tensor2D {
    const product = tf.customGrad((given, save) => {
      (save as tf.GradSaveFunc)([]);
      return {
        value: this.#product(given as tf.Tensor2D),
        gradFunc: (dy) => this.#product(dy as tf.Tensor2D),
      };
    });
    return product(x) as tf.Tensor2D;
  }

  #product(x: tf.Tensor2D): tf.Tensor2D {
    const scaled = tf.mul(x, this.#scale) as tf.Tensor2D;
    const padded = tf.pad(scaled, [
      [0, 1],
      [0, 0],
    ]);
    const sums = this.#buckets.map(({ neighbours }) => tf.sum(tf.gather(padded, neighbours), 1));
    const inOrder = tf.gather(tf.concat(sums, 0) as tf.Tensor2D, this.#order);
    return tf.mul(inOrder, this.#scale) as tf.Tensor2D;
  }
}
