import type { LongCallOptions } from '../basics/progress.js';

/** Encoded texts. */
export interface EncodedTexts {
  /** Row-major, one row of `width` values a text, each row of Euclidean norm 1. */
  readonly data: Float32Array;
  readonly width: number;
  /** How many texts were longer than the encoder reads and lost their end. */
  readonly truncated: number;
}

/** Turns texts into vectors whose inner product says how alike they are. */
export interface TextEncoder {
  /** Names model and version: vectors of different ids do not mix. */
  readonly id: string;
  /** Fixed width of the vectors. */
  readonly width: number;
  /** Encodes texts in the order given; the empty text is allowed. */
  encode(texts: readonly string[], options?: LongCallOptions): Promise<EncodedTexts>;
}
