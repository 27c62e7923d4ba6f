import type { P5Template } from './template.js';

/** Questions of the rating family; the last one is held out. */
export const RATING_TEMPLATES: readonly P5Template[] = [
  { id: '1-1', task: 'rating', source: 'Which rating does {user} give to {item} ?', target: 'rating' },
  {
    id: '1-2',
    task: 'rating',
    source: 'Predict how {user} rates {item} , which is called " {title} " .',
    target: 'rating',
  },
  {
    id: '1-3',
    task: 'rating',
    source: 'Is {stars} the rating that {user} gives to {item} ? Answer yes or no .',
    target: 'isStars',
  },
  {
    id: '1-4',
    task: 'rating',
    source: 'Did {user} like {item} or dislike it ?',
    target: 'liking',
  },
  {
    id: '1-5',
    task: 'rating',
    source: '{user} looked at " {title} " . How many stars from {least} to {most} follow ?',
    target: 'rating',
  },
  {
    id: '1-6',
    task: 'rating',
    source: 'Rate {item} on the scale from {least} to {most} as {user} would .',
    target: 'rating',
  },
  {
    id: '1-7',
    task: 'rating',
    source: 'Does {user} give {stars} stars to " {title} " ? Answer yes or no .',
    target: 'isStars',
  },
  {
    id: '1-8',
    task: 'rating',
    source: 'Tell whether {user} will like or dislike " {title} " , that is {item} .',
    target: 'liking',
  },
  {
    id: '1-9',
    task: 'rating',
    source: 'What score do we expect for {item} " {title} " from {user} ?',
    target: 'rating',
  },
  {
    id: '1-10',
    task: 'rating',
    source: 'Put yourself in the place of {user} and say a rating between {least} and {most} for {item} .',
    target: 'rating',
    isHeldOut: true,
  },
];
