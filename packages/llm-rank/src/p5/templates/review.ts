import type { P5Template } from './template.js';

/** Questions of the review family: shorten a review, and read its rating. The last one is held out. */
export const REVIEW_TEMPLATES: readonly P5Template[] = [
  {
    id: '4-1',
    task: 'review',
    source: 'Shorten what {user} wrote to a headline : " {review} "',
    target: 'summary',
  },
  {
    id: '4-2',
    task: 'review',
    source: 'Which rating goes with this review of {user} ? " {review} "',
    target: 'stars',
  },
  {
    id: '4-3',
    task: 'review',
    source: 'Review : " {review} " . Its title in few words ?',
    target: 'summary',
  },
  {
    id: '4-4',
    task: 'review',
    source: '{user} has written " {review} " . Guess the stars that were given .',
    target: 'stars',
    isHeldOut: true,
  },
];
