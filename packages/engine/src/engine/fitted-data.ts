import { contentHash, type Dataset, IdMap, InteractionLog, type StoredFeedback } from '@palate/core';
import { FeedbackState, verdictOf } from './feedback-state.js';
import { rangeOf } from './item-likeness.js';

/** Rating from which on one speaks for an item, where the data has none: the middle of one to five. */
const MIDDLE = 3;

/** The middle of a log's ratings: half way between the least and the most. */
export function middleRating({ rating }: InteractionLog): number {
  const range = rangeOf(rating ?? []);
  return range ? (range.least + range.most) / 2 : MIDDLE;
}

/** Hash of the ids of events, to know a store by. */
export function hashOfEvents(events: readonly StoredFeedback[]): string {
  return contentHash(events.map(({ id }) => id));
}

/** Feedback beside data that holds the events up to a sequence number. */
export function feedbackBeside(
  events: readonly StoredFeedback[],
  fittedSequence: number,
  middle: number,
  items: IdMap,
): FeedbackState {
  const state = new FeedbackState(middle);
  for (const event of events) state.take(event, items, event.sequence <= fittedSequence);
  return state;
}

/**
 * A log with the choices of feedback behind its rows; users come behind those that are known. Items that the user said no to
 * since, and events of items that are not known, are left out.
 */
export function withFeedback(
  { log, catalog }: Dataset,
  events: readonly StoredFeedback[],
  middle: number,
): InteractionLog {
  const last = new Map<string, 'for' | 'against'>();
  const key = ({ user, item }: StoredFeedback): string => JSON.stringify([user, item]);
  for (const event of events) {
    const verdict = verdictOf(event, middle);
    if (verdict !== 'nothing') last.set(key(event), verdict);
  }
  const items = catalog.items;
  const before = new Map<string, string>();
  const chosen = events.filter((event) => {
    if (!items.has(event.item) || verdictOf(event, middle) !== 'for' || last.get(key(event)) !== 'for')
      return false;
    const isRepeated = event.kind === 'view' && before.get(event.user) === event.item;
    before.set(event.user, event.item);
    return !isRepeated;
  });
  const users = new IdMap(new Set([...log.users, ...chosen.map(({ user }) => user)]), log.users.what);
  const length = log.length + chosen.length;
  const user = new Int32Array(length);
  const item = new Int32Array(length);
  const timestamp = new Float64Array(length);
  user.set(log.user);
  item.set(log.item);
  timestamp.set(log.timestamp);
  const rating = log.rating ? new Float32Array(length) : undefined;
  if (rating && log.rating) rating.set(log.rating);
  const liked = meanLiked(log, middle);
  const positions = log.timeUnit === 'position' ? nextPositions(log, users.size) : undefined;
  for (const [k, event] of chosen.entries()) {
    const row = log.length + k;
    const index = users.indexOf(event.user);
    user[row] = index;
    item[row] = items.indexOf(event.item);
    timestamp[row] = event.time;
    if (positions) {
      timestamp[row] = positions[index] as number;
      positions[index] = (positions[index] as number) + 1;
    }
    if (rating) rating[row] = event.rating ?? liked;
  }
  return new InteractionLog({ users, items, user, item, timestamp, rating, timeUnit: log.timeUnit });
}

/** The mean of the ratings that speak for their item: what a choice without a rating is taken for. */
function meanLiked({ rating }: InteractionLog, middle: number): number {
  const liked = rating?.filter((value) => value >= middle) ?? new Float32Array(0);
  return liked.length === 0 ? middle : liked.reduce((sum, value) => sum + value, 0) / liked.length;
}

/** The position after each user's last one. */
function nextPositions(log: InteractionLog, users: number): Float64Array {
  const next = new Float64Array(users);
  for (let row = 0; row < log.length; row++) {
    const user = log.user[row] as number;
    next[user] = Math.max(next[user] as number, (log.timestamp[row] as number) + 1);
  }
  return next;
}
