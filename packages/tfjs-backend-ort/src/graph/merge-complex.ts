/** Real and imaginary parts in turn, as tfjs keeps complex numbers. */
export function mergeComplex(real: Float32Array, imag: Float32Array): Float32Array {
  const merged = new Float32Array(real.length * 2);
  for (let i = 0; i < real.length; i++) {
    merged[2 * i] = real[i] as number;
    merged[2 * i + 1] = imag[i] as number;
  }
  return merged;
}
