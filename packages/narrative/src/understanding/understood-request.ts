/** A bound on a numeric attribute of the answers. */
export interface RequestLimit {
  /** Name of the attribute: `year`, `minutes`, `pages` or `price`. */
  readonly attribute: string;
  /** Least value that may come, where there is one. */
  readonly min?: number | undefined;
  /** Largest value that may come, where there is one. */
  readonly max?: number | undefined;
  /** The words that say so, as they were typed. */
  readonly words: string;
}

/** A request taken apart. */
export interface UnderstoodRequest {
  /** The text without what is ruled out and without limits, for encoders, which do not understand "no". */
  readonly likes: string;
  /** Words and phrases that must not describe an answer, in lower case, each once. */
  readonly dislikes: readonly string[];
  readonly limits: readonly RequestLimit[];
  /** Things ruled out without saying how much: "not too long". It has no effect, and the user learns so. */
  readonly vague: readonly string[];
}

/** A stretch of the text that says what is not wanted, or bounds something. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
}
