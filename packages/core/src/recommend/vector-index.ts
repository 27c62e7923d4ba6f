import type { Provenance } from '../data/provenance.js';
import type { Saveable } from './retriever.js';

/** A stored vector found by a search. */
export interface VectorMatch {
  readonly id: string;
  /** Inner product with the query: the cosine where both are of norm 1. */
  readonly score: number;
}

/** Options of {@link VectorIndex.search}. */
export interface VectorSearchOptions {
  /** Keeps only the ids it accepts. */
  readonly filter?: ((id: string) => boolean) | undefined;
}

/** Options of {@link VectorIndex.add}. */
export interface VectorAddOptions {
  /** Knowledge of interactions in the vectors: `WORLD` for vectors of catalogue texts and the like; unknown if left out. */
  readonly provenance?: Provenance | undefined;
}

/** Finds the stored vectors nearest to a query by inner product. */
export interface VectorIndex extends Saveable {
  readonly width: number;
  /** How many vectors it holds. */
  readonly size: number;
  /**
   * Joint knowledge of interactions in all vectors that were ever added, for the `provenance` of a retriever that reads
   * them; kept by `save`. Removing vectors forgets nothing; an empty index knows nothing.
   */
  readonly provenance: Provenance;
  /**
   * Adds vectors, or replaces those whose ids are known.
   *
   * @param vectors - row-major, `ids.length` x `width`
   * @throws InvalidInputError if the length does not fit or a value is not finite
   */
  add(ids: readonly string[], vectors: Float32Array, options?: VectorAddOptions): Promise<void>;
  /** Removes ids; returns how many were there. */
  remove(ids: readonly string[]): Promise<number>;
  /**
   * The nearest vectors of each query, best first.
   *
   * @param queries - row-major, any number of rows of `width`
   */
  search(queries: Float32Array, k: number, options?: VectorSearchOptions): Promise<VectorMatch[][]>;
}
