import { familyOf, type P5Template, templatesOf } from './template.js';

/** Questions of the review family: shorten a review, and read its rating. */
export const REVIEW_TEMPLATES: readonly P5Template[] = familyOf(
  templatesOf('review', 'summary', {
    '4-1': 'Shorten what {user} wrote to a headline : " {review} "',
    '4-3': 'Review : " {review} " . Its title in few words ?',
  }),
  templatesOf('review', 'stars', {
    '4-2': 'Which rating goes with this review of {user} ? " {review} "',
    '4-4': '{user} has written " {review} " . Guess the stars that were given .',
  }),
);
