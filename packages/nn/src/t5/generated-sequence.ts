/** A generated sequence. */
export interface GeneratedSequence {
  /** Tokens after the start token; the end token, where it was reached, is the last. */
  readonly tokens: readonly number[];
  /** Sum of the tokens' log-probabilities; for beams divided by the length penalty. */
  readonly score: number;
}
