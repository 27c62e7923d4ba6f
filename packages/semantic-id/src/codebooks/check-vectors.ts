import { InvalidInputError, option } from '@palate/core';

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

/** Options that give the codes their shape, of every codebook. */
export const CODE_SHAPE = {
  levels: option.integer({ min: 1, max: 16 })({ default: 3, doc: 'codes per tuple' }),
  size: option.integer({ min: 2, max: 65_536 })({ default: 256, doc: 'values per code' }),
} as const;

/** The least share of used codes that a fitted codebook may have. */
export const MINIMUM_USAGE = option.number({ min: 0, max: 1 })({
  default: 0.8,
  doc: 'least share of a level’s codes that must be used',
});

/** The width of the vectors, as it is saved with a codebook. */
export const SAVED_WIDTH = option
  .integer({ min: 1, max: 1_000_000 })
  .required({ doc: 'width of the vectors' });
