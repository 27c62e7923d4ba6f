import { defineOptions, InvalidInputError, type OptionsOf, option } from '@palate/core';
import type { UserHistory } from '../history/user-history.js';

/** Genres that somebody likes and dislikes, each list strongest first. */
export interface GenrePreferences {
  readonly liked: readonly string[];
  readonly disliked: readonly string[];
}

/** Options of {@link genrePreferences}. */
export const GENRE_PREFERENCES = defineOptions('genrePreferences', {
  seen: option.integer({ min: 1 })({ default: 3, doc: 'least items of a genre in the history' }),
  likedAbove: option.number()({ default: 3.5, doc: 'a mean rating above it makes a genre liked' }),
  dislikedBelow: option.number()({ default: 3, doc: 'a mean rating below it makes a genre disliked' }),
  most: option.integer({ min: 1 })({ default: 3, doc: 'most genres of each list' }),
});

/** Options of {@link genrePreferences}; {@link GENRE_PREFERENCES} says what each does. */
export type GenrePreferencesOptions = OptionsOf<typeof GENRE_PREFERENCES.declarations>;

/** Genres of each item, by dense index. */
export type GenresOfItems = readonly (readonly string[])[];

/**
 * The label rule of UEM's task (Doddapaneni et al. 2024): of the genres that somebody had at least `seen` items of, those with
 * a mean rating above `likedAbove` are liked and those below `dislikedBelow` disliked, the three furthest of each. The paper's
 * bounds are for five stars. Equal means are ordered by number of items, then by name (ours; the paper gives no rule).
 *
 * @throws InvalidInputError for a history without ratings
 */
export function genrePreferences(
  { items, ratings }: UserHistory,
  genres: GenresOfItems,
  options: GenrePreferencesOptions = {},
): GenrePreferences {
  const { seen, likedAbove, dislikedBelow, most } = GENRE_PREFERENCES.settings(options);
  if (!ratings)
    throw new InvalidInputError({
      expected: 'a history with ratings',
      received: 'one without',
      hint: 'Genres are liked or disliked by their mean rating.',
    });
  const sums = new Map<string, { sum: number; count: number }>();
  for (let k = 0; k < items.length; k++)
    for (const genre of new Set(genres[items[k] as number])) {
      const found = sums.get(genre) ?? { sum: 0, count: 0 };
      sums.set(genre, { sum: found.sum + (ratings[k] as number), count: found.count + 1 });
    }
  const known = [...sums]
    .filter(([, { count }]) => count >= seen)
    .map(([name, { sum, count }]) => ({ name, mean: sum / count, count }));
  const pick = (keep: (mean: number) => boolean, sign: number): string[] =>
    known
      .filter(({ mean }) => keep(mean))
      .sort((a, b) => sign * (b.mean - a.mean) || b.count - a.count || (a.name < b.name ? -1 : 1))
      .slice(0, most)
      .map(({ name }) => name);
  return { liked: pick((mean) => mean > likedAbove, 1), disliked: pick((mean) => mean < dislikedBelow, -1) };
}

/**
 * Bounds for another scale at the same share of it: 3.5 and 3 of 1 to 5 become 6.625 and 5.5 of 1 to 10.
 */
export function boundsOnScale({
  min,
  max,
}: {
  readonly min: number;
  readonly max: number;
}): Pick<Required<GenrePreferencesOptions>, 'likedAbove' | 'dislikedBelow'> {
  const at = (stars: number): number => min + ((stars - 1) / 4) * (max - min);
  return { likedAbove: at(3.5), dislikedBelow: at(3) };
}

/**
 * The counting baseline: the genres that somebody had most items of are liked, and none is disliked. Ratings are not looked
 * at (our definition; the paper names a counting baseline and does not define it).
 */
export function mostFrequentGenres(
  { items }: UserHistory,
  genres: GenresOfItems,
  most = 3,
): GenrePreferences {
  const counts = new Map<string, number>();
  for (let k = 0; k < items.length; k++)
    for (const genre of new Set(genres[items[k] as number])) counts.set(genre, (counts.get(genre) ?? 0) + 1);
  const liked = [...counts]
    .sort(([a, often], [b, less]) => less - often || (a < b ? -1 : 1))
    .slice(0, most)
    .map(([name]) => name);
  return { liked, disliked: [] };
}
