import type { HistoryVectors } from '../history/history-vectors.js';

/** Shift and scale of the columns of an item's row. */
export interface InputScale {
  /** Taken from each column, `[3 * textWidth]`. */
  readonly centre: Float32Array;
  /** Multiplies what is left, `[3 * textWidth]`: one number for all columns of a text. */
  readonly scale: Float32Array;
}

/**
 * Centres each of the three texts on its mean over all that can be said there, and scales it to a mean square of 1 a value.
 *
 * Text vectors are of length 1, so that their values are far smaller than fresh weights expect; and texts that are built alike, such
 * as ratings in words, have vectors that differ by little: what tells them apart would drown in what they share. Both are maps that
 * the first linear layer could learn, in many steps.
 */
export function inputScale({
  titles,
  ratingTexts,
  ratings,
  descriptions,
  textWidth,
}: HistoryVectors): InputScale {
  const centre = new Float32Array(3 * textWidth);
  const scale = new Float32Array(3 * textWidth);
  // The last text of the ratings is that of no rating, which a rated history does not hold.
  const rated = ratings.length > 0 ? ratingTexts.subarray(0, ratings.length * textWidth) : ratingTexts;
  for (const [text, values] of [titles, rated, descriptions].entries()) {
    const own = centre.subarray(text * textWidth, (text + 1) * textWidth);
    const rows = values.length / textWidth;
    for (let at = 0; at < values.length; at++) {
      const column = at % textWidth;
      own[column] = (own[column] as number) + (values[at] as number) / rows;
    }
    let squares = 0;
    for (let at = 0; at < values.length; at++)
      squares += ((values[at] as number) - (own[at % textWidth] as number)) ** 2;
    const deviation = Math.sqrt(squares / Math.max(1, values.length));
    // Texts that are all alike say nothing, and are not blown up to say something.
    scale.fill(deviation > 1e-6 ? 1 / deviation : 1, text * textWidth, (text + 1) * textWidth);
  }
  return { centre, scale };
}
