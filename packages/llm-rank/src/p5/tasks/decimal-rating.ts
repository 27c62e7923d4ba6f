import type { RandomStream } from '@palate/core';
import { clip, type RatingScale } from '../../rating/rating-rows.js';

/**
 * A rating with one decimal, drawn from a normal distribution about the middle of the rating's bin (P5; Geng et al. 2022): on
 * five stars the bins are 1.0 to 1.4, 1.5 to 2.4, and so on to 4.5 to 5.0, and the deviation is a quarter of the width. For
 * training alone: few ratings differ, and decimals between them keep a model from writing nothing but the most frequent one.
 *
 * @param step - from one rating of the scale to the next
 */
export function decimalRating(
  rating: number,
  scale: RatingScale,
  step: number,
  random: RandomStream,
): number {
  const from = Math.max(scale.min, rating - step / 2);
  const to = Math.max(from, Math.min(scale.max, rating + step / 2 - 0.1));
  const drawn = (from + to) / 2 + ((to - from) / 4) * random.normal();
  return clip(Math.round(10 * drawn) / 10, scale);
}
