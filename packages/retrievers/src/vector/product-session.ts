import { encodeOnnx, OrtSession } from '@palate/tfjs-backend-ort';

let session: OrtSession | undefined;

/** `y = a b^T` for float32 matrices of any size, `a` `[m, k]` and `b` `[n, k]`. */
export function productSession(): OrtSession {
  session ??= new OrtSession(
    encodeOnnx({
      name: 'product',
      nodes: [{ op: 'Gemm', inputs: ['a', 'b'], outputs: ['y'], attributes: { transB: 1 } }],
      inputs: [
        { name: 'a', type: 'float32', shape: ['m', 'k'] },
        { name: 'b', type: 'float32', shape: ['n', 'k'] },
      ],
      outputs: [{ name: 'y', type: 'float32', shape: ['m', 'n'] }],
    }),
    ['y'],
  );
  return session;
}
