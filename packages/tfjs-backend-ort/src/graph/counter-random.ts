/**
 * The counter-based generator behind `randomUniform`, `dropout` and their kin, in plain JavaScript: number i of a draw
 * is a hash of i, the seed and the draw's salt, so that any part of a program can compute it again from these three.
 * The ort backend computes the same 32-bit operations inside its graphs.
 *
 * With H(i) the finaliser of MurmurHash3 (Appleby), and keys k1 (odd) and k2 hashed from seed and salt:
 * m = (H(i) + k2) * k1, all modulo 2^32. H is the same for every seed and step, so ONNX Runtime folds it into a constant
 * and m costs two operations an element. Its upper bits are a universal hash of i (Dietzfelbinger et al. 1997), enough
 * to decide what dropout keeps; numbers that need all bits take (m xor (m >> 16)) * 0x7feb352d.
 */

/** Multiplier of the last step: the first of Wellons' `lowbias32` (prospecting for hash functions, 2018). */
export const LAST_MULTIPLIER = 0x7feb352d;
/** Weyl increment that spreads salts: 2^32 over the golden ratio. */
const GOLDEN = 0x9e3779b9;

/** MurmurHash3's 32-bit finaliser. */
function finalise(word: number): number {
  let h = word ^ (word >>> 16);
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** Computes what a salt adds before each of the two keys is hashed. */
export function saltOffsets(salt: number): [number, number] {
  const first = finalise(Math.imul(salt, GOLDEN) ^ 0x2545f491);
  return [first, finalise(first ^ GOLDEN)];
}

/** The two keys of a draw. */
function drawKeys(seed: ArrayLike<number>, salt: number): [number, number] {
  let base = 0;
  for (let i = 0; i < seed.length; i++) base = finalise((base ^ (seed[i] as number)) + GOLDEN);
  const [first, second] = saltOffsets(salt);
  return [(finalise(base + first) | 1) >>> 0, finalise(base + second)];
}

/** The hashes of a draw, of which the upper bits are random. */
export function randomHashes(count: number, seed: ArrayLike<number>, salt: number): Uint32Array {
  const [k1, k2] = drawKeys(seed, salt);
  const hashes = new Uint32Array(count);
  for (let i = 0; i < count; i++) hashes[i] = Math.imul(finalise(i) + k2, k1);
  return hashes;
}

/** The random words of a draw: all bits are random. */
export function randomWords(count: number, seed: ArrayLike<number>, salt: number): Uint32Array {
  const words = randomHashes(count, seed, salt);
  for (let i = 0; i < count; i++) {
    const m = words[i] as number;
    words[i] = Math.imul(m ^ (m >>> 16), LAST_MULTIPLIER);
  }
  return words;
}

/** Hashes below this are dropped at a rate in [0, 1). */
export function dropThreshold(rate: number): number {
  return Math.min(2 ** 32 - 1, Math.round(rate * 2 ** 32));
}

let quantiles: Float32Array | undefined;

/**
 * Normal quantiles at the middles of 65,536 equal parts, divided by sqrt(2) and scaled to variance 1/2: the sum of two
 * of them, looked up by the two halves of a word, is normal with mean 0 and variance 1 to the resolution of float32.
 */
export function halfNormals(): Float32Array {
  if (quantiles) return quantiles;
  const count = 65_536;
  const exact = Float64Array.from({ length: count }, (_, index) => normalQuantile((index + 0.5) / count));
  const variance = exact.reduce((sum, each) => sum + each * each, 0) / count;
  quantiles = Float32Array.from(exact, (each) => each / Math.sqrt(2 * variance));
  return quantiles;
}

/** Acklam's rational approximation of the normal quantile (2003), relative error below 1.15e-9. */
function normalQuantile(p: number): number {
  const a = [
    -39.69683028665376, 220.9460984245205, -275.9285104469687, 138.357751867269, -30.66479806614716,
    2.506628277459239,
  ];
  const b = [
    -54.47609879822406, 161.5858368580409, -155.6989798598866, 66.80131188771972, -13.28068155288572, 1,
  ];
  const c = [
    -0.007784894002430293, -0.3223964580411365, -2.400758277161838, -2.549732539343734, 4.374664141464968,
    2.938163982698783,
  ];
  const d = [0.007784695709041462, 0.3224671290700398, 2.445134137142996, 3.754408661907416, 1];
  const polynomial = (coefficients: number[], x: number): number =>
    coefficients.reduce((value, each) => value * x + each, 0);
  if (p < 0.02425) {
    const q = Math.sqrt(-2 * Math.log(p));
    return polynomial(c, q) / polynomial(d, q);
  }
  if (p > 1 - 0.02425) return -normalQuantile(1 - p);
  const q = p - 0.5;
  return (polynomial(a, q * q) * q) / polynomial(b, q * q);
}
