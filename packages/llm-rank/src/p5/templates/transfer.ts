import type { P5Template } from './template.js';

/** Questions that name items by title alone: they can be asked about the items of another domain. Not trained on unless asked for. */
export const TRANSFER_TEMPLATES: readonly P5Template[] = (
  [
    ['Z-1', 'rating', 'How does {user} rate a thing called " {title} " ?', 'rating'],
    ['Z-2', 'rating', 'Would {user} like or dislike " {title} " ?', 'liking'],
    ['Z-3', 'rating', 'Is {stars} what {user} gives to " {title} " ? Answer yes or no .', 'isStars'],
    ['Z-4', 'explanation', 'Say in one sentence why " {title} " suits {user} .', 'explanation'],
    ['Z-5', 'explanation', 'Speak of {feature} to tell {user} about " {title} " .', 'explanation'],
    ['Z-6', 'explanation', '{user} gives {stars} to " {title} " . Write the reason .', 'explanation'],
    ['Z-7', 'direct-yes-no', 'May we show " {title} " to {user} ? Answer yes or no .', 'answer'],
  ] as const
).map(([id, task, source, target]) => ({ id, task, source, target, isTransfer: true }));
