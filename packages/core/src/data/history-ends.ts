import type { InteractionLog } from './interaction-log.js';

/**
 * Tells for each position of the user-major view how much of the user's past could be known then: the history of the
 * interaction at position `p` is the positions from its user's offset (included) to the returned `ends[p]` (excluded).
 *
 * Simultaneous interactions are no history, since nothing says which came first; nor is what the same request
 * showed ({@link InteractionLog.request}), even where its clicks carry later times. In a log of positions each
 * interaction has its own time, so that only requests are held together.
 *
 * Costs one pass over the user-major view.
 *
 * @returns `log.length` positions; `ends[p] <= p`
 */
export function historyEnds(log: InteractionLog): Int32Array {
  const { offsets, row } = log.byUser();
  const ends = new Int32Array(log.length);
  const firstOfRequest = new Map<number, number>();
  for (let user = 0; user < log.users.size; user++) {
    const start = offsets[user]!;
    const stop = offsets[user + 1]!;
    firstOfRequest.clear();
    let sameTime = start;
    for (let p = start; p < stop; p++) {
      const r = row[p]!;
      if (p > start && log.timestamp[r] !== log.timestamp[row[p - 1]!]) sameTime = p;
      ends[p] = sameTime;
      const request = log.request?.[r] ?? -1;
      if (request < 0) continue;
      const first = firstOfRequest.get(request);
      if (first === undefined) firstOfRequest.set(request, sameTime);
      else ends[p] = first;
    }
  }
  return ends;
}
