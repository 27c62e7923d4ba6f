import {
  type AttributeValue,
  defineOptions,
  InvalidInputError,
  type OptionsOf,
  option,
  VECTOR_WIDTH,
} from '@palate/core';

/** Options of a table of vectors. */
export const VECTOR_TABLE = defineOptions(
  'a table of vectors',
  {
    width: VECTOR_WIDTH,
    search: option.choice(['exact', 'hnsw'])({
      default: 'exact',
      doc: "`'exact'` compares with all vectors; `'hnsw'` uses an index of pgvector, created with the first vectors",
    }),
    precision: option.choice(['single', 'half'])({
      default: 'single',
      doc: "`'half'` stores 2 bytes per value instead of 4 (`halfvec`): scores are off by about .001",
    }),
    m: option.integer({ min: 2, max: 100 })({ default: 16, doc: 'neighbours of a vector in the HNSW index' }),
    efConstruction: option.integer({ min: 4, max: 1000 })({
      default: 64,
      doc: 'candidates considered per vector while the HNSW index is built',
    }),
    efSearch: option.integer({ min: 1, max: 1000 })({
      default: 100,
      doc: 'least candidates considered in a search of the HNSW index',
    }),
    scanned: option.integer({ min: 1 })({
      default: 20_000,
      doc: 'most vectors that a filtered search of the HNSW index visits before all are compared',
    }),
  },
  [],
);

/** Options of a table of vectors; {@link VECTOR_TABLE} says what each does. */
export type VectorTableOptions = OptionsOf<typeof VECTOR_TABLE.declarations>;

/** Attributes of a stored vector, by which a search chooses. */
export type VectorAttributes = Readonly<Record<string, AttributeValue>>;

/** Widest vectors of an HNSW index, and of a column, by precision (pgvector 0.8). */
const WIDEST = { single: { hnsw: 2000, exact: 16_000 }, half: { hnsw: 4000, exact: 16_000 } } as const;

/** Refuses vectors that pgvector does not take. */
export function checkWidth({
  width,
  search,
  precision,
}: {
  readonly width: number;
  readonly search: 'exact' | 'hnsw';
  readonly precision: 'single' | 'half';
}): void {
  const widest = WIDEST[precision][search];
  if (width <= widest) return;
  throw new InvalidInputError({
    expected: `vectors of at most ${widest} values for search ${search} in ${precision} precision`,
    received: String(width),
    hint:
      search === 'hnsw' && width <= WIDEST.half.hnsw
        ? "Pass precision: 'half', or search: 'exact'."
        : 'Use narrower vectors, or search: ’exact’.',
  });
}
