/** Rows of `a` and of `b` that are packed at once, so that they stay in the processor's caches. Multiples of 4. */
const A_ROWS = 128;
const B_ROWS = 64;

type Floats = Float32Array | Float64Array;

/**
 * Copies rows four by four: the four values of a column lie beside each other, with zeros for rows that are not there.
 *
 * @param count - rows to copy, from row `from` on
 */
function pack(matrix: Floats, from: number, count: number, width: number, out: Float64Array): void {
  for (let row = 0; row < Math.ceil(count / 4) * 4; row++) {
    const start = (from + row) * width;
    let at = (row >> 2) * 4 * width + (row & 3);
    for (let p = 0; p < width; p++, at += 4) out[at] = row < count ? matrix[start + p]! : 0;
  }
}

/** The sixteen inner products of two packed groups of four rows, each summed from its first factor to its last. */
function fourByFour(
  a: Float64Array,
  aFrom: number,
  b: Float64Array,
  bFrom: number,
  k: number,
  out: Float64Array,
): void {
  let [s00, s01, s02, s03] = [0, 0, 0, 0];
  let [s10, s11, s12, s13] = [0, 0, 0, 0];
  let [s20, s21, s22, s23] = [0, 0, 0, 0];
  let [s30, s31, s32, s33] = [0, 0, 0, 0];
  let q = bFrom;
  for (let p = aFrom; p < aFrom + 4 * k; p += 4) {
    const y0 = b[q]!;
    const y1 = b[q + 1]!;
    const y2 = b[q + 2]!;
    const y3 = b[q + 3]!;
    q += 4;
    let x = a[p]!;
    s00 += x * y0;
    s01 += x * y1;
    s02 += x * y2;
    s03 += x * y3;
    x = a[p + 1]!;
    s10 += x * y0;
    s11 += x * y1;
    s12 += x * y2;
    s13 += x * y3;
    x = a[p + 2]!;
    s20 += x * y0;
    s21 += x * y1;
    s22 += x * y2;
    s23 += x * y3;
    x = a[p + 3]!;
    s30 += x * y0;
    s31 += x * y1;
    s32 += x * y2;
    s33 += x * y3;
  }
  out[0] = s00;
  out[1] = s01;
  out[2] = s02;
  out[3] = s03;
  out[4] = s10;
  out[5] = s11;
  out[6] = s12;
  out[7] = s13;
  out[8] = s20;
  out[9] = s21;
  out[10] = s22;
  out[11] = s23;
  out[12] = s30;
  out[13] = s31;
  out[14] = s32;
  out[15] = s33;
}

/**
 * Adds `sign * a b^T` to `c`, for `a` `[m, k]`, `b` `[n, k]` and `c` `[m, n]`, row-major.
 *
 * Blocks of both matrices are packed so that they stay in cache, and each value that is loaded serves four products.
 * Sums are in double precision and of one order, whatever rows are next to it: a row gives the same alone and among others.
 */
export function addProducts(
  c: Floats,
  a: Floats,
  b: Floats,
  m: number,
  n: number,
  k: number,
  sign: 1 | -1,
): void {
  const packedA = new Float64Array(Math.min(A_ROWS, Math.ceil(m / 4) * 4) * k);
  const packedB = new Float64Array(Math.min(B_ROWS, Math.ceil(n / 4) * 4) * k);
  const sums = new Float64Array(16);
  for (let top = 0; top < m; top += A_ROWS) {
    const rows = Math.min(A_ROWS, m - top);
    pack(a, top, rows, k, packedA);
    for (let left = 0; left < n; left += B_ROWS) {
      const columns = Math.min(B_ROWS, n - left);
      pack(b, left, columns, k, packedB);
      for (let i = 0; i < rows; i += 4)
        for (let j = 0; j < columns; j += 4) {
          fourByFour(packedA, i * k, packedB, j * k, k, sums);
          for (let r = 0; r < Math.min(4, rows - i); r++) {
            const at = (top + i + r) * n + left + j;
            for (let s = 0; s < Math.min(4, columns - j); s++) c[at + s]! += sign * sums[4 * r + s]!;
          }
        }
    }
  }
}

/** `a b^T` for few rows of `a`, which are not worth packing; sums as {@link addProducts} makes them. */
export function fewProducts(a: Float32Array, b: Float32Array, m: number, n: number, k: number): Float32Array {
  const product = new Float32Array(m * n);
  for (let i = 0; i < m; i++)
    for (let j = 0; j < n; j++) {
      const [own, other] = [i * k, j * k];
      let sum = 0;
      for (let p = 0; p < k; p++) sum += a[own + p]! * b[other + p]!;
      product[i * n + j] = sum;
    }
  return product;
}
