import { checkChoice, checkNumber, InvalidInputError, RandomStream } from '@palate/core';
import { newestOf, type UserHistory } from '../history/user-history.js';
import type { UemExample } from '../model/uem-example.js';
import { type GenrePreferencesOptions, type GenresOfItems, genrePreferences } from './genre-preferences.js';
import { writePreferences } from './preference-text.js';

/** The task in words. */
const TASK = 'Which genres does the user like and dislike?';

/** How {@link probeExamples} are made. */
export interface ProbeOptions extends GenrePreferencesOptions {
  /** Newest items of a history that are shown. */
  readonly shown: number;
  /** Whether the labels follow from the whole history (default), or from what is shown alone. */
  readonly labelsFrom?: 'all' | 'shown' | undefined;
  /** Writes one item of the history as text for the question, which then has no history beside it. */
  readonly asText?: ((item: number, rating: number) => string) | undefined;
}

/**
 * Makes the questions of UEM's task: which genres does a user like and dislike?
 *
 * @throws InvalidInputError for histories without ratings
 */
export function probeExamples(
  histories: readonly UserHistory[],
  genres: GenresOfItems,
  options: ProbeOptions,
): UemExample[] {
  const { shown, labelsFrom = 'all', asText, ...rule } = options;
  checkNumber('shown', shown, { min: 1, integer: true });
  checkChoice('labelsFrom', labelsFrom, ['all', 'shown']);
  return histories.map((history) => {
    const seen = newestOf(history, shown);
    const answer = writePreferences(genrePreferences(labelsFrom === 'all' ? history : seen, genres, rule));
    if (!asText) return { history: seen, text: TASK, answer };
    const lines = Array.from(seen.items, (item, k) => asText(item, seen.ratings?.[k] as number));
    return { text: [...lines, TASK].join('\n'), answer };
  });
}

/**
 * Splits users into parts of given shares at random, as the paper's 117 : 5 : 5.
 *
 * @returns row numbers of each part, in ascending order
 * @throws InvalidInputError for shares that are not above 0
 */
export function splitUsers(users: number, shares: readonly number[], seed = 0): Int32Array[] {
  const total = shares.reduce((sum, share) => sum + share, 0);
  if (shares.length === 0 || shares.some((share) => !(share > 0) || !Number.isFinite(share)))
    throw new InvalidInputError({
      expected: 'shares above 0',
      received: shares.join(', ') || 'none',
      hint: 'Give one share for each part, for example [117, 5, 5].',
    });
  const order = new RandomStream(seed)
    .fork('split users')
    .shuffle(Array.from({ length: users }, (_, k) => k));
  let before = 0;
  let from = 0;
  return shares.map((share) => {
    before += share;
    const to = Math.round((before / total) * users);
    const part = Int32Array.from(order.slice(from, to)).sort();
    from = to;
    return part;
  });
}
