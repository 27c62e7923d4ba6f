import { encodeOnnx, OrtSession, OrtTensor } from '@palate/tfjs-backend-ort';

let session: OrtSession | undefined;

/** Inner products and the best of each row in one graph; symbolic sizes let one session serve every index. */
function nearestSession(): OrtSession {
  session ??= new OrtSession(
    encodeOnnx({
      name: 'nearest',
      nodes: [
        {
          op: 'Gemm',
          inputs: ['queries', 'vectors', 'closed'],
          outputs: ['scores'],
          attributes: { transB: 1 },
        },
        { op: 'TopK', inputs: ['scores', 'k'], outputs: ['best', 'rows'] },
      ],
      inputs: [
        { name: 'queries', type: 'float32', shape: ['q', 'width'] },
        { name: 'vectors', type: 'float32', shape: ['n', 'width'] },
        { name: 'closed', type: 'float32', shape: ['n'] },
        { name: 'k', type: 'int64', shape: [1] },
      ],
      outputs: [
        { name: 'best', type: 'float32', shape: ['q', 'found'] },
        { name: 'rows', type: 'int64', shape: ['q', 'found'] },
      ],
    }),
    ['best', 'rows'],
  );
  return session;
}

/** The best rows of each query: `count` a query, best first. */
export interface Nearest {
  readonly scores: Float32Array;
  readonly rows: BigInt64Array;
}

/**
 * The `k` rows with the highest inner product for each query.
 *
 * @param closed - one value a row, added to its score: 0, or very negative for rows that must not be found
 * @param k - at most the number of rows
 */
export function nearestRows(
  queries: Float32Array,
  vectors: Float32Array,
  closed: Float32Array,
  width: number,
  k: number,
): Nearest {
  const { best, rows } = nearestSession().run({
    queries: new OrtTensor('float32', queries, [queries.length / width, width]),
    vectors: new OrtTensor('float32', vectors, [closed.length, width]),
    closed: new OrtTensor('float32', closed, [closed.length]),
    k: new OrtTensor('int64', BigInt64Array.of(BigInt(k)), [1]),
  });
  return { scores: best?.data as Float32Array, rows: rows?.data as BigInt64Array };
}
