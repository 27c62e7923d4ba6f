import { checkNumber, InvalidInputError } from '@palate/core';

/** How many rows a block of vectors holds; refuses what is no whole number of rows or not finite. */
export function rowsOf(vectors: Float32Array, width: number): number {
  const bad = vectors.findIndex((value) => !Number.isFinite(value));
  if (vectors.length % width !== 0 || bad >= 0)
    throw new InvalidInputError({
      expected: `finite vectors in rows of ${width}`,
      received: bad >= 0 ? `${vectors[bad]} in row ${Math.floor(bad / width)}` : `${vectors.length} values`,
      hint: 'Use vectors of the encoder that the codebook was fitted on.',
    });
  return vectors.length / width;
}

/** Shape of the codes. */
export interface CodeShape {
  /** Codes of a tuple. Default 3. */
  readonly levels?: number;
  /** Values of a code. Default 256. */
  readonly size?: number;
}

/** Fills in and checks a shape of codes. */
export function codeShape(options: CodeShape): { readonly levels: number; readonly size: number } {
  return {
    levels: checkNumber('levels', options.levels ?? 3, { min: 1, max: 16, integer: true }),
    size: checkNumber('size', options.size ?? 256, { min: 2, max: 65_536, integer: true }),
  };
}
