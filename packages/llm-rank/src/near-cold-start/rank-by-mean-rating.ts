import { checkNumber, checkOptions, type InteractionLog, InvalidInputError } from '@palate/core';
import type { NearColdStartUser } from './preferences.js';

/** Options of {@link rankByMeanRating}. */
export interface RankByMeanRatingOptions {
  /** Ratings at the overall mean that every item gets beside its own, so that few ratings count little. Default 10. */
  readonly shrinkage?: number | undefined;
}

/**
 * Scores pools by how others rated the items: `(sum of an item's ratings + shrinkage * mean) / (its ratings + shrinkage)`,
 * with the mean of all ratings. It knows nothing of the user: what asks or trains for taste has to do better.
 *
 * @param train - rated interactions without the users of the study
 * @returns for each user one score an item of the pool, higher is better
 * @throws InvalidInputError for a log without ratings, or one that has users of the study
 */
export function rankByMeanRating(
  train: InteractionLog,
  users: readonly NearColdStartUser[],
  options: RankByMeanRatingOptions = {},
): number[][] {
  checkOptions('rankByMeanRating', options, ['shrinkage']);
  const shrinkage = checkNumber('shrinkage', options.shrinkage ?? 10, { min: 0 });
  const { rating } = train;
  if (!rating || train.length === 0)
    throw new InvalidInputError({
      expected: 'a log with ratings',
      received: train.length === 0 ? 'an empty one' : 'one without',
      hint: 'Load the ratings with the data.',
    });
  const counts = train.userCounts();
  for (const { user } of users) {
    const index = train.users.find(user);
    if (index !== undefined && counts[index]! > 0)
      throw new InvalidInputError({
        expected: 'ratings of others than the users of the study',
        received: `ratings of user ${JSON.stringify(user)}`,
        hint: 'Remove them with withoutStudyUsers.',
      });
  }
  const sums = new Float64Array(train.items.size);
  const ratings = train.itemCounts();
  let total = 0;
  for (let row = 0; row < train.length; row++) {
    sums[train.item[row]!]! += rating[row]!;
    total += rating[row]!;
  }
  const mean = total / train.length;
  const scoreOf = (item: number): number => {
    const weight = ratings[item]! + shrinkage;
    return weight === 0 ? mean : (sums[item]! + shrinkage * mean) / weight;
  };
  return users.map(({ pool }) => pool.map(({ item }) => scoreOf(item)));
}
