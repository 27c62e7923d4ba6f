import { encodeOnnx, OrtSession, OrtTensor } from '@palate/tfjs-backend-ort';

let session: OrtSession | undefined;

/** The nearest of some centres and how far it is, in one graph; symbolic sizes let one session serve all. */
function nearestSession(): OrtSession {
  session ??= new OrtSession(
    encodeOnnx({
      name: 'nearest-code',
      nodes: [
        { op: 'Gemm', inputs: ['x', 'centres', 'offset'], outputs: ['closeness'], attributes: { transB: 1 } },
        { op: 'ArgMax', inputs: ['closeness'], outputs: ['code'], attributes: { axis: 1, keepdims: 0 } },
        {
          op: 'ReduceMax',
          inputs: ['closeness', 'axis'],
          outputs: ['best'],
          attributes: { keepdims: 0 },
        },
      ],
      initializers: [
        {
          name: 'axis',
          type: 'int64',
          shape: [1],
          bytes: new Uint8Array(BigInt64Array.of(1n).buffer),
        },
      ],
      inputs: [
        { name: 'x', type: 'float32', shape: ['rows', 'width'] },
        { name: 'centres', type: 'float32', shape: ['codes', 'width'] },
        { name: 'offset', type: 'float32', shape: ['codes'] },
      ],
      outputs: [
        { name: 'code', type: 'int64', shape: ['rows'] },
        { name: 'best', type: 'float32', shape: ['rows'] },
      ],
    }),
    ['code', 'best'],
  );
  return session;
}

/** The nearest centre of each row. */
export interface Nearest {
  readonly codes: Int32Array;
  /** Squared distances to it. */
  readonly distances: Float32Array;
}

/**
 * The nearest centre of each vector by Euclidean distance; the lower code among equals.
 *
 * @param x - row-major, rows of `width`
 * @param centres - row-major, one row a code
 */
export function nearestCodes(x: Float32Array, centres: Float32Array, width: number): Nearest {
  const rows = x.length / width;
  const size = centres.length / width;
  // -|x - c|^2 / 2 = x c - |c|^2 / 2 - |x|^2 / 2, of which the last part is the same for all codes.
  const offset = new Float32Array(size);
  for (let code = 0; code < size; code++) {
    let square = 0;
    for (let k = code * width; k < (code + 1) * width; k++) square += centres[k]! ** 2;
    offset[code] = -square / 2;
  }
  const { code, best } = nearestSession().run({
    x: new OrtTensor('float32', x, [rows, width]),
    centres: new OrtTensor('float32', centres, [size, width]),
    offset: new OrtTensor('float32', offset, [size]),
  });
  const closeness = best?.data as Float32Array;
  const distances = new Float32Array(rows);
  for (let row = 0; row < rows; row++) {
    let square = 0;
    for (let k = row * width; k < (row + 1) * width; k++) square += x[k]! ** 2;
    distances[row] = Math.max(0, square - 2 * closeness[row]!);
  }
  return { codes: Int32Array.from(code?.data as BigInt64Array, Number), distances };
}

/**
 * Takes each row's centre off it, in place: what the next level of a residual quantiser starts from.
 *
 * @param residual - row-major, rows of `width`
 * @param centres - row-major, one row a code
 * @param codes - the code of each row
 */
export function subtractCentres(
  residual: Float32Array,
  centres: Float32Array,
  codes: Int32Array,
  width: number,
): void {
  for (let row = 0; row < codes.length; row++)
    for (let k = 0; k < width; k++) residual[row * width + k]! -= centres[codes[row]! * width + k]!;
}
