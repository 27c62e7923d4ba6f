import type { InteractionLog } from '@palate/core';

/**
 * A mark of a set of items, whatever their order: how many they are and a sum of scrambled items. Two histories of one
 * mark are the same but for a chance of one in two thousand million.
 */
export function historyMark(items: Iterable<number>): readonly [count: number, sum: number] {
  let [count, sum] = [0, 0];
  for (const item of items) {
    count++;
    let mixed = Math.imul(item + 1, 0x9e37_79b1);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x85eb_ca6b);
    sum = (sum + (mixed ^ (mixed >>> 13))) | 0;
  }
  return [count, sum & 0x7fff_ffff];
}

/** The marks of all users' histories, two numbers a user. */
export function historyMarks(log: InteractionLog): Int32Array {
  const marks = new Int32Array(2 * log.users.size);
  for (let user = 0; user < log.users.size; user++)
    marks.set(historyMark(new Set(log.history(user))), 2 * user);
  return marks;
}
