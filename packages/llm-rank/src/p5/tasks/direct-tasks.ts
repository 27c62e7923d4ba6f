import { negatives } from './negatives.js';
import { candidateWords } from './sequential-tasks.js';
import type { Slots } from './slots.js';
import type { P5Task } from './task.js';

/** Whether a user wants an item; each yes has a no beside it. */
export const DIRECT_YES_NO_TASK: P5Task = {
  family: 'direct',
  unit: 'user',
  draws: 5,
  slots: ['user', 'item', 'title', 'answer'],
  make: (material, user, random) => {
    const history = material.histories[user] as Int32Array;
    if (history.length === 0) return [];
    const [other] = negatives(history, material.items.length, 1, random);
    if (other === undefined) return [];
    const asked = (item: number, answer: string): Slots => ({
      user: material.users[user] as string,
      item: material.items[item] as string,
      title: material.titles[item] as string,
      answer,
    });
    return [asked(history[random.integer(history.length)] as number, 'yes'), asked(other, 'no')];
  },
};

/** An item of a user out of a list. */
export const DIRECT_CHOOSE_TASK: P5Task = {
  family: 'direct',
  unit: 'user',
  draws: 5,
  slots: ['user', 'candidates', 'item'],
  make: (material, user, random) => {
    const history = material.histories[user] as Int32Array;
    if (history.length === 0) return [];
    const target = history[random.integer(history.length)] as number;
    return [
      {
        user: material.users[user] as string,
        candidates: candidateWords(target, history, material, random),
        item: material.items[target] as string,
      },
    ];
  },
};
