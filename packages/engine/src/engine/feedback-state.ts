import type { FeedbackRecord, IdMap, StoredFeedback } from '@palate/core';

/** An event that counts as a choice. */
interface ChosenItem {
  readonly item: number;
  readonly time: number;
  readonly rating?: number | undefined;
}

/** Feedback of one user beside the data set. */
export interface UserFeedback {
  /** Items that were chosen, in the order of the store. */
  readonly chosen: ChosenItem[];
  /** Items that the user said no to and did not choose since. */
  readonly dislikes: Set<number>;
}

/** Whether an event speaks for its item, against it, or says nothing. */
export function verdictOf(
  { kind, rating }: Pick<FeedbackRecord, 'kind' | 'rating'>,
  middle: number,
): 'for' | 'against' | 'nothing' {
  if (kind === 'dislike') return 'against';
  if (kind === 'impression') return 'nothing';
  return kind === 'rating' && rating !== undefined && rating < middle ? 'against' : 'for';
}

/** The feedback that is not in the fitted data yet, by user; dislikes of all time. */
export class FeedbackState {
  readonly #users = new Map<string, UserFeedback>();
  readonly #counts = new Map<number, number>();
  readonly #middle: number;
  /** Highest sequence number that was taken in. */
  sequence = 0;
  /** Events taken in, by kind. */
  readonly kinds: Record<string, number> = {};
  /** Events of items that are not known, which count for nothing. */
  unknownItems = 0;

  /** @param middle - ratings from here on speak for an item */
  constructor(middle: number) {
    this.#middle = middle;
  }

  /**
   * Takes a stored event in.
   *
   * @param isFitted - whether the data set holds it already, so that only a dislike adds something
   */
  take(event: StoredFeedback, items: IdMap, isFitted = false): void {
    this.sequence = Math.max(this.sequence, event.sequence);
    this.kinds[event.kind] = (this.kinds[event.kind] ?? 0) + 1;
    const item = items.find(event.item);
    if (item === undefined) {
      this.unknownItems++;
      return;
    }
    const verdict = verdictOf(event, this.#middle);
    if (verdict === 'nothing') return;
    const user = this.#users.get(event.user) ?? { chosen: [], dislikes: new Set<number>() };
    this.#users.set(event.user, user);
    if (verdict === 'against') {
      user.dislikes.add(item);
      return;
    }
    user.dislikes.delete(item);
    // Looking again at what was looked at last says nothing new.
    if (isFitted || (event.kind === 'view' && user.chosen.at(-1)?.item === item)) return;
    user.chosen.push({ item, time: event.time, rating: event.rating });
    this.#counts.set(item, (this.#counts.get(item) ?? 0) + 1);
  }

  of(user: string): UserFeedback | undefined {
    return this.#users.get(user);
  }

  /** External ids of users with feedback, in the order in which it came. */
  get userIds(): readonly string[] {
    return [...this.#users.keys()];
  }

  /** Users with feedback. */
  get users(): number {
    return this.#users.size;
  }

  /** How often an item was chosen since the fit. */
  count(item: number): number {
    return this.#counts.get(item) ?? 0;
  }

  /** Items that were chosen since the fit, with how often. */
  counts(): Iterable<[number, number]> {
    return this.#counts;
  }
}
