import { DIRECT_CHOOSE_TASK, DIRECT_YES_NO_TASK } from './direct-tasks.js';
import { RATING_TASK } from './rating-task.js';
import { CHOOSE_NEXT_TASK, IS_NEXT_TASK, NEXT_TASK } from './sequential-tasks.js';
import type { P5Task } from './task.js';
import { EXPLANATION_TASK, REVIEW_TASK } from './text-tasks.js';

/**
 * The tasks of P5 by the name that templates call them by, with the draws of the paper's code: a new task or family is one entry
 * here and its templates.
 */
export const P5_TASKS: Readonly<Record<string, P5Task>> = {
  rating: RATING_TASK,
  next: NEXT_TASK,
  'choose-next': CHOOSE_NEXT_TASK,
  'is-next': IS_NEXT_TASK,
  explanation: EXPLANATION_TASK,
  review: REVIEW_TASK,
  'direct-yes-no': DIRECT_YES_NO_TASK,
  'direct-choose': DIRECT_CHOOSE_TASK,
};
