import type { Graph } from '../graph/bipartite-graph.js';

/** Columns that are summed at a time: their sums stay in registers. */
const LANES = 8;

/**
 * Products with the normalised adjacency of an undirected graph: `D^-1/2 A D^-1/2 x`, the step of LightGCN. Costs the
 * edges times the width. The gradient is the same product, since the matrix is symmetric.
 */
export class NeighbourSums {
  readonly #graph: Graph;
  readonly width: number;
  /** `1 / sqrt(degree)`, 0 without neighbours. */
  readonly #scale: Float64Array;
  readonly #scaled: Float32Array;

  constructor(graph: Graph, width: number) {
    const { nodes, offsets } = graph;
    this.#graph = graph;
    this.width = width;
    this.#scale = Float64Array.from({ length: nodes }, (_, node) => {
      const degree = offsets[node + 1]! - offsets[node]!;
      return degree === 0 ? 0 : 1 / Math.sqrt(degree);
    });
    this.#scaled = new Float32Array(nodes * width);
  }

  /**
   * The product for all nodes.
   *
   * @param x - row-major `[nodes, width]`
   * @param out - what is written, another array than `x`
   */
  apply(x: Float32Array, out: Float32Array): void {
    const { nodes } = this.#graph;
    this.#scaleRows(x);
    for (let node = 0; node < nodes; node++) this.#sum(node, out, node * this.width);
  }

  /**
   * The product for some nodes alone.
   *
   * @param out - `[rows, width]`, in the order of the nodes
   */
  applyAt(x: Float32Array, nodes: Int32Array, out: Float32Array): void {
    this.#scaleRows(x);
    for (let k = 0; k < nodes.length; k++) this.#sum(nodes[k]!, out, k * this.width);
  }

  /**
   * The product with rows that are 0 but for some nodes, which costs the edges of those alone.
   *
   * @param rows - `[nodes, width]` of the nodes given
   * @param out - `[all nodes, width]`
   */
  applyFrom(rows: Float32Array, nodes: Int32Array, out: Float32Array): void {
    const { offsets, targets } = this.#graph;
    const { width } = this;
    const scale = this.#scale;
    out.fill(0);
    for (let k = 0; k < nodes.length; k++) {
      const node = nodes[k]!;
      const own = scale[node]!;
      for (let p = offsets[node]!; p < offsets[node + 1]!; p++) {
        const target = targets[p]!;
        const weight = own * scale[target]!;
        const to = target * width;
        const from = k * width;
        for (let column = 0; column < width; column++) out[to + column]! += weight * rows[from + column]!;
      }
    }
  }

  #scaleRows(x: Float32Array): void {
    const { width } = this;
    const scaled = this.#scaled;
    for (let node = 0; node < this.#graph.nodes; node++) {
      const factor = this.#scale[node]!;
      for (let at = node * width; at < (node + 1) * width; at++) scaled[at] = factor * x[at]!;
    }
  }

  /** Writes the sum of a node's neighbours, scaled by its own degree. */
  #sum(node: number, out: Float32Array, at: number): void {
    const { offsets, targets } = this.#graph;
    const { width } = this;
    const x = this.#scaled;
    const factor = this.#scale[node]!;
    const first = offsets[node]!;
    const end = offsets[node + 1]!;
    let column = 0;
    for (; column + LANES <= width; column += LANES) {
      let [a, b, c, d] = [0, 0, 0, 0];
      let [e, f, g, h] = [0, 0, 0, 0];
      for (let p = first; p < end; p++) {
        const from = targets[p]! * width + column;
        a += x[from]!;
        b += x[from + 1]!;
        c += x[from + 2]!;
        d += x[from + 3]!;
        e += x[from + 4]!;
        f += x[from + 5]!;
        g += x[from + 6]!;
        h += x[from + 7]!;
      }
      const to = at + column;
      out[to] = factor * a;
      out[to + 1] = factor * b;
      out[to + 2] = factor * c;
      out[to + 3] = factor * d;
      out[to + 4] = factor * e;
      out[to + 5] = factor * f;
      out[to + 6] = factor * g;
      out[to + 7] = factor * h;
    }
    for (; column < width; column++) {
      let sum = 0;
      for (let p = first; p < end; p++) sum += x[targets[p]! * width + column]!;
      out[at + column] = factor * sum;
    }
  }
}
