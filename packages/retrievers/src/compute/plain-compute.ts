import { type ScoredItem, topK } from '@palate/core';
import type { DoubleProducts, MatrixCompute } from './matrix-compute.js';
import { addProducts, fewProducts } from './packed-products.js';

/** Products in 64-bit floats in TypeScript. */
const DOUBLES: DoubleProducts = {
  subtract: (c, a, b, m, n, k) => {
    addProducts(c, a, b, m, n, k, -1);
    return c;
  },
  multiply: (a, b, m, n, k) => {
    const turned = new Float64Array(n * k);
    for (let p = 0; p < k; p++) for (let j = 0; j < n; j++) turned[j * k + p] = b[p * n + j]!;
    const product = new Float64Array(m * n);
    addProducts(product, a, turned, m, n, k, 1);
    return product;
  },
  dispose: () => {},
};

/** Computes products of matrices in TypeScript, on typed arrays, without any dependency. */
export const plainCompute: MatrixCompute = {
  name: 'plain',
  callSize: 2 ** 26,
  products: (a, b, width) => {
    const [m, n] = [a.length / width, b.length / width];
    if (m < 4) return fewProducts(a, b, m, n, width);
    const product = new Float32Array(m * n);
    addProducts(product, a, b, m, n, width, 1);
    return product;
  },
  nearest: (queries, vectors, width, k, skip) => {
    const n = vectors.length / width;
    const scores = plainCompute.products(queries, vectors, width);
    return Array.from({ length: queries.length / width }, (_, q): ScoredItem[] =>
      topK(scores.subarray(q * n, (q + 1) * n), k, skip),
    );
  },
  doubles: () => DOUBLES,
};
