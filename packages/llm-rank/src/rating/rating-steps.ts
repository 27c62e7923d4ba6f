import { InvalidInputError } from '@palate/core';
import type { RatingRows, RatingScale } from './rating-rows.js';

/** Ratings that a scale holds: `min`, `min + step`, and so on. */
export interface RatingSteps {
  readonly min: number;
  readonly step: number;
  /** Number of ratings. */
  readonly count: number;
}

/** The ratings of a task, and their scale. */
interface RatedTask {
  readonly train: Pick<RatingRows, 'rating' | 'historyRatings'>;
  readonly scale: RatingScale;
}

/** Most ratings of a scale: finer ones are treated as this fine. */
const MOST = 101;
/** Float32 columns hold a tenth within this. */
const TOLERANCE = 1e-3;

/**
 * The steps of a task's scale, as its data have them: the widest step of which every rating of the training rows, and
 * the width of the scale, is a multiple from `min`. One where ratings are whole numbers, a half on a scale with halves.
 *
 * @throws InvalidInputError if a rating lies outside of the scale, or the scale holds one value alone
 */
export function ratingSteps({ train, scale }: RatedTask): RatingSteps {
  const { min, max } = scale;
  if (!(max > min))
    throw new InvalidInputError({
      expected: 'a scale whose max lies above its min',
      received: `${min} to ${max}`,
      hint: 'Give the least and the greatest rating of the data.',
    });
  const distances = new Set<number>([max - min]);
  for (const rating of allRatings(train)) {
    if (!(rating >= min - TOLERANCE && rating <= max + TOLERANCE))
      throw new InvalidInputError({
        expected: `ratings from ${min} to ${max}, as the scale says`,
        received: String(rating),
        hint: 'Pass a scale whose ends are the lowest and the highest rating of the data.',
      });
    distances.add(rating - min);
  }
  let step = 0;
  for (const distance of distances) step = greatestCommon(step, distance);
  const count = Math.round((max - min) / step) + 1;
  return count <= MOST ? { min, step, count } : { min, step: (max - min) / (MOST - 1), count: MOST };
}

function* allRatings({ rating, historyRatings }: RatedTask['train']): Generator<number> {
  yield* rating;
  for (const ratings of historyRatings) yield* ratings;
}

/** Greatest number of which both are multiples, within the tolerance (Euclid). */
function greatestCommon(a: number, b: number): number {
  let [larger, smaller] = a > b ? [a, b] : [b, a];
  while (smaller > TOLERANCE) {
    const rest = larger % smaller;
    [larger, smaller] = [smaller, smaller - rest < TOLERANCE ? 0 : rest];
  }
  return larger;
}
