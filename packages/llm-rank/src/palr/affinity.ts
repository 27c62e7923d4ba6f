import type { InteractionLog } from '@palate/core';

/** Items that each hop of a walk passes on at most, so that a hub does not cost a pass over everyone. */
const FAN_OUT = 200;

/**
 * Items by 3-hop affinity in the user-item graph (user, item, user, item): how many ways lead from some of a user's items
 * over other users to each item, each way weighed by the degrees it passes. The user's own items are left out.
 *
 * Costs at most `from x 200 x 200` steps.
 *
 * @param from - items of the user that the ways start at
 * @returns items, highest affinity first; the lower index among equals
 */
export function threeHopItems(
  log: InteractionLog,
  itemUsers: readonly Int32Array[],
  user: number,
  from: readonly number[],
  count: number,
): number[] {
  const own = new Set(log.history(user));
  const weights = new Map<number, number>();
  for (const item of new Set(from)) {
    const users = (itemUsers[item] as Int32Array).subarray(0, FAN_OUT);
    for (const other of users) {
      if (other === user) continue;
      const items = log.history(other).subarray(0, FAN_OUT);
      const weight = 1 / (users.length * items.length);
      for (const reached of items)
        if (!own.has(reached)) weights.set(reached, (weights.get(reached) ?? 0) + weight);
    }
  }
  return [...weights]
    .sort((a, b) => b[1] - a[1] || a[0] - b[0])
    .slice(0, count)
    .map(([item]) => item);
}

/** Users of each item. */
export function usersByItem(log: InteractionLog): Int32Array[] {
  const lists = log.itemCounts();
  const found = Array.from(lists, (count) => new Int32Array(count));
  const filled = new Int32Array(lists.length);
  for (let row = 0; row < log.length; row++) {
    const item = log.item[row] as number;
    (found[item] as Int32Array)[filled[item]!++] = log.user[row] as number;
  }
  return found;
}
