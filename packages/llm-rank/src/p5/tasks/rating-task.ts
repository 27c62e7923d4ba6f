import { decimalRating } from './decimal-rating.js';
import { starsOf } from './material.js';
import type { P5Task } from './task.js';

/** Share of the scale from which on something counts as liked: four of five stars. */
const LIKED = 0.75;

/** Ratings: the number, whether it is a given one, and like or dislike. */
export const RATING_TASK: P5Task = {
  family: 'rating',
  unit: 'interaction',
  draws: 1,
  slots: ['user', 'item', 'title', 'least', 'most', 'stars', 'rating', 'isStars', 'liking'],
  make: (material, row, random) => {
    const { log, scale, step } = material;
    const rating = log.rating?.[row];
    if (rating === undefined) return [];
    const item = log.item[row] as number;
    const steps = Math.round((scale.max - scale.min) / step) + 1;
    const own = Math.round((rating - scale.min) / step);
    // Half of the questions name the right number, the others one of the rest.
    const isRight = steps < 2 || random.integer(2) === 0;
    const shown = isRight ? own : (own + 1 + random.integer(steps - 1)) % steps;
    return [
      {
        user: material.users[log.user[row] as number] as string,
        item: material.items[item] as string,
        title: material.titles[item] as string,
        least: starsOf(scale.min),
        most: starsOf(scale.max),
        stars: starsOf(scale.min + shown * step),
        rating: decimalRating(rating, scale, step, random).toFixed(1),
        isStars: isRight ? 'yes' : 'no',
        liking: rating >= scale.min + LIKED * (scale.max - scale.min) ? 'like' : 'dislike',
      },
    ];
  },
};
