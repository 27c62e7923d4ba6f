import { historyEnds, type InteractionLog } from '@palate/core';

/** Ends of histories by log: a log is immutable, and batches ask for them again and again. */
const known = new WeakMap<InteractionLog, Int32Array>();

/**
 * How many of a user's time-ordered interactions could be known at a position: what happened at the same time, or was
 * shown by the same request, is no history of it. At the end of the history all of it.
 *
 * @param position - position among the user's time-ordered interactions
 */
export function knownBefore(log: InteractionLog, user: number, position: number): number {
  const { offsets } = log.byUser();
  const at = offsets[user]! + position;
  if (at >= offsets[user + 1]!) return offsets[user + 1]! - offsets[user]!;
  return endsOf(log)[at]! - offsets[user]!;
}

function endsOf(log: InteractionLog): Int32Array {
  const found = known.get(log);
  if (found) return found;
  const ends = historyEnds(log);
  known.set(log, ends);
  return ends;
}
