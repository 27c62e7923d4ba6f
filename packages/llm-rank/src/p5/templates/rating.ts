import { familyOf, type P5Template, templatesOf } from './template.js';

/** Questions of the rating family. */
export const RATING_TEMPLATES: readonly P5Template[] = familyOf(
  templatesOf('rating', 'rating', {
    '1-1': 'Which rating does {user} give to {item} ?',
    '1-2': 'Predict how {user} rates {item} , which is called " {title} " .',
    '1-5': '{user} looked at " {title} " . How many stars from {least} to {most} follow ?',
    '1-6': 'Rate {item} on the scale from {least} to {most} as {user} would .',
    '1-9': 'What score do we expect for {item} " {title} " from {user} ?',
    '1-10': 'Put yourself in the place of {user} and say a rating between {least} and {most} for {item} .',
  }),
  templatesOf('rating', 'isStars', {
    '1-3': 'Is {stars} the rating that {user} gives to {item} ? Answer yes or no .',
    '1-7': 'Does {user} give {stars} stars to " {title} " ? Answer yes or no .',
  }),
  templatesOf('rating', 'liking', {
    '1-4': 'Did {user} like {item} or dislike it ?',
    '1-8': 'Tell whether {user} will like or dislike " {title} " , that is {item} .',
  }),
);
