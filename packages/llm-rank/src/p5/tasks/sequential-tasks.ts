import type { RandomStream } from '@palate/core';
import type { Material } from './material.js';
import { negatives } from './negatives.js';
import type { Slots, WordList } from './slots.js';
import type { P5Task } from './task.js';

/** A position in a history: the items before it, and the item there. */
interface Position {
  readonly slots: { readonly user: string; readonly history: WordList };
  readonly history: Int32Array;
  readonly target: number;
}

function drawPosition(material: Material, user: number, random: RandomStream): Position | undefined {
  const history = material.histories[user] as Int32Array;
  if (history.length < 2) return undefined;
  const at = 1 + random.integer(history.length - 1);
  const before = history.subarray(Math.max(0, at - material.historyLength), at);
  return {
    slots: {
      user: material.users[user] as string,
      history: historyWords(before, material.items),
    },
    history,
    target: history[at] as number,
  };
}

/** A history as words of a slot. */
export function historyWords(history: ArrayLike<number>, items: readonly string[]): WordList {
  return { words: Array.from(history, (item) => items[item] as string), keep: 'last' };
}

/** The right item among others, in random order, as words of a slot. */
export function candidateWords(
  target: number,
  history: Int32Array,
  { items, candidateCount }: Material,
  random: RandomStream,
): WordList {
  const others = negatives(history, items.length, candidateCount - 1, random);
  const words = random.shuffle([target, ...others]).map((item) => items[item] as string);
  return { words, keep: 'first', always: items[target] as string };
}

/** The next item of a history. */
export const NEXT_TASK: P5Task = {
  family: 'sequential',
  unit: 'user',
  draws: 5,
  slots: ['user', 'history', 'item'],
  make: (material, user, random) => {
    const position = drawPosition(material, user, random);
    return position ? [{ ...position.slots, item: material.items[position.target] as string }] : [];
  },
};

/** The next item of a history out of a list. */
export const CHOOSE_NEXT_TASK: P5Task = {
  family: 'sequential',
  unit: 'user',
  draws: 5,
  slots: ['user', 'history', 'candidates', 'item'],
  make: (material, user, random) => {
    const position = drawPosition(material, user, random);
    if (!position) return [];
    const { slots, target, history } = position;
    const candidates = candidateWords(target, history, material, random);
    return [{ ...slots, candidates, item: material.items[target] as string }];
  },
};

/** Whether an item is the next one; each yes has a no beside it. */
export const IS_NEXT_TASK: P5Task = {
  family: 'sequential',
  unit: 'user',
  draws: 5,
  slots: ['user', 'history', 'next', 'answer'],
  make: (material, user, random) => {
    const position = drawPosition(material, user, random);
    if (!position) return [];
    const [other] = negatives(position.history, material.items.length, 1, random);
    if (other === undefined) return [];
    const asked = (item: number, answer: string): Slots => ({
      ...position.slots,
      next: material.items[item] as string,
      answer,
    });
    return [asked(position.target, 'yes'), asked(other, 'no')];
  },
};
