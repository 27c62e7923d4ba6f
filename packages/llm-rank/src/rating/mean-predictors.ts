import { checkChoice } from '@palate/core';
import { clip, type RatingPredictor, type RatingRows, type RatingTask } from './rating-rows.js';

/** Means, of all ratings or of those of an item or a user. */
export type MeanKind = 'global' | 'item' | 'user';

/**
 * The mean rating of all training rows, of the item, or of the user's own past; the global one where there is none.
 *
 * A user's mean is taken over the ratings in the row's history, which lie before it: users of a test need not be known.
 *
 * @throws InvalidInputError for an unknown kind
 */
export function meanPredictor(task: RatingTask, kind: MeanKind): RatingPredictor {
  checkChoice('kind', kind, ['global', 'item', 'user']);
  const { train, scale } = task;
  const overall = train.rating.reduce((sum, rating) => sum + rating, 0) / Math.max(1, train.rating.length);
  const sums = new Float64Array(task.dataset.log.items.size);
  const counts = new Int32Array(sums.length);
  for (let row = 0; row < train.item.length; row++) {
    sums[train.item[row]!]! += train.rating[row]!;
    counts[train.item[row]!]!++;
  }
  const of = (rows: RatingRows, row: number): number => {
    if (kind === 'global') return overall;
    if (kind === 'item') {
      const item = rows.item[row]!;
      return counts[item]! > 0 ? sums[item]! / counts[item]! : overall;
    }
    const past = rows.historyRatings[row] as Float32Array;
    return past.length > 0 ? past.reduce((sum, rating) => sum + rating, 0) / past.length : overall;
  };
  return {
    name: `${kind} mean`,
    predict: async (rows) =>
      Float32Array.from({ length: rows.item.length }, (_, row) => clip(of(rows, row), scale)),
  };
}
