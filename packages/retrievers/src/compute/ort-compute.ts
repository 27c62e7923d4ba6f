import type { ScoredItem } from '@palate/core';
import type { OnnxGraph, OrtSession } from '@palate/tfjs-backend-ort';
import type { DoubleProducts, MatrixCompute } from './matrix-compute.js';

type Backend = typeof import('@palate/tfjs-backend-ort');

const matrix = (name: string, type: 'float32' | 'float64', rows: string, columns: string) => ({
  name,
  type,
  shape: [rows, columns],
});

/** Inner products and the best of each row in one graph; symbolic sizes let one session serve every index. */
const NEAREST: OnnxGraph = {
  name: 'nearest',
  nodes: [
    { op: 'Gemm', inputs: ['queries', 'vectors', 'skipped'], outputs: ['scores'], attributes: { transB: 1 } },
    { op: 'TopK', inputs: ['scores', 'k'], outputs: ['best', 'rows'] },
  ],
  inputs: [
    matrix('queries', 'float32', 'q', 'width'),
    matrix('vectors', 'float32', 'n', 'width'),
    { name: 'skipped', type: 'float32', shape: ['n'] },
    { name: 'k', type: 'int64', shape: [1] },
  ],
  outputs: [matrix('best', 'float32', 'q', 'found'), { name: 'rows', type: 'int64', shape: ['q', 'found'] }],
};

const PRODUCTS: OnnxGraph = {
  name: 'products',
  nodes: [{ op: 'Gemm', inputs: ['a', 'b'], outputs: ['y'], attributes: { transB: 1 } }],
  inputs: [matrix('a', 'float32', 'm', 'k'), matrix('b', 'float32', 'n', 'k')],
  outputs: [matrix('y', 'float32', 'm', 'n')],
};

const SUBTRACT: OnnxGraph = {
  name: 'subtract',
  nodes: [
    {
      op: 'Gemm',
      inputs: ['a', 'b', 'c'],
      outputs: ['y'],
      attributes: { alpha: { float: -1 }, transB: 1 },
    },
  ],
  inputs: [
    matrix('a', 'float64', 'm', 'k'),
    matrix('b', 'float64', 'n', 'k'),
    matrix('c', 'float64', 'm', 'n'),
  ],
  outputs: [matrix('y', 'float64', 'm', 'n')],
};

const MULTIPLY: OnnxGraph = {
  name: 'multiply',
  nodes: [{ op: 'MatMul', inputs: ['a', 'b'], outputs: ['y'] }],
  inputs: [matrix('a', 'float64', 'm', 'k'), matrix('b', 'float64', 'k', 'n')],
  outputs: [matrix('y', 'float64', 'm', 'n')],
};

/** Added to the score of a row that is skipped: below any inner product of finite vectors in use. */
const SKIPPED = -3e38;

/**
 * Computes products of matrices in ONNX Runtime. One session serves all sizes; those of 32-bit floats are kept.
 *
 * @throws PalateError if ONNX Runtime does not run here
 */
export function ortCompute(backend: Backend): MatrixCompute {
  const { encodeOnnx, OrtSession: Session, OrtTensor } = backend;
  const open = (graph: OnnxGraph, threads?: number): OrtSession =>
    new Session(
      encodeOnnx(graph),
      graph.outputs.map(({ name }) => name),
      threads === undefined ? {} : { threads },
    );
  const [products, nearest] = [open(PRODUCTS), open(NEAREST)];

  function doubles(threads?: number): DoubleProducts {
    const [subtract, multiply] = [open(SUBTRACT, threads), open(MULTIPLY, threads)];
    const tensor = (values: Float64Array, rows: number, columns: number) =>
      new OrtTensor('float64', values, [rows, columns]);
    return {
      subtract: (c, a, b, m, n, k) =>
        subtract.run({ a: tensor(a, m, k), b: tensor(b, n, k), c: tensor(c, m, n) }).y?.data as Float64Array,
      multiply: (a, b, m, n, k) =>
        multiply.run({ a: tensor(a, m, k), b: tensor(b, k, n) }).y?.data as Float64Array,
      dispose: () => {
        subtract.dispose();
        multiply.dispose();
      },
    };
  }

  return {
    name: products.runtime,
    callSize: products.runtime === 'native' ? 2 ** 31 : 2 ** 28,
    doubles,
    products: (a, b, width) =>
      products.run({
        a: new OrtTensor('float32', a, [a.length / width, width]),
        b: new OrtTensor('float32', b, [b.length / width, width]),
      }).y?.data as Float32Array,
    nearest: (queries, vectors, width, k, skip) => {
      const n = vectors.length / width;
      const found = Math.min(k, n);
      const skipped = new Float32Array(n);
      if (skip) for (let row = 0; row < n; row++) if (skip[row]) skipped[row] = SKIPPED;
      const { best, rows } = nearest.run({
        queries: new OrtTensor('float32', queries, [queries.length / width, width]),
        vectors: new OrtTensor('float32', vectors, [n, width]),
        skipped: new OrtTensor('float32', skipped, [n]),
        k: new OrtTensor('int64', BigInt64Array.of(BigInt(found)), [1]),
      });
      const [scores, positions] = [best?.data as Float32Array, rows?.data as BigInt64Array];
      return Array.from({ length: queries.length / width }, (_, q) => {
        const list: ScoredItem[] = [];
        for (let at = q * found; at < (q + 1) * found; at++) {
          const item = Number(positions[at]);
          if (!skip?.[item]) list.push({ item, score: scores[at]! });
        }
        return list;
      });
    },
  };
}
