import { wordsIn } from '../words-in.js';
import { starsOf } from './material.js';
import type { P5Task } from './task.js';

/** A sentence that explains why a user has, or likes, an item. */
export const EXPLANATION_TASK: P5Task = {
  family: 'explanation',
  unit: 'explanation',
  draws: 1,
  slots: ['user', 'item', 'title', 'stars', 'feature', 'explanation'],
  make: (material, unit) => {
    const found = material.explanations[unit];
    if (!found) return [];
    const { user, item, rating, text, feature } = found;
    return [
      {
        user: material.users[user] as string,
        item: material.items[item] as string,
        title: material.titles[item] as string,
        ...(rating === undefined ? {} : { stars: starsOf(rating) }),
        ...(feature === undefined ? {} : { feature }),
        explanation: text,
      },
    ];
  },
};

/** The headline of a review, and the rating behind it. */
export const REVIEW_TASK: P5Task = {
  family: 'review',
  unit: 'review',
  draws: 1,
  slots: ['user', 'review', 'summary', 'stars'],
  make: (material, unit) => {
    const found = material.reviews[unit];
    if (!found) return [];
    const { user, rating, text, summary } = found;
    return [
      {
        user: material.users[user] as string,
        review: reviewWords(text),
        ...(summary === undefined ? {} : { summary }),
        stars: starsOf(rating),
      },
    ];
  },
};

/** A review as words of a slot: what does not fit is left out at its end. */
export const reviewWords = (text: string) => ({ words: wordsIn(text), keep: 'first' }) as const;
