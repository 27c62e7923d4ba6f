import { InvalidInputError } from '@palate/core';

/** Bounds of a rating scale. */
export interface RatingScale {
  readonly min: number;
  readonly max: number;
}

const WORDS = ['hated it', 'disliked it', 'found it fair', 'liked it', 'loved it'] as const;

/** Words of a history for items without a rating. */
export const UNRATED = 'chose it';

/**
 * A rating in words, with its number: `'liked it: 8 of 10'`. The scale is cut into five parts of equal length.
 *
 * @throws InvalidInputError if the scale is empty or the rating is not within it
 */
export function ratingInWords(rating: number, { min, max }: RatingScale): string {
  if (!(max > min) || !(rating >= min && rating <= max))
    throw new InvalidInputError({
      expected: max > min ? `a rating from ${min} to ${max}` : 'a scale whose maximum is above its minimum',
      received: max > min ? String(rating) : `${min} to ${max}`,
      hint: 'Give the scale of the ratings.',
    });
  const part = Math.min(WORDS.length - 1, Math.floor(((rating - min) / (max - min)) * WORDS.length));
  return `${WORDS[part]}: ${rating} of ${max}`;
}
