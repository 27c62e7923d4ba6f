import type { Provenance, TensorData } from '@palate/core';

/** Turns vectors into short tuples of codes, coarse to fine; fitted once, it serves new items without retraining. */
export interface Codebook {
  /** Name of its kind, under which `CODEBOOKS` rebuilds it. */
  readonly kind: string;
  /** Codes of a tuple. */
  readonly levels: number;
  /** Values that a code can have, from 0. */
  readonly size: number;
  /** Width of the vectors. */
  readonly width: number;
  /** Knowledge of interactions in the vectors that it was fitted on. */
  readonly provenance: Provenance;
  /**
   * Codes of vectors.
   *
   * @param vectors - row-major, rows of `width`
   * @returns row-major, `levels` a row
   * @throws InvalidInputError if the length does not fit or a value is not finite
   */
  encode(vectors: Float32Array): Promise<Int32Array>;
  /** Everything that rebuilds it: plain numbers and tensors. */
  parts(): Promise<CodebookParts>;
}

/** A codebook as it is kept. */
export interface CodebookParts {
  readonly config: Readonly<Record<string, unknown>>;
  readonly provenance: Provenance;
  readonly tensors: Readonly<Record<string, TensorData>>;
}
