import { defineOptions, type InteractionLog, InvalidInputError, type OptionsOf, option } from '@palate/core';
import { rangeOf } from '../range-of.js';

/** Options of {@link selectAuthors}. */
export const AUTHORS = defineOptions('selectAuthors', {
  least: option.integer({ min: 1 })({
    default: 10,
    doc: 'least items that a user rates above their own mean; fewer for short histories',
  }),
  most: option.integer({ min: 1 })({
    default: 30,
    doc: 'most items that a user rates above their own mean',
  }),
  middle: option.number().optional({
    doc: "middle of the rating scale, which a user's mean has to exceed: 3 of 1 to 5; halfway between the lowest and the highest rating of the log if left out",
  }),
  leastItems: option.integer({ min: 1 })({
    default: 5,
    doc: 'least items at or above the mean that have to be left for a user',
  }),
  leaveOut: option.integer({ min: 0 })({
    default: 2,
    doc: 'newest interactions of each user that no request is written from: those held out by leave-one-out',
  }),
});

/** Options of {@link selectAuthors}; {@link AUTHORS} says what each does. */
export type SelectAuthorsOptions = OptionsOf<typeof AUTHORS.declarations> & {
  /** Items that no request is written from: a block list of categories. */
  readonly blocked?: ((item: number) => boolean) | undefined;
  /** External ids of users that are not taken: those whose requests serve as demonstrations. */
  readonly without?: readonly string[] | undefined;
};

/** A user from whose liked items a request can be written. */
export interface Author {
  /** Dense index. */
  readonly user: number;
  /** Liked items, dense, in order of time. */
  readonly items: Int32Array;
  /** How many of the user's interactions, the oldest first, were looked at. */
  readonly n: number;
  /** Time of the last of them. */
  readonly until: number;
}

/**
 * Selects users as Mint does (Mysore et al. 2023): their mean rating is above the middle of the scale, and 10 to 30 items
 * above their own mean; liked are the items at or above that mean. On any rating scale.
 *
 * @throws InvalidInputError for a log without ratings, or bounds that cross
 */
export function selectAuthors(log: InteractionLog, options: SelectAuthorsOptions = {}): Author[] {
  const { blocked, without, ...declared } = options;
  const { least, most, leastItems, leaveOut, middle: given } = AUTHORS.settings(declared);
  if (least > most)
    throw new InvalidInputError({
      expected: 'least of at most most',
      received: `${least} and ${most}`,
      hint: 'Pass a least that is no larger than most.',
    });
  const { rating } = log;
  if (!rating)
    throw new InvalidInputError({
      expected: 'a log with ratings, which say which items are liked',
      received: 'none',
      hint: 'Load the ratings, or give requests of your own.',
    });
  const middle = given ?? middleOf(rating);
  const skipped = new Set(without);
  const { offsets, row } = log.byUser();
  const authors: Author[] = [];
  for (let user = 0; user < log.users.size; user++) {
    if (skipped.has(log.users.idOf(user))) continue;
    const rows = row.subarray(offsets[user]!, Math.max(offsets[user]!, offsets[user + 1]! - leaveOut));
    if (rows.length === 0) continue;
    const mean = rows.reduce((sum, r) => sum + rating[r]!, 0) / rows.length;
    const above = rows.reduce((count, r) => count + (rating[r]! > mean ? 1 : 0), 0);
    if (!(mean > middle) || above < least || above > most) continue;
    const liked = rows.filter((r) => rating[r]! >= mean && !blocked?.(log.item[r]!));
    const items = Int32Array.from(new Set(liked.map((r) => log.item[r]!)));
    if (items.length < leastItems) continue;
    authors.push({ user, items, n: rows.length, until: log.timestamp[rows.at(-1)!]! });
  }
  return authors;
}

/** Halfway between the lowest and the highest rating. */
function middleOf(rating: Float32Array): number {
  const { low, high } = rangeOf(rating);
  return (low + high) / 2;
}
