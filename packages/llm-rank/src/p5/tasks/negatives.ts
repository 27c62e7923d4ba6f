import type { RandomStream } from '@palate/core';

/**
 * Different items that a user has not had in training, in random order.
 *
 * Those of a test are among them as any other: to spare them would tell the model by what it is never shown.
 *
 * @param items - size of the catalogue
 * @returns `count` items, or as many as there are
 */
export function negatives(
  history: Int32Array,
  items: number,
  count: number,
  random: RandomStream,
): readonly number[] {
  const taken = new Set<number>(history);
  const free = items - taken.size;
  if (count * 4 >= free) {
    const rest = Array.from({ length: items }, (_, item) => item).filter((item) => !taken.has(item));
    return random.shuffle(rest).slice(0, count);
  }
  const drawn: number[] = [];
  while (drawn.length < count) {
    const item = random.integer(items);
    if (taken.has(item)) continue;
    taken.add(item);
    drawn.push(item);
  }
  return drawn;
}
