import type { ScoredItem } from '@palate/core';

/**
 * Products of matrices in 64-bit floats, for solvers. Matrices are row-major and may be longer than `rows * columns`.
 */
export interface DoubleProducts {
  /** `c - a b^T` for `a` `[m, k]`, `b` `[n, k]` and `c` `[m, n]`; the result may lie in `c`. */
  subtract(c: Float64Array, a: Float64Array, b: Float64Array, m: number, n: number, k: number): Float64Array;
  /** `a b` for `a` `[m, k]` and `b` `[k, n]`. */
  multiply(a: Float64Array, b: Float64Array, m: number, n: number, k: number): Float64Array;
  /** Frees what it holds outside of JavaScript. */
  dispose(): void;
}

/**
 * The products of matrices that retrievers spend their time on. {@link plainCompute} computes them in TypeScript,
 * another one in ONNX Runtime; their results differ by the rounding of the last bits.
 */
export interface MatrixCompute {
  /** `'plain'`, `'native'` or `'wasm'` (ONNX Runtime's builds), or what an own one is called. */
  readonly name: string;
  /** Multiplications that one call should hold at most, so that the event loop has its turn between calls. */
  readonly callSize: number;
  /** `a b^T` in 32-bit floats, for rows of `width`: `[rows of a, rows of b]`. */
  products(a: Float32Array, b: Float32Array, width: number): Float32Array;
  /**
   * For each row of `queries` the positions of the `k` rows of `vectors` with the highest inner product, best first;
   * equal products are ordered by position.
   *
   * @param skip - one entry per vector, non-zero for those that must not be found; there may be less than `k` left
   */
  nearest(
    queries: Float32Array,
    vectors: Float32Array,
    width: number,
    k: number,
    skip?: Uint8Array,
  ): ScoredItem[][];
  /**
   * Products in 64-bit floats.
   *
   * @param threads - threads of one product; one a core if left out. The plain one has one.
   */
  doubles(threads?: number): DoubleProducts;
}

/** Vectors narrower than this count as this wide: their products want memory, too. */
const LEAST_WIDTH = 128;

/** Rows of `queries` that one call of a compute should get. */
export function rowsPerCall(compute: MatrixCompute, vectors: number, width: number): number {
  return Math.max(1, Math.floor(compute.callSize / (Math.max(1, vectors) * Math.max(LEAST_WIDTH, width))));
}
