/** A module's account of a user, to be kept and used in place of the history. */
export interface SoftPrompt {
  /** Stored rows of the history's texts, `[items, 3 * textWidth]`, oldest first. */
  readonly rows: Float32Array;
  /** Soft prompt tokens, `[items, width of the language model]`. */
  readonly tokens: Float32Array;
  /** How many items there are. */
  readonly length: number;
}

/**
 * One vector for a user: the mean of the soft prompt tokens, for models that read a user vector. Zeros for an empty history.
 *
 * @param width - width of a token
 */
export function userVector({ tokens, length }: SoftPrompt, width: number): Float32Array {
  const mean = new Float32Array(width);
  for (let k = 0; k < length; k++)
    for (let d = 0; d < width; d++)
      mean[d] = (mean[d] as number) + (tokens[k * width + d] as number) / length;
  return mean;
}
