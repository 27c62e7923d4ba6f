import type { RatingScale } from '../../rating/rating-rows.js';

/** The ratings of a scale with one decimal, as they are written: 41 on five stars. */
export function decimals({ min, max }: RatingScale): string[] {
  const steps = Math.round(10 * (max - min));
  return Array.from({ length: steps + 1 }, (_, k) => (min + k / 10).toFixed(1));
}
