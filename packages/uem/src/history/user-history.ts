import { type InteractionLog, InvalidInputError } from '@palate/core';

/** Items that somebody had, oldest first. */
export interface UserHistory {
  /** Dense item indices. */
  readonly items: ArrayLike<number>;
  /** A rating of each item; nothing where there are none. */
  readonly ratings?: ArrayLike<number> | undefined;
}

/**
 * The history of a user of a log, oldest first, with the ratings where the log has some.
 *
 * @param user - dense user index
 * @throws InvalidInputError if there is no such user
 */
export function historyOfUser(log: InteractionLog, user: number): UserHistory {
  log.users.idOf(user);
  const { offsets, row, item } = log.byUser();
  const from = offsets[user] as number;
  const to = offsets[user + 1] as number;
  const { rating } = log;
  return {
    items: item.subarray(from, to),
    ratings: rating && Float32Array.from(row.subarray(from, to), (at) => rating[at] as number),
  };
}

/**
 * The newest part of a history.
 *
 * @param most - items that are kept
 */
export function newestOf({ items, ratings }: UserHistory, most: number): UserHistory {
  const from = Math.max(0, items.length - most);
  return {
    items: Array.from(items).slice(from),
    ratings: ratings && Array.from(ratings).slice(from),
  };
}

/**
 * Refuses items that are not among so many, and ratings that do not fit the items.
 *
 * @param where - names the history, for the message
 */
export function checkHistory({ items, ratings }: UserHistory, itemCount: number, where: string): void {
  for (let k = 0; k < items.length; k++) {
    const item = items[k] as number;
    if (!Number.isInteger(item) || item < 0 || item >= itemCount)
      throw new InvalidInputError({
        expected: `items from 0 to ${itemCount - 1} in ${where}`,
        received: `${item} as item ${k}`,
        hint: 'Give dense indices of the items whose texts were encoded.',
      });
  }
  if (!ratings) return;
  if (ratings.length !== items.length)
    throw new InvalidInputError({
      expected: `${items.length} ratings in ${where}, one for each item`,
      received: String(ratings.length),
      hint: 'Rate every item of the history, or none.',
    });
  for (let k = 0; k < ratings.length; k++)
    if (!Number.isFinite(ratings[k]))
      throw new InvalidInputError({
        expected: `finite ratings in ${where}`,
        received: `${ratings[k]} of item ${k}`,
        hint: 'Leave the item out, or all ratings.',
      });
}
